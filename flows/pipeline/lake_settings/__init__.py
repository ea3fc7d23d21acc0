"""Settings of a lake: the file postlake.toml beside its tables."""
