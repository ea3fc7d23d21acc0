"""What a row is: columns, types, units, rules and reasons. Nothing here reads or writes."""
