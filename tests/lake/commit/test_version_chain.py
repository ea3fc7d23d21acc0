"""The life of one post: a table of what happened, and the versions that come of it."""

import datetime as dt
from dataclasses import replace

import pytest

from lake.commit.version_chain import Version, build_version_chain

TICK = dt.timedelta(microseconds=1)
OLD, NEW, NEWER = "old", "new", "newer"


def day(number):
    return dt.datetime(2024, 3, number, tzinfo=dt.UTC)


def stored(blob=OLD, since=2, away=None):
    return Version(None, blob, day(since), away and day(away))


def came(at, row, blob):
    return day(at), row, blob


def went(at):
    return day(at), None, None


def ended(version, until, by):
    return replace(version, superseded_at=until, superseded_by=by)


STAYED = Version(None, OLD, day(2))
CASES = {
    "nothing-of-nothing": (None, [], []),
    "nothing": (stored(), [], [STAYED]),
    "first": (None, [came(4, 7, NEW)], [Version(7, NEW, day(4))]),
    "withdrawn-before-it-came": (None, [went(4)], []),
    "came-after-a-withdrawal-of-nothing": (None, [went(4), came(5, 7, NEW)], [Version(7, NEW, day(5))]),
    "edit": (stored(), [came(4, 7, NEW)], [ended(STAYED, day(4), NEW), Version(7, NEW, day(4))]),
    "two-edits": (
        stored(),
        [came(4, 7, NEW), came(6, 8, NEWER)],
        [
            ended(STAYED, day(4), NEW),
            ended(Version(7, NEW, day(4)), day(6), NEWER),
            Version(8, NEWER, day(6)),
        ],
    ),
    "edit-and-revert": (
        stored(),
        [came(4, 7, NEW), came(6, 8, OLD)],
        [ended(STAYED, day(4), NEW), ended(Version(7, NEW, day(4)), day(6), OLD), Version(8, OLD, day(6))],
    ),
    "move": (stored(), [came(4, 7, OLD)], [Version(7, OLD, day(2))]),
    "move-and-edit": (
        stored(),
        [came(4, 7, OLD), came(6, 8, NEW)],
        [ended(Version(7, OLD, day(2)), day(6), NEW), Version(8, NEW, day(6))],
    ),
    "withdrawal": (stored(), [went(4)], [Version(None, OLD, day(2), day(4))]),
    "withdrawn-once": (stored(), [went(4), went(5)], [Version(None, OLD, day(2), day(4))]),
    "withdrawn-long-ago": (stored(away=3), [went(5)], [Version(None, OLD, day(2), day(3))]),
    "return": (
        stored(away=3),
        [came(5, 7, OLD)],
        [ended(Version(None, OLD, day(2), day(3)), day(5), OLD), Version(7, OLD, day(5))],
    ),
    "return-edited": (
        stored(),
        [went(4), came(5, 7, NEW)],
        [ended(Version(None, OLD, day(2), day(4)), day(5), NEW), Version(7, NEW, day(5))],
    ),
    "return-at-the-same-moment": (stored(), [went(4), came(4, 7, OLD)], [Version(7, OLD, day(2))]),
    "return-in-a-later-batch-of-the-same-moment": (
        stored(away=4),
        [came(4, 7, OLD)],
        [Version(7, OLD, day(2))],
    ),
    "edit-at-the-moment-of-the-withdrawal": (
        stored(away=4),
        [came(4, 7, NEW)],
        [ended(STAYED, day(4), NEW), Version(7, NEW, day(4))],
    ),
    "return-before-the-withdrawal-to-another-source": (stored(away=6), [came(4, 7, OLD)], [Version(7, OLD, day(2))]),
    "edit-before-the-withdrawal-from-another-source": (
        stored(away=6),
        [came(4, 7, NEW)],
        [ended(STAYED, day(4), NEW), Version(7, NEW, day(4))],
    ),
    "two-versions-at-one-moment": (
        stored(),
        [came(4, 7, NEW), came(4, 8, NEWER)],
        [ended(STAYED, day(4), NEWER), Version(8, NEWER, day(4))],
    ),
    "another-version-at-the-moment-of-the-stored-one": (stored(), [came(2, 7, NEW)], [Version(7, NEW, day(2))]),
    "there-and-back-at-one-moment": (stored(), [came(4, 7, NEW), came(4, 8, OLD)], [Version(8, OLD, day(2))]),
    "before-the-stored-version": (
        stored(),
        [came(1, 7, NEW)],
        [ended(STAYED, day(2) + TICK, NEW), Version(7, NEW, day(2) + TICK)],
    ),
    "two-before-the-stored-version": (
        stored(),
        [came(1, 7, NEW), came(1, 8, OLD)],
        [
            ended(STAYED, day(2) + TICK, NEW),
            ended(Version(7, NEW, day(2) + TICK), day(2) + 2 * TICK, OLD),
            Version(8, OLD, day(2) + 2 * TICK),
        ],
    ),
    "withdrawn-before-the-stored-version": (stored(), [went(1)], [Version(None, OLD, day(2), day(2) + TICK)]),
    "moved-before-the-stored-version": (stored(), [came(1, 7, OLD)], [Version(7, OLD, day(2))]),
}  # fmt: skip


@pytest.mark.parametrize(("now", "choices", "versions"), CASES.values(), ids=CASES)
def test_the_versions_of_a_post_after(now, choices, versions):
    assert build_version_chain(now, choices) == versions


# A change cut into batches: OLD gave way to NEW on the 4th, and more comes of that moment

CUT = {
    "nothing": ([], [stored(NEW, 4)]),
    "the-same": ([came(4, 7, NEW)], [Version(7, NEW, day(4))]),
    "a-better-one": ([came(4, 7, NEWER)], [ended(STAYED, day(4), NEWER), Version(7, NEWER, day(4))]),
    "the-old-one": ([came(4, 7, OLD)], [Version(7, OLD, day(2))]),
    "the-old-one-and-an-edit": (
        [came(4, 7, OLD), came(5, 8, NEWER)],
        [ended(Version(7, OLD, day(2)), day(5), NEWER), Version(8, NEWER, day(5))],
    ),
    "a-withdrawal": ([went(4)], [Version(None, OLD, day(2), day(4))]),
    "a-later-edit": ([came(5, 7, NEWER)], [ended(stored(NEW, 4), day(5), NEWER), Version(7, NEWER, day(5))]),
    "a-later-withdrawal": ([went(5)], [stored(NEW, 4, away=5)]),
}


@pytest.mark.parametrize(("choices", "versions"), CUT.values(), ids=CUT)
def test_the_versions_of_a_post_after_a_part_of_a_change(choices, versions):
    assert build_version_chain(stored(NEW, 4), choices, ended(STAYED, day(4), NEW)) == versions


def test_a_post_that_came_back_came_back_as_the_last_part_of_the_change_has_it():
    away = replace(stored(away=3), superseded_at=day(5), superseded_by=NEW)
    versions = build_version_chain(stored(NEW, 5), [came(5, 7, OLD)], away)
    assert versions == [replace(away, superseded_by=OLD), Version(7, OLD, day(5))]
