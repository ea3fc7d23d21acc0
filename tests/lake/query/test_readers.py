"""The posts of a lake, read by other tools."""

import json
import subprocess
import sys

import duckdb
import polars as pl
import pytest
from datafusion import SessionContext
from deltalake import DeltaTable

COLUMNS = ["title", "source", "month"]
CHDB = """
import sys, chdb
print(chdb.query(sys.argv[1], "JSONCompactEachRow"))
"""


def delta(lake):
    return DeltaTable(str(lake / "posts"))


def with_duckdb(lake):
    files = delta(lake).file_uris()
    query = "SELECT title, source, month FROM read_parquet(?, hive_partitioning=true, hive_types={'month': VARCHAR})"
    return duckdb.execute(query, [files]).fetchall()


def with_polars(lake):
    return pl.scan_delta(str(lake / "posts")).select(COLUMNS).collect().rows()


def with_pyarrow(lake):
    rows = delta(lake).to_pyarrow_dataset().to_table(columns=COLUMNS).to_pylist()
    return [tuple(row[name] for name in COLUMNS) for row in rows]


def with_pandas(lake):
    return list(delta(lake).to_pandas(columns=COLUMNS).itertuples(index=False, name=None))


def with_datafusion(lake):
    context = SessionContext()
    context.register_table("posts", delta(lake))
    return [tuple(row[name] for name in COLUMNS) for row in context.sql("SELECT * FROM posts").to_pylist()]


def with_chdb(lake):
    """Return the rows that ClickHouse reads, in a process of its own: it has its own allocator and signal handlers."""
    selects = [
        f"SELECT title, source, month FROM file('{file}', Parquet)" for file in delta(lake).file_uris()
    ]
    query = " UNION ALL ".join(selects) + " SETTINGS use_hive_partitioning = 1"
    command = [sys.executable, "-c", CHDB, query]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    return [tuple(json.loads(line)) for line in out.splitlines() if line.strip()]


READERS = [with_duckdb, with_polars, with_pyarrow, with_pandas, with_datafusion, with_chdb]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__.removeprefix("with_"))
def test_a_reader_sees_the_posts_of_the_examples(examples, reader):
    assert sorted(reader(examples.lake)) == sorted(examples.live_posts().select(COLUMNS).rows())


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__.removeprefix("with_"))
def test_a_reader_sees_the_current_version_of_a_lake_that_was_loaded_twice(archive, reader):
    for title in ("旧题", "𠮷家的新题"):
        archive.write("a.md", url="https://a.example/1", title=title, categories=["慢船頻道"])
        archive.ingest()
    assert reader(archive.lake) == [("𠮷家的新题", "慢船頻道", "2024-03")]
