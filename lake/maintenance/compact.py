"""Put the small files of a table together, bin by bin: the same rows in fewer files."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import polars as pl
import pyarrow.parquet as pq
from deltalake import CommitProperties

from lake.batch import KEY
from lake.commit.commit import agreeing, is_agreed
from lake.delta import removal_of, same_rows, write_file
from lake.store import LARGEST_FILE, STATISTICS, Action, Lake

# What a file put together holds at most, before compression: so much is in memory at a time.
LARGEST_BYTES = 64 * 1024 * 1024
# The order of the rows of a file; raw has none but that of writing.
ORDER = {
    "posts": ["published_at", "post_id"],
    "revisions": ["published_at", "post_id"],
    "files": KEY,
    "templates": ["source_id", "version"],
    "renamed_posts": ["old_id", "new_id"],
    "runs": ["started_at"],
}


@dataclass(frozen=True, slots=True)
class Bin:
    """Files of one partition to be put together, as the log lists them."""

    files: pl.DataFrame
    partition: dict[str, str]


def bins(lake: Lake, name: str) -> list[Bin]:
    """Find the small files of a table that fit together. Reads the footers of those that have neighbours."""
    partition = lake.partition_of(name)
    files = lake.partition_files(name).sort("modification_time", "path")
    if files.is_empty():
        return []
    parts = files.partition_by(*partition, as_dict=True) if partition else {(): files}
    return [
        Bin(files, dict(zip(partition, map(str, values), strict=True)))
        for values, part in parts.items()
        if part.height > 1
        for files in _fitting(lake, name, part)
    ]


def _fitting(lake: Lake, name: str, files: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Cut files into handfuls of two or more that fit into one; one that fills half a file is left as it is."""
    weighed = files.with_columns(
        weight=pl.Series([_weight(lake, name, path) for path in files["path"]], dtype=pl.Float64)
    )
    small = weighed.filter(pl.col("weight") <= 1 / 2)
    total, number, numbers = 0.0, 0, list[int]()
    for weight in small["weight"]:
        total += weight
        if total > 1:
            total, number = weight, number + 1
        numbers.append(number)
    for handful in small.with_columns(bin=pl.Series(numbers, dtype=pl.Int64)).partition_by(
        "bin", maintain_order=True
    ):
        if handful.height > 1:
            yield handful


def _weight(lake: Lake, name: str, path: str) -> float:
    """Tell what share of the largest file a file makes up."""
    footer = pq.read_metadata(lake.root / name / path)
    size = sum(footer.row_group(number).total_byte_size for number in range(footer.num_row_groups))
    return float(max(size / LARGEST_BYTES, footer.num_rows / LARGEST_FILE))


def compact(lake: Lake, name: str, found: list[Bin]) -> None:
    """Write the files of each bin as one, in one commit; a killed one leaves the table as it was, and orphans.

    A commit to the ledger says that it agrees with posts and revisions as they stand: compact these before.
    """
    mark = agreeing(lake) if name == "files" else CommitProperties()
    actions = list[Action](chain.from_iterable(_put_together(lake, name, each) for each in found))
    if actions:
        lake.commit(name, actions, lake.partition_of(name), mark)


def agree(lake: Lake) -> None:
    """Have the ledger name the versions of posts and revisions that stand, so that no repair needs an older one."""
    if not is_agreed(lake):
        lake.commit("files", [], [], agreeing(lake))


def _put_together(lake: Lake, name: str, each: Bin) -> Iterator[Action]:
    rows = _rows(lake, name, each.files["path"])
    added = write_file(lake.root / name, rows, each.partition, STATISTICS[name])
    yield from same_rows(added, removal_of(each.files, list(each.partition)))


def _rows(lake: Lake, name: str, paths: pl.Series) -> pl.DataFrame:
    """Read files whole."""
    rows = lake.scan_files(name, paths).drop("file").collect()
    return rows.sort(ORDER[name], maintain_order=True) if name in ORDER else rows
