"""Put the small files of a table together, bin by bin: the same rows in fewer files."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import polars as pl
import pyarrow.parquet as pq

from lake.commit.commit import current_version_properties, has_recorded_versions
from lake.delta import Action, CommitProperties, as_rewrite, remove_actions, write_file
from lake.layout import MAX_FILE_BYTES, MAX_FILE_ROWS, SORT_KEYS, STATS_COLUMNS
from lake.store import Lake


@dataclass(frozen=True, slots=True)
class Bin:
    """Files of one partition to be put together, as the log lists them."""

    files: pl.DataFrame
    partition: dict[str, str]


def plan_compaction(lake: Lake, name: str) -> list[Bin]:
    """Find the small files of a table that fit together. Reads the footers of those that have neighbours."""
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
    """Cut files into handfuls of two or more that fit into one; one that fills half a file is left as it is."""
    weighted_files = files.with_columns(
        weight=pl.Series([_share_of_max(lake, name, path) for path in files["path"]], dtype=pl.Float64)
    )
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


def _share_of_max(lake: Lake, name: str, path: str) -> float:
    """Return what share of the largest file a file makes up."""
    footer = pq.read_metadata(lake.root / name / path)
    size = sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))
    return float(max(size / MAX_FILE_BYTES, footer.num_rows / MAX_FILE_ROWS))


def compact(lake: Lake, name: str, planned_bins: list[Bin]) -> None:
    """Write the files of each bin as one, in one commit; a killed one leaves the table as it was, and orphans.

    A commit to the ledger says that it agrees with posts and revisions as they stand: compact these before.
    """
    commit_properties = current_version_properties(lake) if name == "files" else CommitProperties()
    actions = list[Action](
        chain.from_iterable(_merge_bin(lake, name, planned_bin) for planned_bin in planned_bins)
    )
    if actions:
        lake.commit(name, actions, lake.partition_columns(name), commit_properties)


def record_versions(lake: Lake) -> None:
    """Have the ledger name the versions of posts and revisions that stand, so that no repair needs an older one."""
    if not has_recorded_versions(lake):
        lake.commit("files", [], [], current_version_properties(lake))


def _merge_bin(lake: Lake, name: str, planned_bin: Bin) -> Iterator[Action]:
    rows = _read_rows(lake, name, planned_bin.files["path"])
    added = write_file(lake.root / name, rows, planned_bin.partition, STATS_COLUMNS[name])
    yield from as_rewrite(added, remove_actions(planned_bin.files, list(planned_bin.partition)))


def _read_rows(lake: Lake, name: str, paths: pl.Series) -> pl.DataFrame:
    """Read files whole."""
    rows = lake.scan_files(name, paths).drop("file").collect()
    return rows.sort(SORT_KEYS[name], maintain_order=True) if name in SORT_KEYS else rows
