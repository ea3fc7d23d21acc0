"""Explanations of the cleaning of a post: on a terminal and as an HTML page."""
