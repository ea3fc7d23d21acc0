"""The report about a lake as one HTML page. Reads a lake, and knows no runs."""
