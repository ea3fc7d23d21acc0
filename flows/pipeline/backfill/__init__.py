"""A backfill: which files, what it would change, the plan, its execution and the comparison with the plan."""
