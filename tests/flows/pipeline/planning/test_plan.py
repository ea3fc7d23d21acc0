"""The plan of a run: which files are read, which are known, at what time, and what the checkpoints say."""

import datetime as dt
from dataclasses import replace

import polars as pl
import pytest

from flows.pipeline.planning import plan as plans
from flows.pipeline.planning.changes import FILE_SCHEMA
from flows.pipeline.planning.plan import (
    MICROSECOND,
    Plan,
    ShrunkenSource,
    choose_effective_at,
    plan_ingest,
    plan_replay,
)
from lake.batch import KEY, Checkpoint, Run
from lake.create import create_lake
from lake_rows import day, file_row, frame, store, write_raw
from listed_source import ListedSource, listed
from schemas.enums import Outcome, RunKind
from schemas.keys import blob_id

RUN = Run("now", day(20))
CONTENT = b"0123456789"
BLOB = blob_id(CONTENT)


@pytest.fixture
def lake(tmp_path):
    return create_lake(tmp_path / "lake", None)


def in_git(path, blob, **columns):
    return file_row(path, blob=blob, mtime_ns=None) | columns


def reject(path, blob, reason="no_date", **columns):
    return in_git(path, blob, outcome=Outcome.REJECTED.value, reason=reason, post_id=None) | columns


def plan(lake, *files, verify=False, **contents):
    return plan_ingest(lake, RUN, [ListedSource(list(files), contents=contents)], verify=verify)


def rows(files, *columns):
    return [row for part in files for row in part.select(columns).rows()]


def parsed_by(rows):
    """Return path, run and time of reading of files."""
    return rows.sort("path").select("path", "run_id", "read_at").rows()


# What is read


def test_files_are_read_by_name_whatever_their_folder(lake):
    files = [listed(path, blob=path) for path in ("x/b", "z/a", "y/b", "y/c")]
    files = plan(lake, *files).changes.files
    assert rows(files, "path") == [("z/a",), ("x/b",), ("y/b",), ("y/c",)]


def test_files_are_sorted_in_parts(lake, monkeypatch):
    monkeypatch.setattr(plans, "SORTED_TOGETHER", 100)
    paths = [f"{folder}/{number % 97}" for folder in "ba" for number in range(500)]
    files = plan(lake, *[listed(path, blob=path) for path in dict.fromkeys(paths)]).changes.files
    expected = sorted(set(paths), key=lambda path: (path.rpartition("/")[2], path))
    assert rows(files, "row", "path") == list(enumerate(expected))


def test_an_unchanged_file_is_found_and_neither_read_nor_known(lake):
    store(lake, "files", in_git("a", "a"))
    planned = plan(lake, listed("a", "a"))
    assert (planned.file_count, planned.changes.is_empty) == (1, True)


def test_an_edited_file_is_read_and_not_deleted(lake):
    store(lake, "files", in_git("a", "a"))
    planned = plan(lake, listed("a", "b"))
    assert (planned.todo.select("path", "blob").rows(), planned.deleted.height) == ([("a", "b")], 0)


def test_a_copy_of_a_known_content_is_not_read_and_is_of_this_run(lake):
    store(lake, "files", in_git("x/a", "a"))
    planned = plan(lake, listed("x/a", "a"), listed("y/a", "a"))
    assert (planned.todo.height, planned.moved) == (0, 0)
    assert parsed_by(planned.already_parsed) == [("y/a", "now", day(20))]


@pytest.mark.parametrize("row", [in_git("x/b", "a"), reject("x/a", "a", "too_large"), reject("x/a", "a", "parser_error")],
                         ids=["another name", "whose bytes were not read", "at which other code failed"])  # fmt: skip
def test_a_content_is_not_known_by_a_file(lake, row):
    store(lake, "files", row)
    planned = plan(lake, listed(row["path"], "a"), listed("y/a", "a"))
    assert "y/a" in planned.todo["path"].to_list()


def test_a_moved_file_is_of_the_run_that_read_it_and_its_old_path_is_deleted(lake):
    store(lake, "files", in_git("x/a", "a", run_id="old", read_at=day(2)))
    planned = plan(lake, listed("y/a", "a"))
    assert (planned.moved, planned.deleted.rows()) == (1, [("o", "x/a", day(20))])
    assert parsed_by(planned.already_parsed) == [("y/a", "old", day(2))]


