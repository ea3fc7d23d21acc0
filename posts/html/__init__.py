"""Markup as blocks of text, links and images: Markdown, HTML parsers, the walk through the tree. Knows no sources and no cleaning rules of wording."""
