"""Where rows live: Delta tables of partitioned Parquet, the ledger, quarantine, queries."""
