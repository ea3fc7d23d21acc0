"""Parse markup into blocks of text, links and images: Markdown, HTML parsers, the walk through the markup.

It knows neither sources nor the cleaning rules about wording.
"""