def test_of_two_copies_of_one_deleted_file_one_has_moved(lake):
    store(lake, "files", in_git("x/a", "a"))
    planned = plan(lake, listed("z/a", "a"), listed("y/a", "a"))
    assert planned.moved == 1
    assert parsed_by(planned.already_parsed) == [("y/a", "old", day(1)), ("z/a", "now", day(20))]


def test_a_content_that_leaves_one_origin_for_another_has_not_moved(lake):
    store(lake, "files", in_git("x/a", "a"))
    other = ListedSource([listed("x/a", "a")._replace(origin="/n/o")], origin="/n/o")
    planned = plan_ingest(lake, RUN, [ListedSource(), other], verify=False)
    assert (planned.moved, planned.deleted["origin"].to_list()) == (0, ["o"])
    assert planned.already_parsed.select("origin", "run_id").rows() == [("/n/o", "now")]


def test_a_touched_file_is_known_once_it_is_hashed_and_is_of_the_run_that_read_it(lake):
    store(lake, "files", file_row("a", blob=BLOB, mtime_ns=1, read_at=day(2)))
    planned = plan(lake, listed("a", mtime_ns=2), a=CONTENT)
    assert (planned.todo.height, planned.deleted.height, planned.moved) == (0, 0, 0)
    assert planned.already_parsed.select("mtime_ns", "run_id", "read_at").rows() == [(2, "old", day(2))]


def test_a_file_that_proves_to_be_unchanged_is_neither_read_nor_written(lake):
    store(lake, "files", file_row("a", blob=BLOB, mtime_ns=1))
    planned = plan(lake, listed("a"), verify=True, a=CONTENT)
    assert (planned.file_count, planned.changes.is_empty) == (1, True)


def test_a_file_that_changed_unseen_is_read_where_contents_are_verified(lake):
    store(lake, "files", file_row("a", blob=BLOB, mtime_ns=1))
    assert plan(lake, listed("a"), verify=True, a=b"9876543210").todo["path"].to_list() == ["a"]


def test_each_change_has_the_time_of_its_origin(lake):
    store(lake, "files", in_git("gone", "a", origin="n"))
    sources = [
        ListedSource([listed("a", "b")]),
        ListedSource(
            [listed("x/gone", "a")._replace(origin="n")], origin="n", commit_id="c", committed_at=day(5)
        ),
    ]
    changes = plan_ingest(lake, RUN, sources, verify=False).changes
    assert rows(changes.files, "path", "seen_at") == [("a", day(20))]
    assert changes.known_files.select("path", "first_seen_at", "outcome").rows() == [("x/gone", day(5), None)]
    assert changes.deleted.rows() == [("n", "gone", day(5))]


# The time of a source

