"""Worker processes that parse for a run, and the handling of crashes. Knows tasks and results, no tables."""
