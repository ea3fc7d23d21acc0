"""Where a lake is: a folder or a bucket, and how its files are read and written there."""
