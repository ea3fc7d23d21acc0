"""Posts with the same content at several paths.

A content that was parsed for one path need not be parsed again for another.
"""

import polars as pl

from lake.store import Lake
from schemas.tables import schema_of


def stored_posts_with_contents(lake: Lake, files: pl.DataFrame) -> pl.DataFrame:
    """Return the stored posts that have the contents of some files (rows of `files`), at any path."""
    blobs = files.lazy().select("blob").unique()
    matching_files = lake.scan("files").join(blobs, on="blob", how="semi")
    source_days = (
        matching_files.select("source_id", date=pl.col("published_at").dt.date())
        .drop_nulls()
        .unique()
        .collect()
    )
    partitions = lake.with_partition_column(source_days).select(lake.partition_columns("posts")).unique()
    stored_posts = lake.read_partitions("posts", partitions).join(blobs.collect(), on="blob", how="semi")
    return stored_posts.select(schema_of("posts").names())
