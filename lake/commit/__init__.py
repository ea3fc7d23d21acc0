"""From a batch of rows to committed tables: elections, versions, ordered commits, recovery. No queries."""
