"""Who tells a post, moment by moment, as files come and go."""

import datetime as dt

import polars as pl
import pytest

from lake.commit.election import EventReplay, FileColumns
from schemas.enums import Reason
from schemas.tables import empty_table


def day(number):
    return dt.datetime(2024, 3, number, tzinfo=dt.UTC)


def row(path, post="p", *, published=1, **more):
    """Return a row of the ledger; a file that tells no post has no times and no text."""
    told = {"published_at": post and day(published), "text_chars": 5 if post else None}
    return {"origin": "o", "path": path, "post_id": post, "reason": None} | told | more


def came(at, number, path, origin="o"):
    return day(at), (origin, path), number


def went(at, path, origin="o"):
    return day(at), (origin, path), None


def files(*rows):
    schema = (
        empty_table("files")
        .select("origin", "path", "post_id", "published_at", "text_chars", "reason")
        .schema
    )
    return FileColumns.from_rows(pl.DataFrame(rows, schema=schema))


def played(rows, events, standing=0, doomed=()):
    return EventReplay(files(*rows), standing, doomed).play(list(events))


def chosen(rows, events, standing=0, doomed=()):
    """Return the choices of the post p: (day, row)."""
    choices = played(rows, events, standing, doomed).elections["p"]
    return [(at.day, number) for at, number in choices]


# Who is elected

ELECTIONS = {
    "the-latest-published": (row("a", published=1, text_chars=9), row("b", published=2, text_chars=1)),
    "then-the-longest-text": (row("a", text_chars=4), row("b", text_chars=5)),
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
    events = [came(3, number, told["path"], told["origin"]) for number, told in enumerate(rows)]
    assert chosen(rows, events) == [(3, 1 - first)]
    assert chosen(rows, [(day(3 + e[2]), *e[1:]) for e in events])[-1] == (4, 1 - first)


def test_a_post_of_1969_and_one_without_text_can_win():
    before = row("b", text_chars=0) | {"published_at": dt.datetime(1969, 7, 20, tzinfo=dt.UTC)}
    assert chosen([before], [came(3, 0, "b")]) == [(3, 0)]


def test_a_file_that_tells_no_post_chooses_nothing():
    timeline = played([row("a", post=None)], [came(3, 0, "a")])
    assert (dict(timeline.elections), timeline.live_rows) == ({}, {("o", "a"): 0})


# Moment by moment


def test_each_moment_has_its_choice():
    rows = [row("a"), row("b", published=2), row("c", published=3)]
    events = [came(5, 2, "c"), came(3, 0, "a"), went(6, "c"), came(4, 1, "b"), went(7, "b"), went(8, "a")]
    assert chosen(rows, events) == [(3, 0), (4, 1), (5, 2), (6, 1), (7, 0), (8, None)]


def test_what_happens_at_one_moment_is_one_choice():
    rows = [row("a"), row("b"), row("c")]
    events = [came(3, 2, "c"), came(3, 1, "b"), came(3, 0, "a"), went(3, "b"), went(4, "a"), came(4, 1, "d")]
    assert chosen(rows, events) == [(3, 0), (4, 1)]


def test_all_that_goes_goes_before_anything_comes():
    timeline = played([row("a"), row("a")], [came(3, 1, "a"), went(3, "a")], standing=1)
    assert (timeline.live_rows, timeline.deleted_rows) == ({("o", "a"): 1}, {})


def test_an_edit_to_another_post_leaves_the_first_to_its_twin_or_to_nobody():
    rows = [row("a", published=2), row("b"), row("a", post="q"), row("b", post="q")]
    timeline = played(rows, [came(3, 2, "a"), came(4, 3, "b")], standing=2)
    assert timeline.elections == {"p": [(day(3), 1), (day(4), None)], "q": [(day(3), 2), (day(4), 2)]}


def test_what_went_and_what_came_is_told_of_the_end_and_of_the_beginning():
    rows = [row("a"), row("b"), row("b")]
    events = [went(3, "a"), came(3, 1, "b"), went(4, "b"), came(5, 2, "b"), went(6, "never")]
    timeline = played(rows, events, standing=1)
    assert timeline.live_rows == {("o", "b"): 2}
    assert timeline.deleted_rows == {("o", "a"): (0, day(3))}
    assert timeline.added_at == {("o", "b"): day(3)}


# Files that cannot be read for a while

AWAY = Reason.UNREADABLE.value


def test_an_unreadable_file_keeps_its_post_as_it_stands():
    assert chosen([row("a"), row("a", reason=AWAY)], [came(3, 1, "a")], standing=1) == []


def test_an_unreadable_file_is_no_choice_where_there_is_another():
    rows = [row("a", published=2), row("b"), row("a", published=2, reason=AWAY)]
    assert chosen(rows, [came(3, 2, "a")], standing=2) == [(3, 1)]


def test_a_post_is_withdrawn_once_its_unreadable_file_went():
    assert chosen([row("a", reason=AWAY)], [went(4, "a")], standing=1) == [(4, None)]


def test_a_post_is_not_withdrawn_while_one_of_its_files_cannot_be_read():
    assert chosen([row("a"), row("b", reason=AWAY)], [went(4, "a")], standing=2) == []


# Files that are known to be others and are not read yet


def test_a_doomed_file_gives_way_to_one_that_has_just_come():
    rows = [row("a", published=3), row("b", published=2), row("c")]
    timeline = played(rows, [came(4, 2, "c")], standing=2, doomed=[0, 1])
    assert timeline.elections == {"p": [(day(4), 2)]}
    assert timeline.deleted_rows == {("o", "a"): (0, day(4)), ("o", "b"): (1, day(4))}


def test_a_doomed_file_stays_where_it_is_not_chosen_and_where_nothing_came():
    better = played([row("a"), row("b", published=2)], [came(4, 1, "b")], standing=1, doomed=[0])
    assert (better.elections["p"], better.deleted_rows) == ([(day(4), 1)], {})
    rows = [row("a", published=3), row("b", published=2), row("c")]
    assert chosen(rows, [went(4, "b")], standing=3, doomed=[0, 2]) == [(4, 0)]


def test_a_doomed_file_gives_way_to_the_best_that_stands():
    rows = [row("a", published=3), row("b", published=2), row("c")]
    assert chosen(rows, [came(4, 2, "c")], standing=2, doomed=[0]) == [(4, 1)]
