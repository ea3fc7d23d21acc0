"""Checks of a lake: tables, rows, and tables compared with each other. Nothing is repaired here."""
