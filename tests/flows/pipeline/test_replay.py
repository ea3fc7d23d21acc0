"""Rejects tried again: for some reasons, or read since a day."""

import datetime as dt

import polars as pl
import pytest

from flows.pipeline.execution.load import Loader
from lake.batch import Batch, Run
from lake.store import open_lake
from posts.worker import ParseConfig

LONG_AGO = Run("older", dt.datetime(2024, 1, 1, tzinfo=dt.UTC))


@pytest.fixture
def rejects(archive):
    """Three rejects of three reasons, of which the first was read long ago."""
    archive.put("broken.md", b"---\ntitle: never closed\n")
    archive.write("undated.md", date=None)
    archive.write("late.md", date="2150-01-01T00:00:00Z")
    archive.ingest()
    lake = open_lake(archive.lake)
    row = lake.scan("files").filter(pl.col("path") == "broken.md").collect()
    aged = row.with_columns(first_seen_at=pl.lit(LONG_AGO.started_at), read_at=pl.lit(LONG_AGO.started_at))
    Loader(lake, LONG_AGO, ParseConfig()).load(Batch(1, file_rows=aged))
    return archive


@pytest.mark.parametrize(
    ("reasons", "number"),
    [((), 3), (("no_date",), 1), (("no_date", "date_is_plausible"), 2), (("too_large",), 0)],
    ids=["all", "one", "two", "none-there"],
)
def test_a_replay_tries_the_reasons_that_are_named(rejects, reasons, number):
    again = rejects.replay(*reasons)
    assert (again.found, again.rejected, again.balanced) == (number, number, True)


def test_a_replay_since_a_day_leaves_what_was_rejected_before(rejects):
    assert rejects.replay(since=dt.date(2024, 1, 2)).found == 2
    assert rejects.replay(since=dt.date(2024, 1, 1)).found == 3


def test_a_replay_of_a_reason_since_a_day_keeps_to_both(rejects):
    assert rejects.replay("front_matter_not_closed", since=dt.date(2024, 1, 2)).found == 0
