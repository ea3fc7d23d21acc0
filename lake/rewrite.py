"""Rewrite tables: replace all rows, some files, or the rows of some post files. One file is in memory at a time."""

from collections.abc import Iterable, Iterator
from itertools import chain

import polars as pl

from lake.batch import KEY, KEY_HASH
from lake.delta import CommitProperties
from lake.layout import MAX_FILE_ROWS, MAX_SMALL_FILES, SMALL_FILE_ROWS
from lake.parquet import write_file, write_partitions
from lake.store import Lake


def replace_all(lake: Lake, name: str, chunks: Iterable[pl.DataFrame], properties: CommitProperties) -> None:
    """Replace all rows of a table, in one commit: see `replace_files`."""
    replace_files(lake, name, lake.partition_files(name), chunks, properties)


def replace_files(
    lake: Lake, name: str, files: pl.DataFrame, chunks: Iterable[pl.DataFrame], properties: CommitProperties
) -> None:
    """Replace some files of a table by new ones with other rows, in one commit. One chunk is in memory at a time.

    Each chunk of a partitioned table contains whole partitions.
    """
    partition, root = lake.partition_columns(name), lake.root / name
    written = [
        file
        for rows in chunks
        for file in (
            write_partitions(root, name, lake.conform(name, rows), partition)
            if partition
            else [write_file(root, name, lake.conform(name, rows))]
        )
    ]
    lake.commit(name, written, files, properties)


def upsert(lake: Lake, name: str, rows: pl.DataFrame, properties: CommitProperties) -> None:
    """Update the rows of the same files (KEY) and insert the others, in one commit.

    Only files with such rows are rewritten. So the cost depends on the size of the change and not of the
    table. Small files are merged once there are many. One file is in memory at a time.
    """
    files = lake.partition_files(name)
    old_files = _plus_small_files(files, _files_with_keys(lake, name, rows))
    kept_rows = (
        lake.scan_files(name, [path])
        .drop("file")
        .collect()
        .join(rows, on=KEY, how="anti", maintain_order="left")
        for path in old_files["path"]
    )
    chunks = _rechunk(chain(kept_rows, [lake.conform(name, rows)]), MAX_FILE_ROWS)
    written = [write_file(lake.root / name, name, chunk) for chunk in chunks]
    lake.commit(name, written, old_files, properties)


def _files_with_keys(lake: Lake, name: str, rows: pl.DataFrame) -> list[str]:
    """Return the paths, as in the log, of the files that have a row of the same file (KEY) as some rows.

    Hashes are compared, which takes a quarter of the memory of a join; a file too many does no harm.
    """
    paths = lake.partition_files(name)["path"]
    if paths.is_empty():
        return []
    has_key = KEY_HASH.is_in(rows.select(KEY_HASH).to_series().implode())
    matching_files = lake.scan_files(name, paths).filter(has_key).select("file").unique()
    return matching_files.collect(engine="streaming")["file"].to_list()


def _rechunk(frames: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """Yield the rows of frames, in order, as frames of so many rows; the last may have fewer."""
    pending = pl.DataFrame()
    for frame in frames:
        pending = pl.concat([pending, frame]) if pending.height else frame
        while pending.height >= rows:
            yield pending.head(rows)
            pending = pending.tail(-rows)
    if pending.height:
        yield pending


def _plus_small_files(files: pl.DataFrame, paths: list[str]) -> pl.DataFrame:
    """Return the files with the given paths, and all small files if there are many."""
    is_chosen, is_small = pl.col("path").is_in(paths), pl.col("num_records") < SMALL_FILE_ROWS
    has_many_small = files.filter(is_small).height >= MAX_SMALL_FILES
    return files.filter(is_chosen | (is_small & has_many_small))
