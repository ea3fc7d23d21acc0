"""The versions of the posts of a batch, from elections and stored versions: what is written, by which file."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.commit.resolve import ELECTION_SCHEMA, Resolution
from lake.commit.stored import REVISION_COLUMNS, StoredVersions
from lake.commit.versions import build_versions
from lake_rows import day, file_row, frame, post_row


def stored(current=(), withdrawn=(), reopenable=()):
    rows = [frame("revisions", *each).select(REVISION_COLUMNS) for each in (current, withdrawn, reopenable)]
    return StoredVersions(pl.DataFrame(), *rows)


def versions(files, elections, stored_versions=None, columns=("post_id", "path", "row", "version_at")):
    """Return some columns of the versions after elections (post, day of March, row in `files`)."""
    rows = [(post_id, day(on_day), row) for post_id, on_day, row in elections]
    resolution = Resolution(
        frame("files"),
        pl.DataFrame(rows, ELECTION_SCHEMA, orient="row"),
        frame("files", *files),
        pl.DataFrame(),
        pl.DataFrame(),
    )
    built = build_versions(resolution, stored_versions or stored())
    return built.sort("post_id", "version_at").select(columns).rows()


def test_a_post_without_elections_has_no_version_to_write():
    assert versions([file_row("a")], [], stored([post_row()])) == []


def test_a_first_version_begins_with_its_election_and_is_told_by_its_file():
    columns = (
        "post_id",
        "row",
        "blob",
        "origin",
        "path",
        "name",
        "version_at",
        "withdrawn_at",
        "superseded_at",
    )
    assert versions([file_row("b"), file_row("x/a")], [("p", 4, 1)], columns=columns) == [
        ("p", 1, "a", "o", "x/a", "o//a", day(4), None, None)
    ]


def test_each_election_of_another_content_is_a_version_that_supersedes_the_one_before():
    files, columns = [file_row("a"), file_row("b")], ("path", "version_at", "superseded_at", "superseded_by")
    assert versions(files, [("p", 6, 1), ("p", 4, 0)], columns=columns) == [
        ("a", day(4), day(6), "b"),
        ("b", day(6), None, None),
    ]


def test_elections_of_one_post_are_no_versions_of_another():
    files = [file_row("a"), file_row("b", "q")]
    assert versions(
        files, [("p", 4, 0), ("q", 5, 1), ("q", 6, None)], columns=("post_id", "withdrawn_at")
    ) == [
        ("p", None),
        ("q", day(6)),
    ]


def test_a_post_that_never_was_cannot_be_withdrawn():
    assert versions([], [("p", 4, None)]) == []


def test_an_edit_supersedes_the_stored_version_which_keeps_its_path():
    columns = ("path", "row", "version_at", "superseded_by")
    assert versions([file_row("b")], [("p", 4, 0)], stored([post_row(path="x/a")]), columns) == [
        ("x/a", None, day(1), "b"),
        ("b", 0, day(4), None),
    ]


def test_the_stored_content_at_another_path_is_the_stored_version_there():
    assert versions([file_row("y/a")], [("p", 4, 0)], stored([post_row(path="x/a")])) == [
        ("p", "y/a", 0, day(1))
    ]


def test_a_withdrawal_ends_the_stored_version_and_keeps_its_path():
    columns = ("path", "row", "version_at", "withdrawn_at", "superseded_at")
    assert versions([], [("p", 4, None)], stored([post_row(path="x/a")]), columns) == [
        ("x/a", None, day(1), day(4), None)
    ]


def test_a_withdrawn_post_returns_as_a_new_version():
    columns = ("row", "version_at", "withdrawn_at", "superseded_at")
    withdrawn = stored(withdrawn=[post_row(withdrawn_at=day(3))])
    assert versions([file_row("a")], [("p", 5, 0)], withdrawn, columns) == [
        (None, day(1), day(3), day(5)),
        (0, day(5), None, None),
    ]


REOPENED = {
    "is replaced by another content of its time": (
        "c",
        [("x/a", None, day(1), "c"), ("c", 0, day(4), None)],
    ),
    "was replaced by the revision itself": ("a", [("a", 0, day(1), None)]),
    "stays": ("b", [("b", 0, day(4), None)]),
}


@pytest.mark.parametrize(("path", "expected"), REOPENED.values(), ids=REOPENED)
def test_the_revision_before_a_stored_version_is_a_version_again_unless_it(path, expected):
    revision = post_row(path="x/a", superseded_at=day(4), superseded_by="b")
    before = stored([post_row(path="b", version_at=day(4))], reopenable=[revision])
    columns = ("path", "row", "version_at", "superseded_by")
    assert versions([file_row(path)], [("p", 4, 0)], before, columns) == expected


# two posts; each has up to two files of two contents
FILES = [file_row(path, post) for post in "pq" for path in (f"{post}a", f"{post}b")]
ELECTIONS = st.lists(
    st.tuples(st.sampled_from("pq"), st.integers(2, 9), st.sampled_from([0, 1, None])),
    unique_by=lambda election: election[:2],
)


@given(elections=ELECTIONS, is_stored=st.booleans(), withdrawn_on=st.none() | st.integers(2, 9))
def test_the_versions_of_a_post_follow_one_another_without_overlap(elections, is_stored, withdrawn_on):
    first = {"p": 0, "q": 2}
    rows = [(post, on_day, None if nth is None else first[post] + nth) for post, on_day, nth in elections]
    row = post_row("p", "pa", withdrawn_at=withdrawn_on and day(withdrawn_on))
    stored_versions = stored(
        [row] if is_stored and not withdrawn_on else [], [row] if is_stored and withdrawn_on else []
    )
    columns = ("post_id", "version_at", "superseded_at", "superseded_by", "blob", "withdrawn_at")
    built = versions(FILES, rows, stored_versions, columns)
    for post in "pq":
        own = [values[1:] for values in built if values[0] == post]
        assert [(until, by) for _, until, by, *_ in own] == [
            *((begins_at, blob) for begins_at, _, _, blob, _ in own[1:]),
            *[(None, None)] * bool(own),
        ]
        assert all(
            begins_at < (withdrawn_at or until or day(31)) for begins_at, until, _, _, withdrawn_at in own
        )
