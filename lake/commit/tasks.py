"""Divide the versions of a batch into tasks: each changes partitions that no other task changes."""

from dataclasses import dataclass

import polars as pl

from lake.batch import CONTENT_KEY, KEY
from lake.commit.components import connect
from lake.commit.merge import MergeTask
from lake.commit.resolve import Resolution
from lake.commit.stored import StoredVersions, load_stored_versions
from lake.commit.versions import build_versions
from lake.store import Lake
from lake.tables import files as files_table

# a content to parse: a file that has it, the file of table raw with its bytes, and where its parsed head is, if anywhere
CONTENT_SCHEMA = {
    "origin": pl.String,
    "path": pl.String,
    "size": pl.Int64,
    "blob": pl.String,
    "name": pl.String,
    "part": pl.String,
    "head_file": pl.String,
    "head": pl.UInt32,
}
NO_HEAD = {name: pl.lit(None, CONTENT_SCHEMA[name]) for name in ("head_file", "head")}
# A stored row has to be read and written, which costs less than to parse it.
STORED_BYTES_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class PartitionTask:
    """A merge, the contents that it parses (CONTENT_SCHEMA), and the rows of the ledger that belong to it.

    `keys` are the files that the batch adds, changes or deletes, and whose posts are in these partitions.
    """

    merge: MergeTask
    contents: pl.DataFrame
    file_rows: pl.DataFrame
    keys: pl.DataFrame
    bytes: int


