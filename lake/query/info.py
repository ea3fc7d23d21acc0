"""Numbers of a lake: rows, files and bytes of tables, posts by source."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from lake.errors import LakeError
from lake.store import Lake
from schemas.reasons import did_you_mean


@dataclass(frozen=True, slots=True)
class TableInfo:
    """Numbers of one table.

    `bytes` counts the files of the current version, not those kept for older ones.
    """

    table: str
    version: int
    rows: int
    files: int
    bytes: int


def tables(lake: Lake) -> list[TableInfo]:
    """Return the numbers of every table from its log. No data file is opened."""
    return [_table(lake, name) for name in lake.table_names()]


def _table(lake: Lake, name: str) -> TableInfo:
    files = lake.partition_files(name)
    return TableInfo(
        name,
        lake.table(name).version(),
        _count_rows(name, files),
        files.height,
        int(files["size_bytes"].sum() or 0),
    )


def _count_rows(name: str, files: pl.DataFrame) -> int:
    """Count the rows of a table. Withdrawn posts that an older postlake left in posts do not count."""
    null_count, row_count = "null_count.withdrawn_at", pl.col("num_records")
    if name == "posts" and null_count in files.columns:
        row_count = pl.coalesce(null_count, row_count)
    return int(files.select(row_count).to_series().sum() or 0)


def posts_by_source(lake: Lake) -> pl.DataFrame:
    """Return source, posts, first and last date of each source, largest first; and `show_as`, if a source has one.

    Withdrawn posts do not count.
    """
    posts = lake.scan("posts")
    by_source = posts.group_by("source").agg(
        pl.len().alias("posts"), pl.col("date").min().alias("first"), pl.col("date").max().alias("last")
    )
    rows = by_source.sort("posts", "source", descending=[True, False]).collect()
    if not lake.shown_names:
        return rows
    return rows.with_columns(show_as=pl.col("source").replace(lake.shown_names))


def resolve_source_ids(lake: Lake, names: Iterable[str]) -> list[str]:
    """Return the source_id of each name, which is a source_id or a display name.

    Raises LakeError for a source without current posts.
    """
    sources = lake.scan("posts").select("source", "source_id").unique().collect()
    by_name = dict(sources.iter_rows()) | {source_id: source_id for source_id in sources["source_id"]}
    unknown_names = [name for name in names if name not in by_name]
    if unknown_names:
        hint = did_you_mean(unknown_names[0], by_name) or "; `postlake info` lists them"
        raise LakeError(f"{', '.join(unknown_names)}: no such source in {lake.root}{hint}")
    return [by_name[name] for name in names]
