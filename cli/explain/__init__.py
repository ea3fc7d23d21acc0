"""How cleaning is explained to a person: on a terminal and as a page."""
