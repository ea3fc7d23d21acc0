"""Post files: find, read, date, clean and parse them. Pure: no storage, no network, no clock."""
