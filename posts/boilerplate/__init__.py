"""Learn the boilerplate of a source from the text that its posts repeat: n-grams, templates.

It knows blocks, but not where the posts come from.
"""
