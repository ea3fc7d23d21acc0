"""Cleaning: which blocks of a post are its text, and why the others are left out. Knows blocks, and no sources."""
