"""Definitions of rows: columns, types, units, rules and reasons. No module here reads or writes."""
