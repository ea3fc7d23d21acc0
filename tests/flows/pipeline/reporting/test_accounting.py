"""Every file has one outcome, and the counts of a run balance."""

import json
import os

import polars as pl
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from one_run import use_small_batches

COUNTS = ("found", "unchanged", "posts", "duplicates", "rejected", "ignored")


def counts(summary):
    return tuple(getattr(summary, name) for name in COUNTS)


@pytest.fixture
def every_outcome(archive):
    archive.write("post.md", url="https://a.example/1")
    archive.write("twin.md", url="https://a.example/1")
    archive.put("broken.md", b"---\ntitle: never closed\n")
    archive.put("note.md", b"no front matter")
    archive.put("empty.md", b"")
    archive.write("undated.md", date=None)
    os.mkfifo(archive.folder / "pipe.md")
    archive.put("picture.png", b"not a post")
    return archive


def test_every_file_has_one_outcome(every_outcome):
    summary = every_outcome.ingest()
    assert counts(summary) == (7, 0, 1, 1, 2, 3)
    assert summary.reasons == {
        "empty_file": 1, "front_matter_not_closed": 1, "no_date": 1, "no_front_matter": 1, "not_a_file": 1,
    }  # fmt: skip


def test_a_second_run_balances_over_every_outcome(every_outcome):
    every_outcome.ingest()
    every_outcome.write("new.md", url="https://a.example/2")
    every_outcome.remove("broken.md")
    every_outcome.remove("post.md")
    second_run = every_outcome.ingest()
    assert counts(second_run) == (6, 5, 1, 0, 0, 0)
    assert (second_run.gone, second_run.balanced) == (2, True)


def test_the_summary_of_a_run_is_its_row_in_runs(every_outcome):
    summary = every_outcome.ingest()
    row = every_outcome.rows("runs").row(0, named=True)
    assert tuple(row[name] for name in COUNTS) == counts(summary)
    assert (row["run_id"], row["balanced"], row["origins"]) == (summary.run_id, True, summary.origins)
    assert (json.loads(row["reasons"]), json.loads(row["versions"])) == (summary.reasons, summary.versions)


def test_the_versions_of_a_run_name_the_tables_at_its_end(archive):
    archive.write("a.md", url="https://a.example/1")
    archive.ingest()
    posts_of_first_run = archive.posts()
    archive.write("a.md", url="https://a.example/1", title="改了")
    last_run = archive.ingest()
    versions = json.loads(archive.rows("runs").sort("started_at")["versions"][0])
    old_posts = pl.read_delta(str(archive.lake / "posts"), version=versions["posts"])
    assert_frame_equal(old_posts.drop("run_id", "ingested_at", "version_at"), posts_of_first_run)
    assert last_run.versions == {
        name: DeltaTable(str(archive.lake / name)).version() for name in last_run.versions
    }


def test_the_examples_give_what_their_readme_says(examples):
    table = (examples.folder.parent / "README.md").read_text().partition("| found |")[2].splitlines()[2]
    expected = tuple(int(cell) for cell in table.strip("| ").split("|"))
    row = examples.rows("runs").row(0, named=True)
    assert tuple(row[name] for name in COUNTS if name != "unchanged") == expected


def test_several_batches_balance_as_one(every_outcome, monkeypatch):
    use_small_batches(monkeypatch.setattr, 1)
    assert counts(every_outcome.ingest()) == (7, 0, 1, 1, 2, 3)
    assert_frame_equal(every_outcome.posts(), every_outcome.ingest_into_new_lake().posts())


@pytest.mark.parametrize("source", ["missing", "file.md"])
def test_a_source_that_is_no_folder_is_refused_before_anything_is_written(archive, source):
    from schemas.errors import SourceError

    archive.put("file.md", b"")
    with pytest.raises(SourceError, match=source):
        archive.ingest(archive.folder, archive.folder / source)
    assert not archive.lake.exists()
