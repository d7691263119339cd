"""Pages of the console: each reads the clock, checks the role, and calls once."""