EFFECTIVE_TIMES = {
    "no-history": (None, Checkpoint(), day(20)),
    "first-load": (day(5), Checkpoint(), day(5)),
    "commit-of-the-future": (day(21), Checkpoint(), day(20)),
    "commit-of-now": (day(20), Checkpoint(), day(20)),
    "next-commit": (day(5), Checkpoint("c0", day(4), is_complete=True), day(5)),
    "the-same-commit": (day(5), Checkpoint("c1", day(4), is_complete=True), day(4)),
    "no-time-recorded": (day(5), Checkpoint("c0", None, is_complete=True), day(5)),
    "commit-of-the-same-second": (day(5), Checkpoint("c0", day(5), is_complete=True), day(5) + MICROSECOND),
    "a-second-before": (day(5), Checkpoint("c0", day(5) + dt.timedelta(seconds=1), is_complete=True), day(20)),
    "older-commit": (day(3), Checkpoint("c0", day(4), is_complete=True), day(20)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("committed_at", "checkpoint", "expected"), EFFECTIVE_TIMES.values(), ids=EFFECTIVE_TIMES
)
def test_the_time_of_a_source_is(lake, committed_at, checkpoint, expected):
    source = ListedSource(commit_id="c1", committed_at=committed_at)
    assert choose_effective_at(lake, source, checkpoint, RUN) == expected


@pytest.mark.parametrize(("last_event", "expected"), [(5, 5), (6, 20)], ids=["not-after", "after"])
@pytest.mark.parametrize("column", ["first_seen_at", "gone_at"])
def test_an_unfinished_commit_has_its_time_unless_an_event_is(lake, column, last_event, expected):
    store(lake, "files", in_git("a", "a") | {column: day(last_event)})
    source = ListedSource(commit_id="c1", committed_at=day(5))
    assert choose_effective_at(lake, source, Checkpoint("c0", day(4)), RUN) == day(expected)


# Replays


@pytest.fixture
def lake_with_rejects(lake):
    """Return a lake with four rejects, of which the bytes of two are in table raw, and that file of raw."""
    rows = (
        reject("b", "b"),
        reject("a", "a", "no_title", read_at=day(9)),
        reject("lost", "lost"),
        reject("gone", "a", gone_at=day(2)),
    )
    store(lake, "files", *rows, in_git("post", "b"), reject("unreadable", None, "unreadable"))
    raw_file = write_raw(lake.folder("raw"), a=b"a" * 5, b=b"b" * 6)
    lake.commit("raw", [raw_file])
    return lake, raw_file.path  # fmt: skip


def test_a_replay_reads_the_rejects_whose_bytes_are_stored_from_table_raw(lake_with_rejects):
    lake, raw_path = lake_with_rejects
    planned = plan_replay(lake, RUN, [], reasons=[], since=None)
    columns = ("path", "size", "problem", "blob", "part")
    assert planned.todo.select(columns).rows() == [
        ("a", 5, None, "a", raw_path),
        ("b", 6, None, "b", raw_path),
    ]
    assert (planned.file_count, planned.scope.rows()) == (2, [("o", "a"), ("o", "b")])
    assert planned.effective_times == {"o": day(20)}


SELECTIONS = {
    "a-reason": ({"reasons": ["no_title"], "since": None}, ["a"]),
    "a-day": ({"reasons": [], "since": dt.date(2024, 3, 9)}, ["a"]),
    "nothing": ({"reasons": ["no_date"], "since": dt.date(2024, 3, 9)}, []),
}


@pytest.mark.parametrize(("selection", "paths"), SELECTIONS.values(), ids=SELECTIONS)
def test_a_replay_is_of(lake_with_rejects, selection, paths):
    planned = plan_replay(lake_with_rejects[0], RUN, [], **selection)
    assert rows(planned.changes.files, "path") == [(path,) for path in paths]


# Checkpoints

NO_FILES = pl.DataFrame(schema=FILE_SCHEMA)
CHECKPOINTS = {
    "o": Checkpoint("c0", day(4), is_complete=True),
    "n": Checkpoint("d0", day(5), is_complete=True),
    "half": Checkpoint("e0", day(6)),
}
INGEST = Plan(RunKind.INGEST, [ListedSource(commit_id="c1")], 0, NO_FILES, {"o": day(7)})
SOME_FILES = frame("files", in_git("a", "a")).select(KEY)


def completeness(checkpoints):
    return {origin: (checkpoint.commit, checkpoint.is_complete) for origin, checkpoint in checkpoints.items()}


def test_while_a_run_works_the_checkpoints_of_its_origins_are_incomplete():
    assert completeness(INGEST.checkpoints_during(CHECKPOINTS)) == {
        "o": ("c0", False),
        "n": ("d0", True),
        "half": ("e0", False),
    }


@pytest.mark.parametrize(("commit_id", "is_complete"), [("c1", False), ("c0", True)], ids=["other", "same"])
def test_a_run_of_some_files_at_that_commit_leaves_a_checkpoint_complete(commit_id, is_complete):
    planned = replace(INGEST, sources=[ListedSource(commit_id=commit_id)], scope=SOME_FILES)
    assert planned.checkpoints_during(CHECKPOINTS)["o"] == replace(CHECKPOINTS["o"], is_complete=is_complete)
    assert planned.checkpoints_after(CHECKPOINTS) == planned.checkpoints_during(CHECKPOINTS)


def test_after_a_run_its_origins_are_complete_at_their_commits_and_the_others_as_before():
    advanced = {"o": Checkpoint("c1", day(7), is_complete=True)}
    assert INGEST.checkpoints_after(CHECKPOINTS) == CHECKPOINTS | advanced


@pytest.mark.parametrize(
    ("shrunken", "excluding"), [([ShrunkenSource("o", 20, 30)], []), ([], ["o"])], ids=["shrank", "vanished"]
)
def test_an_origin_does_not_advance_that(shrunken, excluding):
    planned = replace(INGEST, shrunken_sources=shrunken)
    checkpoints = planned.checkpoints_after(CHECKPOINTS, excluding=excluding)
    assert completeness(checkpoints)["o"] == ("c0", False)
