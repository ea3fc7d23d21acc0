"""A rejected file keeps its bytes, reason and detail, and can be tried again."""

import datetime as dt

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from archive import write_file_rows
from lake.batch import Run
from lake.errors import LakeError
from lake.query import sql
from lake.store import open_lake
from lake.tables import files
from tiers import EVERYWHERE

UNCLOSED_FRONT_MATTER = "---\ntitle: 一\n没有写完".encode()
OLD_RUN = Run("older", dt.datetime(2024, 1, 1, tzinfo=dt.UTC))


def write_old_file_row(archive, path, **columns):
    """Write the row of a file in table files as an older version of the code may have written it."""
    lake = open_lake(archive.lake)
    row = lake.scan("files").filter(pl.col("path") == path).collect()
    values = {name: pl.lit(value, row.schema[name]) for name, value in columns.items()}
    write_file_rows(lake, OLD_RUN, row.with_columns(**values, first_seen_at=pl.lit(OLD_RUN.started_at)))


@EVERYWHERE
def test_a_reject_keeps_bytes_reason_field_and_detail(archive):
    archive.put("broken.md", UNCLOSED_FRONT_MATTER)
    archive.write("x.md", date="soon")
    archive.ingest()
    result = sql.run_query(
        open_lake(archive.lake), "SELECT path, reason, field, detail, content FROM rejects ORDER BY path", 9
    )
    assert result[1] == [
        ("broken.md", "front_matter_not_closed", None, "no second line ---", UNCLOSED_FRONT_MATTER),
        ("x.md", "no_date", "date", "'soon'", (archive.folder / "x.md").read_bytes()),
    ]  # fmt: skip


@EVERYWHERE
def test_a_post_that_breaks_a_rule_is_a_reject_with_the_name_of_the_rule(archive):
    archive.write("a.md", date="2150-01-01T00:00:00Z")
    archive.ingest()
    row = archive.files().select("outcome", "reason", "field", "detail", "post_id").row(0)
    assert row == ("rejected", "date_is_plausible", "date", "2150-01-01", None)
    assert archive.posts().is_empty()


@EVERYWHERE
def test_a_replay_keeps_rejected_what_is_still_wrong(archive):
    archive.put("broken.md", UNCLOSED_FRONT_MATTER)
    archive.write("late.md", date="2150-01-01T00:00:00Z")
    archive.write("good.md")
    archive.ingest()
    before = archive.files()
    replay = archive.replay()
    assert (replay.kind, replay.found, replay.rejected, replay.posts, replay.balanced) == (
        "replay",
        2,
        2,
        0,
        True,
    )
    assert_frame_equal(archive.files(), before)


@EVERYWHERE
def test_a_replay_makes_posts_of_rejects_whose_cause_is_gone(archive):
    archive.write("a.md")
    archive.ingest()
    posts, file_rows = archive.posts(), archive.files()
    write_old_file_row(archive, "a.md", outcome="rejected", reason="no_title", post_id=None)
    assert archive.live_posts().is_empty()
    assert archive.replay().posts == 1
    assert_frame_equal(archive.posts(), posts)
    assert_frame_equal(archive.files(), file_rows)


def test_a_replay_of_one_reason_leaves_the_others(archive):
    archive.put("broken.md", UNCLOSED_FRONT_MATTER)
    archive.write("undated.md", date=None)
    archive.ingest()
    assert archive.replay("no_date").found == 1


@EVERYWHERE
def test_a_reject_that_is_mended_on_disk_becomes_a_post(archive):
    archive.put("a.md", UNCLOSED_FRONT_MATTER)
    archive.ingest()
    archive.write("a.md")
    assert archive.ingest().posts == 1
    assert files.rejects(open_lake(archive.lake)).is_empty()


@EVERYWHERE
def test_a_replay_does_not_hide_a_mended_file_from_the_next_ingest(archive):
    archive.put("a.md", UNCLOSED_FRONT_MATTER)
    archive.ingest()
    archive.write("a.md")
    assert archive.replay().rejected == 1
    assert archive.ingest().posts == 1


@EVERYWHERE
def test_a_replay_leaves_out_files_whose_bytes_the_lake_does_not_hold(archive):
    (archive.folder / "dangling.md").symlink_to("nowhere.md")
    archive.ingest()
    replay = archive.replay()
    assert (replay.found, replay.balanced, archive.outcomes()["dangling.md"][0]) == (0, True, "rejected")


@EVERYWHERE
def test_a_reject_whose_file_is_gone_is_not_replayed(archive):
    archive.put("a.md", UNCLOSED_FRONT_MATTER)
    archive.ingest()
    archive.remove("a.md")
    archive.ingest()
    assert archive.replay().found == 0


def test_a_replay_without_a_lake_makes_none(archive):
    with pytest.raises(LakeError, match="no lake here"):
        archive.replay()
    assert not archive.lake.exists()


@EVERYWHERE
def test_a_promoted_twin_that_is_no_post_any_more_is_not_lost_without_a_reason(archive):
    archive.write("a.md", url="https://a.example/1")
    archive.put("b.md", UNCLOSED_FRONT_MATTER)
    archive.ingest()
    file_row = archive.rows("files").filter(pl.col("path") == "a.md").row(0, named=True)
    values = {name: file_row[name] for name in ("post_id", "source_id", "published_at", "body_bytes")}
    write_old_file_row(archive, "b.md", outcome="duplicate", reason=None, **values)
    archive.remove("a.md")
    archive.ingest()
    post_rows = archive.files().filter(pl.col("outcome") == "post").select("post_id", "path")
    assert_frame_equal(post_rows, archive.live_posts().select("post_id", "path"))
