"""Storage of rows: Delta tables of partitioned Parquet, the ledger (`files`), rejected files, queries."""
