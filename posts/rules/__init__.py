"""The rules by which cleaning drops text, one module for each kind.

They know blocks and wordings. They parse no markup and read no files.
"""
