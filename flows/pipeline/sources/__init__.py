"""Open the sources that a user names: folders, buckets, repositories and their cache, bytes in the lake. No rows."""
