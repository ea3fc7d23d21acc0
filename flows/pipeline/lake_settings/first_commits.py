"""When files without a date came into their repositories, as the ledger has it for those that were read."""

import datetime as dt

import polars as pl

from lake.batch import KEY
from lake.store import Lake

COLUMN = "first_commit_at"
FirstCommits = dict[str, dict[str, dt.datetime]]


def load_first_commits(lake: Lake) -> FirstCommits:
    """Return what the ledger has, by origin and path. A ledger without any is not read."""
    first_commits = FirstCommits()
    files = lake.partition_files("files")
    if f"null_count.{COLUMN}" not in files.columns:
        return first_commits
    has_some = (pl.col(f"null_count.{COLUMN}") < pl.col("num_records")).fill_null(value=False)
    paths = files.filter(has_some)["path"]
    if paths.is_empty():
        return first_commits
    rows = lake.scan_files("files", paths).select(*KEY, COLUMN).drop_nulls(COLUMN).collect()
    for origin, path, time in rows.iter_rows():
        first_commits.setdefault(origin, {})[path] = time
    return first_commits


def with_first_commits(rows: pl.DataFrame, first_commits: FirstCommits) -> pl.DataFrame:
    """Return rows of `files`, each with when it came into its repository, where that is known."""
    if not first_commits or rows.is_empty():
        return rows
    times = [first_commits.get(origin, {}).get(path) for origin, path in rows.select(KEY).iter_rows()]
    return rows.with_columns(pl.Series(COLUMN, times, rows.schema[COLUMN]))
