"""Processes that parse for a run, and what ends them. Knows tasks and results, and no tables."""
