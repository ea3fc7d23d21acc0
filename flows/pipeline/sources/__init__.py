"""Open the sources that a user names: folders, repositories and their cache, bytes in the lake. No rows."""
