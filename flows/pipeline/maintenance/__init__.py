"""Maintenance, verification and migration of a lake, as runs. How a table is compacted or checked is lake's."""
