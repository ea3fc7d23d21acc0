"""Compaction and vacuum of tables. Rows stay as they are."""
