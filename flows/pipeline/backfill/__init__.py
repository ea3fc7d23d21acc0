"""A backfill: the stages find, read and resolve of a run as a plan, and a run of the planned files."""
