"""What is read from one table and asked of it: files, runs, templates, post versions, backfill plans. Nothing is decided here."""
