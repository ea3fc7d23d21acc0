"""A replay of rejects: for some reasons, or since a day."""

import datetime as dt

import polars as pl
import pytest

from archive import write_file_rows
from lake.batch import Run
from lake.store import open_lake
from tiers import EVERYWHERE

LONG_AGO = Run("older", dt.datetime(2024, 1, 1, tzinfo=dt.UTC))


@pytest.fixture
def archive_with_rejects(archive):
    """Return an archive with three rejects of three reasons; the first was read long ago."""
    archive.put("broken.md", b"---\ntitle: never closed\n")
    archive.write("undated.md", date=None)
    archive.write("late.md", date="2150-01-01T00:00:00Z")
    archive.ingest()
    lake = open_lake(archive.lake)
    row = lake.scan("files").filter(pl.col("path") == "broken.md").collect()
    old_row = row.with_columns(first_seen_at=pl.lit(LONG_AGO.started_at), read_at=pl.lit(LONG_AGO.started_at))
    write_file_rows(lake, LONG_AGO, old_row)
    return archive


@EVERYWHERE
@pytest.mark.parametrize(
    ("reasons", "number"),
    [((), 3), (("no_date",), 1), (("no_date", "date_is_plausible"), 2), (("too_large",), 0)],
    ids=["all", "one", "two", "none-there"],
)
def test_a_replay_tries_the_reasons_that_are_named(archive_with_rejects, reasons, number):
    replay = archive_with_rejects.replay(*reasons)
    assert (replay.found, replay.rejected, replay.balanced) == (number, number, True)


@EVERYWHERE
def test_a_replay_since_a_day_leaves_what_was_rejected_before(archive_with_rejects):
    assert archive_with_rejects.replay(since=dt.date(2024, 1, 2)).found == 2
    assert archive_with_rejects.replay(since=dt.date(2024, 1, 1)).found == 3


@EVERYWHERE
def test_a_replay_of_a_reason_since_a_day_keeps_to_both(archive_with_rejects):
    assert archive_with_rejects.replay("front_matter_not_closed", since=dt.date(2024, 1, 2)).found == 0
