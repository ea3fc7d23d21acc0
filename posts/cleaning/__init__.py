"""Clean a post: select the blocks that are its text, and drop the others with a reason.

It knows blocks, but not where posts come from.
"""
