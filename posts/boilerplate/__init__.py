"""Boilerplate of a source, learned from what its posts repeat: n-grams, templates. Knows blocks, and no sources."""
