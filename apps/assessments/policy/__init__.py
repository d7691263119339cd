"""Rules without a database: reading strangers' files, and what data is good for."""
