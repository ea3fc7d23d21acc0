"""Read post files from folders, git repositories and archives.

This package knows bytes and paths, but not the contents of posts.
"""
