"""A backfill: its files, the forecast of changes, the plan, its execution, the comparison with the plan."""
