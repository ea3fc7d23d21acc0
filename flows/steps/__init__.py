"""The work that flows and commands share: sources opened, planned, read in batches, loaded, told. Knows no Prefect."""
