"""Plan a run: compare sources with the lake, choose files, order the commits of a history. No parsing."""
