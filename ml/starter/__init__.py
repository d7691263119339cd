"""The starter: entry and activity models for a site that has no labels yet.

`worlds` keeps what was computed of one simulated world, `views` takes whole families
of traces away, `build` learns, `shipped` reads the files that lie beside it.
"""
