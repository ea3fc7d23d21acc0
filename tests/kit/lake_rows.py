"""Rows of tables with values that a test can predict, and lakes and files that hold them."""

import datetime as dt

import polars as pl

from archive import replace_partitions
from lake.delta import CommitProperties
from lake.parquet import write_file
from lake.rewrite import upsert
from schemas.enums import Outcome
from schemas.tables import empty_table

# where a row says nothing else: a post of the 1st of March 2024, of source "s", without links, images or tags
POST_COLUMNS = {
    "source": "S",
    "source_id": "s",
    "date_from": "front_matter",
    "date_precision": "second",
    "date_conflict": False,
    "tags": [],
    "categories": [],
    "language": "en",
    "boilerplate_chars": 0,
    "links": [],
    "images": [],
    "origin": "o",
    "warnings": [],
    "cleaner_version": 1,
    "run_id": "old",
}


def day(number, month=3):
    return dt.datetime(2024, month, number, tzinfo=dt.UTC)


def file_row(path, post_id="p", **columns):
    """Return a row of table files: a file that was added on the 1st of March; its blob is its name."""
    values = {"origin": "o", "path": path, "blob": path.rpartition("/")[2], "size": 10, "outcome": Outcome.POST.value,
              "post_id": post_id, "source_id": "s", "published_at": day(1), "body_bytes": 5, "first_seen_at": day(1),
              "read_at": day(1), "run_id": "old"}  # fmt: skip
    return values | columns


def post_row(post_id="p", path="a", *, published=None, text="words", **columns):
    """Return a row of table posts; its blob is the name of its file, and it appeared on the 1st of March."""
    published = published or day(1)
    times = {"date": published.date(), "published_at": published, "version_at": day(1), "ingested_at": day(1)}
    texts = {"title": text, "text": text, "text_chars": len(text), "content_hash": text}
    return POST_COLUMNS | {"post_id": post_id, "path": path, "blob": path.rpartition("/")[2]} | times | texts | columns  # fmt: skip


def frame(table, *rows):
    return pl.DataFrame(rows, schema=empty_table(table).schema)


def store(lake, table, *rows):
    """Add rows to a table of a lake, in one commit; rows of posts and revisions are one partition each."""
    partition = lake.partition_columns(table)
    if not partition:
        upsert(lake, table, frame(table, *rows), CommitProperties())
        return
    stored = lake.with_partition_column(frame(table, *rows))
    replace_partitions(lake, table, stored, stored.select(partition).unique())


def write_raw(folder, **contents):
    """Write a file of table raw with contents by blob, and return it."""
    rows = [
        {"blob": blob, "size": len(content), "content": content, "run_id": "old"}
        for blob, content in contents.items()
    ]
    return write_file(folder, "raw", frame("raw", *rows))