def plan_tasks(
    lake: Lake, resolution: Resolution, read_contents: pl.DataFrame, task_bytes: int, *, parses_again: bool
) -> tuple[list[PartitionTask], pl.DataFrame]:
    """Return tasks of about `task_bytes`, by period and source, and the ledger rows that belong to none.

    Partitions that one post or one file connects are in one task. `read_contents` are those that this run has
    read (CONTENT_SCHEMA); with `parses_again` posts with these contents are compared with what they are now.
    """
    stored = load_stored_versions(lake, resolution)
    versions = build_versions(resolution, stored, lake.content_name)
    if versions.is_empty():
        return [], resolution.file_rows
    versions = versions.join(_row_partitions(lake, resolution), on="row", how="left", maintain_order="left")
    contents = _needed_contents(lake, stored, versions, read_contents, parses_again=parses_again)
    post_partitions = _post_partitions(lake, stored, versions)
    partitions = post_partitions.drop("post_id").unique(maintain_order=True)
    stored_bytes = _stored_bytes(lake, partitions)
    nodes, post_groups = _group_partitions(resolution, post_partitions, partitions)
    parsed_bytes = (
        versions.select("post_id", *CONTENT_KEY)
        .join(contents.select(*CONTENT_KEY, "size"), on=CONTENT_KEY)
        .join(post_groups, on="post_id")
        .select("group", bytes=pl.col("size").cast(pl.Float64))
    )
    sizes = _group_sizes(lake.granularity, nodes, stored_bytes, parsed_bytes)
    groups = sizes.with_columns(
        task=(pl.col("bytes").cum_sum().shift(1, fill_value=0) // task_bytes).rle_id()
    )
    post_tasks = post_groups.join(groups.select("group", "task"), on="group").drop("group")
    key_tasks = (
        resolution.rows.select(*KEY, "post_id")
        .join(post_tasks, on="post_id")
        .group_by(KEY)
        .agg(pl.col("task").first())
    )
    file_rows = resolution.file_rows.join(key_tasks, on=KEY, how="left", maintain_order="left")
    task_versions = versions.join(post_tasks, on="post_id")
    wanted = task_versions.select("task", *CONTENT_KEY).unique(maintain_order=True)
    task_contents = wanted.join(contents, on=CONTENT_KEY, maintain_order="left")
    task_partitions = nodes.join(groups.select("group", "task"), on="group")
    tasks = list[PartitionTask]()
    for number, size_bytes in groups.group_by("task", maintain_order=True).agg(pl.sum("bytes")).iter_rows():
        frames = (
            frame.filter(pl.col("task") == number).drop("task")
            for frame in (task_versions, task_contents, task_partitions, file_rows, key_tasks)
        )
        own_versions, own_contents, own_partitions, own_file_rows, keys = frames
        merge_task = _merge_task(lake, stored, own_versions, own_partitions)
        tasks.append(
            PartitionTask(
                merge_task, own_contents.select(*CONTENT_SCHEMA), own_file_rows, keys.select(KEY), size_bytes
            )
        )
    return tasks, file_rows.filter(pl.col("task").is_null()).drop("task")


def _merge_task(
    lake: Lake, stored: StoredVersions, versions: pl.DataFrame, partitions: pl.DataFrame
) -> MergeTask:
    """Return the merge of some versions into partitions (table, source_id, period)."""
    period = lake.granularity
    posts, revisions = (
        lake.files_of_partitions(
            table, partitions.filter(pl.col("table") == table).select("source_id", period)
        )
        for table in ("posts", "revisions")
    )
    reopenable = stored.reopenable.select("post_id", "version_at").join(versions, on="post_id", how="semi")
    return MergeTask(period, versions.drop("source_id", period), reopenable, posts, revisions)


def _post_partitions(lake: Lake, stored: StoredVersions, versions: pl.DataFrame) -> pl.DataFrame:
    """Return the partitions that each post may change: post_id, table, source_id, period."""
    columns = ["source_id", lake.granularity]
    rows_of_tables = (
        ("posts", versions.filter(pl.col("row").is_not_null())),
        ("posts", stored.current.join(versions, on="post_id", how="semi")),
        ("revisions", stored.withdrawn.join(versions, on="post_id", how="semi")),
        ("revisions", stored.reopenable.join(versions, on="post_id", how="semi")),
    )
    return pl.concat(
        [rows.select("post_id", pl.lit(table).alias("table"), *columns) for table, rows in rows_of_tables]
    ).unique(maintain_order=True)


def _group_partitions(
    resolution: Resolution, post_partitions: pl.DataFrame, partitions: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the partitions with their group, and the group of each post (post_id, group).

    A group is a set of partitions that posts or files connect.
    """
    nodes = partitions.with_row_index("node")
    post_nodes = post_partitions.join(nodes, on=partitions.columns, maintain_order="left")
    post_nodes = post_nodes.select("post_id", "node")
    first_nodes = post_nodes.group_by("post_id", maintain_order=True).agg(pl.col("node").first())
    post_edges = post_nodes.join(first_nodes, on="post_id", suffix="_first")
    key_nodes = resolution.rows.select(*KEY, "post_id").unique().join(first_nodes, on="post_id")
    key_edges = key_nodes.with_columns(node_first=pl.col("node").min().over(KEY))
    edges = pl.concat([rows.select("node", "node_first") for rows in (post_edges, key_edges)])
    edges = edges.filter(pl.col("node") != pl.col("node_first")).unique()
    nodes = nodes.with_columns(group=pl.Series(connect(nodes.height, edges.rows()), dtype=pl.Int64))
    return nodes, first_nodes.join(nodes.select("node", "group"), on="node").select("post_id", "group")


def _row_partitions(lake: Lake, resolution: Resolution) -> pl.DataFrame:
    """Return the partition of the post of each row: source_id, period, row."""
    rows = resolution.rows.select(
        "source_id", date=pl.col("published_at").dt.date(), row=pl.int_range(pl.len())
    )
    return lake.with_partition_column(rows).drop("date")


def _needed_contents(
    lake: Lake,
    stored: StoredVersions,
    versions: pl.DataFrame,
    read_contents: pl.DataFrame,
    *,
    parses_again: bool,
) -> pl.DataFrame:
    """Return the contents of versions that are parsed: those that are not stored as a post.

    With `parses_again`, also all that this run has read. The bytes of others are in table raw.
    """
    elected = versions.filter(pl.col("row").is_not_null())
    known_rows = pl.concat([stored.last, stored.reopenable]).with_columns(lake.content_name)
    new = elected.join(known_rows, on=["post_id", *CONTENT_KEY], how="anti").join(
        stored.contents, on=[*CONTENT_KEY, "source_id", lake.granularity], how="anti"
    )
    wanted = elected if parses_again else new
    read = read_contents.join(wanted, on=CONTENT_KEY, how="semi", maintain_order="left")
    unread = new.join(read, on=CONTENT_KEY, how="anti").unique(CONTENT_KEY, maintain_order=True)
    if unread.is_empty():
        return read.select(*CONTENT_SCHEMA)
    located = unread.join(files_table.locate_contents(lake, unread["blob"]), on="blob", how="left")
    located = located.with_columns(pl.col("size").fill_null(0), **NO_HEAD)
    return pl.concat([read.select(*CONTENT_SCHEMA), located.select(*CONTENT_SCHEMA)])


def _stored_bytes(lake: Lake, partitions: pl.DataFrame) -> pl.DataFrame:
    """Return what the stored rows of partitions cost, in bytes of contents to parse: table, source_id, period, bytes."""
    columns = ["source_id", lake.granularity]
    stored_files = [
        lake.partition_files(table).select(
            pl.lit(table).alias("table"), *columns, bytes=pl.col("size_bytes") * STORED_BYTES_WEIGHT
        )
        for table in ("posts", "revisions")
        if not lake.partition_files(table).is_empty()
    ]
    if not stored_files:
        return partitions.with_columns(bytes=pl.lit(0.0)).clear()
    return pl.concat(stored_files).join(partitions, on=["table", *columns], how="semi")


def _group_sizes(
    period: str, nodes: pl.DataFrame, stored_bytes: pl.DataFrame, parsed_bytes: pl.DataFrame
) -> pl.DataFrame:
    """Return the bytes of work of each group, in the order of their first period and source: group, bytes."""
    stored = stored_bytes.join(nodes, on=["table", "source_id", period]).select("group", "bytes")
    work = pl.concat([parsed_bytes, stored]).group_by("group").agg(pl.col("bytes").sum())
    return (
        nodes.group_by("group")
        .agg(pl.col(period).min(), pl.col("source_id").min())
        .join(work, on="group", how="left")
        .with_columns(pl.col("bytes").fill_null(0).cast(pl.Int64) + 1)
        .sort(period, "source_id", "group")
        .select("group", "bytes")
    )
