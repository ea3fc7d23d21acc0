"""Queries that people ask of a lake: SQL, overviews, statistics. Nothing is written here."""
