"""Divide the files of a large change into batches, so that memory does not grow with the change.

Each batch is resolved, written and committed by itself. All files of a post and of a partition are in one batch,
so a partition is written once.
"""

import polars as pl

from lake.batch import KEY_HASH, POST_HASH
from lake.commit.components import connect
from lake.layout import partition_number, period_of_date
from lake.store import Lake
from lake.tables.files import IS_LIVE
from schemas.enums import Granularity
from schemas.tables import schema_of

# What is kept in memory of each file until all batches are written: about 32 bytes. `key` and `post` are hashes of
# origin and path, and of post_id. `is_read` is true for files whose bytes this run has stored.
INDEX_SCHEMA = {
    "key": pl.UInt64(),
    "post": pl.UInt64(),
    "source_id": pl.Categorical(),
    "published_at": schema_of("files")["published_at"],
    "body_bytes": schema_of("files")["body_bytes"],
    "is_read": pl.Boolean(),
}


def index_rows(file_rows: pl.DataFrame, *, is_read: pl.Expr) -> pl.DataFrame:
    """Return the index of ledger rows (INDEX_SCHEMA), in the same order."""
    return file_rows.select(
        pl.col("source_id").cast(INDEX_SCHEMA["source_id"]),
        "published_at",
        "body_bytes",
        key=KEY_HASH,
        post=POST_HASH,
        is_read=is_read,
    ).select(*INDEX_SCHEMA)


def current_posts(index: pl.DataFrame) -> pl.DataFrame:
    """Return the file of each post that would be elected among those of an index.

    Of the versions of a file the last counts.
    """
    # in most runs nothing stands twice, which takes little memory to find out
    last_versions = (
        index if _is_unique(index["key"]) else index.unique("key", keep="last", maintain_order=True)
    )
    candidates = last_versions.drop_nulls("post")
    if _is_unique(candidates["post"]):
        return candidates
    ranked = candidates.sort("published_at", "body_bytes", descending=True, maintain_order=True)
    return ranked.unique("post", keep="first", maintain_order=True)


def _is_unique(values: pl.Series) -> bool:
    return values.n_unique() == len(values)


def divide(index: pl.DataFrame, granularity: Granularity, max_files: int) -> pl.Series:
    """Return the batch of each file of an index: numbers from 0 on, in the order of periods.

    A batch has about `max_files` files; more only where posts or files connect the partitions of more.
    """
    placed = index.select("source_id", "published_at", number=partition_number(granularity))
    nodes = (
        placed.drop_nulls("number")
        .group_by("number")
        .agg(pl.first("source_id"), pl.min("published_at"), files=pl.len())
    )
    period = period_of_date(granularity).alias("period")
    dated = nodes.with_columns(date=pl.col("published_at").dt.date()).with_columns(period)
    nodes = dated.sort("period", pl.col("source_id").cast(pl.String)).with_row_index("node")
    numbers = placed.select("number")
    row_nodes = numbers.join(nodes, on="number", how="left", maintain_order="left")["node"]
    edges = [_edges(index[name], row_nodes) for name in ("post", "key")]
    nodes = nodes.with_columns(group=pl.Series(connect(nodes.height, pl.concat(edges).unique().rows())))
    groups = nodes.group_by("group").agg(pl.col("files").sum()).sort("group")
    groups = groups.with_columns(
        batch=(pl.col("files").cum_sum().shift(1, fill_value=0) // max_files).rle_id()
    )
    node_batches = nodes.join(groups, on="group", maintain_order="left")["batch"]
    batch = row_nodes.to_frame("node").select(batch=pl.lit(node_batches).gather("node"))["batch"]
    # files of which no post and place are known can be in any batch
    batch_count = max(groups.height and groups["batch"][-1] + 1, -(-index.height // max_files))
    spread = pl.int_range(index.height, eager=True) * batch_count // index.height
    rows = pl.DataFrame({"key": index["key"], "batch": batch, "spread": spread.cast(batch.dtype)})
    return _with_other_versions(rows).select(pl.coalesce("batch", "spread"))["batch"]


def _with_other_versions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows (key, batch, spread) in which files without a batch are spread to that of their other versions."""
    if _is_unique(rows["key"]):
        return rows
    keys = rows.filter(pl.col("batch").is_null())["key"].unique()
    versions = rows.filter(pl.col("key").is_in(keys.implode())).group_by("key")
    batches = versions.agg(of_key=pl.coalesce(pl.max("batch"), pl.min("spread")))
    joined = rows.join(batches, on="key", how="left", maintain_order="left")
    return joined.with_columns(spread=pl.coalesce("of_key", "spread"))


def _edges(values: pl.Series, row_nodes: pl.Series) -> pl.DataFrame:
    """Return the pairs of nodes that have a value in common: node, first."""
    rows = pl.DataFrame({"value": values, "node": row_nodes}).drop_nulls()
    if _is_unique(rows["value"]):
        rows = rows.clear()
    shared = rows.filter(pl.col("value").is_duplicated())
    pairs = shared.select("node", first=pl.col("node").min().over("value"))
    return pairs.filter(pl.col("node") != pl.col("first")).unique()


def divide_deleted(lake: Lake, deleted: pl.DataFrame, index: pl.DataFrame, batches: pl.Series) -> pl.Series:
    """Return the batch of each deleted file (KEY): that of its other versions, or of its post, else the first."""
    numbered = index.select("key", "post").with_columns(batch=batches)
    stored_posts = (
        lake.scan("files")
        .filter(IS_LIVE)
        .select(key=KEY_HASH, stored_post=POST_HASH)
        .filter(pl.col("key").is_in(deleted.select(KEY_HASH).to_series().implode()))
        .collect()
    )
    rows = (
        deleted.select(key=KEY_HASH)
        .join(numbered.unique("key").drop("post"), on="key", how="left", maintain_order="left")
        .join(stored_posts, on="key", how="left", maintain_order="left")
        .join(
            numbered.drop_nulls("post").unique("post").select("post", post_batch="batch"),
            left_on="stored_post",
            right_on="post",
            how="left",
            maintain_order="left",
        )
    )
    return rows.select(batch=pl.coalesce("batch", "post_batch", pl.lit(0)).cast(batches.dtype))["batch"]
