"""The report about a lake as one HTML page. It reads a lake, and needs no code that runs use."""
