"""How large the tables of a lake were after each commit, as their Delta logs tell."""

from pathlib import Path

import polars as pl

from lake.store import Lake

# commits read of each table, the newest
MOST = 500
SIZE = pl.Struct({"size": pl.Int64})
ENTRY = {"commitInfo": pl.Struct({"timestamp": pl.Int64}), "add": SIZE, "remove": SIZE}
AT = pl.Datetime("ms", "UTC")
COLUMNS: dict[str, type[pl.DataType] | pl.DataType] = {
    "table": pl.String,
    "at": AT,
    "bytes": pl.Int64,
    "files": pl.Int64,
}


def growth(lake: Lake) -> pl.DataFrame:
    """Return bytes and files of each table after each of its last commits, oldest first: COLUMNS.

    Counted back from what the tables are, so that a log whose beginning is cleared away tells the rest.
    """
    return pl.concat([_of(lake, name) for name in lake.names()])


def _of(lake: Lake, name: str) -> pl.DataFrame:
    commits = _commits(lake.root / name / "_delta_log", lake.table(name).version())
    if not commits:
        return pl.DataFrame(schema=COLUMNS)
    files = lake.partition_files(name)
    now = {"bytes": int(files["size_bytes"].sum() or 0), "files": files.height}
    size = {each: now[each] - pl.col(each).sum() + pl.col(each).cum_sum() for each in now}
    sizes = _changes(commits).with_columns(at=pl.from_epoch("at", "ms").cast(AT), table=pl.lit(name), **size)
    return sizes.select(*COLUMNS)


def _commits(log: Path, version: int) -> list[Path]:
    """Return the newest commits, oldest first, without a hole between them."""
    found: list[Path] = []
    for number in range(version, max(version - MOST, -1), -1):
        commit = log / f"{number:020}.json"
        if not commit.exists():
            break
        found.insert(0, commit)
    return found


def _changes(commits: list[Path]) -> pl.DataFrame:
    """Return by how much each commit changed a table, in bytes and files."""
    lines = pl.scan_ndjson(commits, schema=ENTRY, include_file_paths="commit")
    size = {side: pl.col(side).struct.field("size") for side in ("add", "remove")}
    by_commit = lines.group_by("commit").agg(
        at=pl.col("commitInfo").struct.field("timestamp").max(),
        bytes=size["add"].sum() - size["remove"].sum(),
        files=size["add"].count().cast(pl.Int64) - size["remove"].count().cast(pl.Int64),
    )
    return by_commit.sort("commit").collect()
