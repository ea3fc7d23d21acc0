"""What a run will read: the difference between a source and the lake, the plan, the commits of a history. Nothing is parsed here."""
