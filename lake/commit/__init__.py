"""From a batch of rows to committed tables: which file is the post, its versions, the commits in order, recovery. No queries."""
