"""Sizes of the tables of a lake after each commit, from their Delta logs."""

import polars as pl

from lake.storage.local_copy import mirror
from lake.storage.location import Location, file_names, uri
from lake.store import Lake

# the newest commits of each table are read, at most this many
MAX_COMMITS = 500
SIZE_TYPE = pl.Struct({"size": pl.Int64})
LOG_ENTRY_SCHEMA = {"commitInfo": pl.Struct({"timestamp": pl.Int64}), "add": SIZE_TYPE, "remove": SIZE_TYPE}
TIME_TYPE = pl.Datetime("ms", "UTC")
COLUMNS: dict[str, type[pl.DataType] | pl.DataType] = {
    "table": pl.String,
    "at": TIME_TYPE,
    "bytes": pl.Int64,
    "files": pl.Int64,
}


def growth_of_tables(lake: Lake) -> pl.DataFrame:
    """Return bytes and files of each table after each of its last commits, oldest first: COLUMNS.

    The sizes are computed backward from the current ones, so the beginning of the log may be deleted.
    """
    return pl.concat([_growth_of_table(lake, name) for name in lake.table_names()])


def _growth_of_table(lake: Lake, name: str) -> pl.DataFrame:
    log = lake.root / name / "_delta_log"
    commits = _commits(log, lake.table(name).version())
    if not commits:
        return pl.DataFrame(schema=COLUMNS)
    files = lake.partition_files(name)
    current = {"bytes": int(files["size_bytes"].sum() or 0), "files": files.height}
    size = {unit: current[unit] - pl.col(unit).sum() + pl.col(unit).cum_sum() for unit in current}
    sizes = _changes_by_commit(log, commits).with_columns(
        at=pl.from_epoch("at", "ms").cast(TIME_TYPE), table=pl.lit(name), **size
    )
    return sizes.select(*COLUMNS)


def _commits(log: Location, version: int) -> list[str]:
    """Return the names of the newest log entries, oldest first, up to the first missing one."""
    entries, commits = set(file_names(log, ".json")), list[str]()
    for number in range(version, max(version - MAX_COMMITS, -1), -1):
        commit = f"{number:020}.json"
        if commit not in entries:
            break
        commits.insert(0, commit)
    return commits


def _changes_by_commit(log: Location, commits: list[str]) -> pl.DataFrame:
    """Return the change of bytes and files by each commit."""
    folder = mirror(log, commits)
    lines = pl.scan_ndjson(
        [uri(folder / each) for each in commits], schema=LOG_ENTRY_SCHEMA, include_file_paths="commit"
    )
    size = {side: pl.col(side).struct.field("size") for side in ("add", "remove")}
    by_commit = lines.group_by("commit").agg(
        at=pl.col("commitInfo").struct.field("timestamp").max(),
        bytes=size["add"].sum() - size["remove"].sum(),
        files=size["add"].count().cast(pl.Int64) - size["remove"].count().cast(pl.Int64),
    )
    return by_commit.sort("commit").collect()
