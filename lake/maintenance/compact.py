"""Compact a table: merge its small files, bin by bin, into fewer files with the same rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from lake.commit.commit import current_version_properties
from lake.footers import read_footers
from lake.layout import MAX_FILE_BYTES, MAX_FILE_ROWS, SORT_KEYS
from lake.parquet import WrittenFile, write_file
from lake.store import Lake


@dataclass(frozen=True, slots=True)
class Bin:
    """Files of one partition to merge into one file, as the log lists them."""

    files: pl.DataFrame
    partition: dict[str, str]


def plan_compaction(lake: Lake, name: str) -> list[Bin]:
    """Return the small files of a table that fit together.

    Reads the footers of the files in partitions with more than one file.
    """
    partition = lake.partition_columns(name)
    files = lake.partition_files(name).sort("modification_time", "path")
    if files.is_empty():
        return []
    files_by_partition = files.partition_by(*partition, as_dict=True) if partition else {(): files}
    return [
        Bin(files, dict(zip(partition, map(str, values), strict=True)))
        for values, partition_files in files_by_partition.items()
        if partition_files.height > 1
        for files in _pack(lake, name, partition_files)
    ]


def _pack(lake: Lake, name: str, files: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield groups of two or more files that fit into one file.

    A file of more than half that size stays alone.
    """
    weighted_files = files.with_columns(weight=pl.Series(_shares_of_max(lake, name, files), dtype=pl.Float64))
    small_files = weighted_files.filter(pl.col("weight") <= 1 / 2)
    bin_weight, bin_number, bin_numbers = 0.0, 0, list[int]()
    for weight in small_files["weight"]:
        bin_weight += weight
        if bin_weight > 1:
            bin_weight, bin_number = weight, bin_number + 1
        bin_numbers.append(bin_number)
    for packed_files in small_files.with_columns(bin=pl.Series(bin_numbers, dtype=pl.Int64)).partition_by(
        "bin", maintain_order=True
    ):
        if packed_files.height > 1:
            yield packed_files


def _shares_of_max(lake: Lake, name: str, files: pl.DataFrame) -> Iterator[float]:
    """Yield the size of each file as a share of the maximum: of bytes or of rows, whichever is larger."""
    for footer in read_footers(lake.table_files(name, files)):
        size = sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))
        yield float(max(size / MAX_FILE_BYTES, footer.num_rows / MAX_FILE_ROWS))


def compact(lake: Lake, name: str, planned_bins: list[Bin]) -> None:
    """Merge the files of each bin into one, in one commit.

    If the run is killed, the table stays as it was, and orphans remain.

    A commit to the ledger (table `files`) records the current versions of posts and revisions. So compact
    these first.
    """
    if planned_bins:
        lake.commit(
            name,
            [_merge_bin(lake, name, planned_bin) for planned_bin in planned_bins],
            pl.concat([planned_bin.files for planned_bin in planned_bins]),
            current_version_properties(lake) if name == "files" else None,
            changes_data=False,
        )


def _merge_bin(lake: Lake, name: str, planned_bin: Bin) -> WrittenFile:
    rows = _read_rows(lake, name, planned_bin.files)
    return write_file(lake.root / name, name, rows, planned_bin.partition)


def _read_rows(lake: Lake, name: str, files: pl.DataFrame) -> pl.DataFrame:
    """Return all rows of some files, without the partition columns, in the sort order of the table."""
    columns = [column for column in lake.schema(name) if column not in lake.partition_columns(name)]
    rows = lake.table_files(name, files).read(columns)
    return rows.sort(SORT_KEYS[name], maintain_order=True) if name in SORT_KEYS else rows
