"""Which file is elected for a post at each moment, while files are added and deleted."""

import datetime as dt

import polars as pl
import pytest

from lake.commit.election import EventReplay, FileColumns
from schemas.enums import Reason
from schemas.tables import empty_table


def day(number):
    return dt.datetime(2024, 3, number, tzinfo=dt.UTC)


def row(path, post="p", *, published=1, **columns):
    """Return a row of table files; a file that is no post has no time and no text."""
    values = {"published_at": post and day(published), "body_bytes": 5 if post else None}
    return {"origin": "o", "path": path, "post_id": post, "reason": None} | values | columns


def added(on_day, row_number, path, origin="o"):
    return day(on_day), (origin, path), row_number


def deleted(on_day, path, origin="o"):
    return day(on_day), (origin, path), None


def files(*rows):
    schema = (
        empty_table("files")
        .select("origin", "path", "post_id", "published_at", "body_bytes", "reason")
        .schema
    )
    return FileColumns.from_rows(pl.DataFrame(rows, schema=schema))


def replay_events(rows, events, standing=0):
    return EventReplay(files(*rows), standing).play(list(events))


def choices_of_p(rows, events, standing=0):
    """Return the elections of post p: (day, row number)."""
    choices = replay_events(rows, events, standing).elections["p"]
    return [(moment.day, row_number) for moment, row_number in choices]


# The elected file

ELECTIONS = {
    "the-latest-published": (row("a", published=1, body_bytes=9), row("b", published=2, body_bytes=1)),
    "then-the-largest-body": (row("a", body_bytes=4), row("b", body_bytes=5)),
    "then-the-first-path": (row("b", origin="a"), row("a", origin="b")),
    "then-the-first-origin": (row("a", origin="n"), row("a", origin="m")),
    "in-byte-order": (row("é"), row("z")),
    "with-capitals-first": (row("a"), row("B")),
    "and-emoji-after-all-else": (row("\U0001f3ee"), row("\uff5e")),
}


@pytest.mark.parametrize(("loser", "winner"), ELECTIONS.values(), ids=ELECTIONS)
@pytest.mark.parametrize("first", [0, 1], ids=["loser-first", "winner-first"])
def test_of_the_files_that_tell_a_post_wins(loser, winner, first):
    rows = [loser, winner] if first == 0 else [winner, loser]
    events = [added(3, number, file_row["path"], file_row["origin"]) for number, file_row in enumerate(rows)]
    assert choices_of_p(rows, events) == [(3, 1 - first)]
    assert choices_of_p(rows, [(day(3 + e[2]), *e[1:]) for e in events])[-1] == (4, 1 - first)


def test_a_post_of_1969_and_one_without_text_can_win():
    old_row = row("b", body_bytes=0) | {"published_at": dt.datetime(1969, 7, 20, tzinfo=dt.UTC)}
    assert choices_of_p([old_row], [added(3, 0, "b")]) == [(3, 0)]


def test_a_file_that_tells_no_post_chooses_nothing():
    timeline = replay_events([row("a", post=None)], [added(3, 0, "a")])
    assert (dict(timeline.elections), timeline.live_rows) == ({}, {("o", "a"): 0})


# Elections over time


def test_each_moment_has_its_choice():
    rows = [row("a"), row("b", published=2), row("c", published=3)]
    events = [
        added(5, 2, "c"),
        added(3, 0, "a"),
        deleted(6, "c"),
        added(4, 1, "b"),
        deleted(7, "b"),
        deleted(8, "a"),
    ]
    assert choices_of_p(rows, events) == [(3, 0), (4, 1), (5, 2), (6, 1), (7, 0), (8, None)]


def test_what_happens_at_one_moment_is_one_choice():
    rows = [row("a"), row("b"), row("c")]
    events = [
        added(3, 2, "c"),
        added(3, 1, "b"),
        added(3, 0, "a"),
        deleted(3, "b"),
        deleted(4, "a"),
        added(4, 1, "d"),
    ]
    assert choices_of_p(rows, events) == [(3, 0), (4, 1)]


def test_all_that_goes_goes_before_anything_comes():
    timeline = replay_events([row("a"), row("a")], [added(3, 1, "a"), deleted(3, "a")], standing=1)
    assert (timeline.live_rows, timeline.deleted_rows) == ({("o", "a"): 1}, {})


def test_an_edit_to_another_post_leaves_the_first_to_its_twin_or_to_nobody():
    rows = [row("a", published=2), row("b"), row("a", post="q"), row("b", post="q")]
    timeline = replay_events(rows, [added(3, 2, "a"), added(4, 3, "b")], standing=2)
    assert timeline.elections == {"p": [(day(3), 1), (day(4), None)], "q": [(day(3), 2), (day(4), 2)]}


def test_what_went_and_what_came_is_told_of_the_end_and_of_the_beginning():
    rows = [row("a"), row("b"), row("b")]
    events = [deleted(3, "a"), added(3, 1, "b"), deleted(4, "b"), added(5, 2, "b"), deleted(6, "never")]
    timeline = replay_events(rows, events, standing=1)
    assert timeline.live_rows == {("o", "b"): 2}
    assert timeline.deleted_rows == {("o", "a"): (0, day(3))}
    assert timeline.added_at == {("o", "b"): day(3)}


# Files that cannot be read for a while

UNREADABLE = Reason.UNREADABLE.value


def test_an_unreadable_file_keeps_its_post_as_it_stands():
    assert choices_of_p([row("a"), row("a", reason=UNREADABLE)], [added(3, 1, "a")], standing=1) == []


def test_an_unreadable_file_is_no_choice_where_there_is_another():
    rows = [row("a", published=2), row("b"), row("a", published=2, reason=UNREADABLE)]
    assert choices_of_p(rows, [added(3, 2, "a")], standing=2) == [(3, 1)]


def test_a_post_is_withdrawn_once_its_unreadable_file_went():
    assert choices_of_p([row("a", reason=UNREADABLE)], [deleted(4, "a")], standing=1) == [(4, None)]


def test_a_post_is_not_withdrawn_while_one_of_its_files_cannot_be_read():
    assert choices_of_p([row("a"), row("b", reason=UNREADABLE)], [deleted(4, "a")], standing=2) == []
