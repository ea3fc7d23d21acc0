"""Posts of one content at several places: what the lake has read of one of them need not be read for another."""

import polars as pl

from lake.store import Lake
from schemas.tables import columns


def stored_readings(lake: Lake, files: pl.DataFrame) -> pl.DataFrame:
    """Return the stored posts that tell the contents of some files (rows of the ledger), whatever their places."""
    blobs = files.lazy().select("blob").unique()
    told = lake.scan("files").join(blobs, on="blob", how="semi")
    places = told.select("source_id", date=pl.col("published_at").dt.date()).drop_nulls().unique().collect()
    partitions = lake.with_period(places).select(lake.partition_of("posts")).unique()
    stored = lake.rows_in("posts", partitions).join(blobs.collect(), on="blob", how="semi")
    return stored.select(columns("posts").names())
