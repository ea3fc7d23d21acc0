"""The commands of `postlake`, and what they show."""
