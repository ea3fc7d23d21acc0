"""Whether a lake is what it says: checks of tables, rows and tables against each other. Nothing is repaired here."""
