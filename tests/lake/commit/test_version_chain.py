"""The versions of one post after a list of elections and withdrawals."""

import datetime as dt
from dataclasses import replace

import pytest

from lake.commit.version_chain import Version, build_version_chain

TICK = dt.timedelta(microseconds=1)
OLD, NEW, NEWER = "old", "new", "newer"


def day(number):
    return dt.datetime(2024, 3, number, tzinfo=dt.UTC)


def stored_version(blob=OLD, since=2, withdrawn_on=None):
    return Version(None, blob, day(since), withdrawn_on and day(withdrawn_on))


def elected(on_day, row, blob):
    return day(on_day), row, blob


def withdrawn(on_day):
    return day(on_day), None, None


def superseded(version, until, by):
    return replace(version, superseded_at=until, superseded_by=by)


OLD_VERSION = Version(None, OLD, day(2))
CASES = {
    "nothing-of-nothing": (None, [], []),
    "nothing": (stored_version(), [], [OLD_VERSION]),
    "first": (None, [elected(4, 7, NEW)], [Version(7, NEW, day(4))]),
    "withdrawn-before-it-came": (None, [withdrawn(4)], []),
    "came-after-a-withdrawal-of-nothing": (None, [withdrawn(4), elected(5, 7, NEW)], [Version(7, NEW, day(5))]),
    "edit": (stored_version(), [elected(4, 7, NEW)], [superseded(OLD_VERSION, day(4), NEW), Version(7, NEW, day(4))]),
    "two-edits": (
        stored_version(),
        [elected(4, 7, NEW), elected(6, 8, NEWER)],
        [
            superseded(OLD_VERSION, day(4), NEW),
            superseded(Version(7, NEW, day(4)), day(6), NEWER),
            Version(8, NEWER, day(6)),
        ],
    ),
    "edit-and-revert": (
        stored_version(),
        [elected(4, 7, NEW), elected(6, 8, OLD)],
        [superseded(OLD_VERSION, day(4), NEW), superseded(Version(7, NEW, day(4)), day(6), OLD), Version(8, OLD, day(6))],
    ),
    "move": (stored_version(), [elected(4, 7, OLD)], [Version(7, OLD, day(2))]),
    "move-and-edit": (
        stored_version(),
        [elected(4, 7, OLD), elected(6, 8, NEW)],
        [superseded(Version(7, OLD, day(2)), day(6), NEW), Version(8, NEW, day(6))],
    ),
    "withdrawal": (stored_version(), [withdrawn(4)], [Version(None, OLD, day(2), day(4))]),
    "withdrawn-once": (stored_version(), [withdrawn(4), withdrawn(5)], [Version(None, OLD, day(2), day(4))]),
    "withdrawn-long-ago": (stored_version(withdrawn_on=3), [withdrawn(5)], [Version(None, OLD, day(2), day(3))]),
    "return": (
        stored_version(withdrawn_on=3),
        [elected(5, 7, OLD)],
        [superseded(Version(None, OLD, day(2), day(3)), day(5), OLD), Version(7, OLD, day(5))],
    ),
    "return-edited": (
        stored_version(),
        [withdrawn(4), elected(5, 7, NEW)],
        [superseded(Version(None, OLD, day(2), day(4)), day(5), NEW), Version(7, NEW, day(5))],
    ),
    "return-at-the-same-moment": (stored_version(), [withdrawn(4), elected(4, 7, OLD)], [Version(7, OLD, day(2))]),
    "return-in-a-later-batch-of-the-same-moment": (
        stored_version(withdrawn_on=4),
        [elected(4, 7, OLD)],
        [Version(7, OLD, day(2))],
    ),
    "edit-at-the-moment-of-the-withdrawal": (
        stored_version(withdrawn_on=4),
        [elected(4, 7, NEW)],
        [superseded(OLD_VERSION, day(4), NEW), Version(7, NEW, day(4))],
    ),
    "return-before-the-withdrawal-to-another-source": (stored_version(withdrawn_on=6), [elected(4, 7, OLD)], [Version(7, OLD, day(2))]),
    "edit-before-the-withdrawal-from-another-source": (
        stored_version(withdrawn_on=6),
        [elected(4, 7, NEW)],
        [superseded(OLD_VERSION, day(4), NEW), Version(7, NEW, day(4))],
    ),
    "two-versions-at-one-moment": (
        stored_version(),
        [elected(4, 7, NEW), elected(4, 8, NEWER)],
        [superseded(OLD_VERSION, day(4), NEWER), Version(8, NEWER, day(4))],
    ),
    "another-version-at-the-moment-of-the-stored-one": (stored_version(), [elected(2, 7, NEW)], [Version(7, NEW, day(2))]),
    "there-and-back-at-one-moment": (stored_version(), [elected(4, 7, NEW), elected(4, 8, OLD)], [Version(8, OLD, day(2))]),
    "before-the-stored-version": (
        stored_version(),
        [elected(1, 7, NEW)],
        [superseded(OLD_VERSION, day(2) + TICK, NEW), Version(7, NEW, day(2) + TICK)],
    ),
    "two-before-the-stored-version": (
        stored_version(),
        [elected(1, 7, NEW), elected(1, 8, OLD)],
        [
            superseded(OLD_VERSION, day(2) + TICK, NEW),
            superseded(Version(7, NEW, day(2) + TICK), day(2) + 2 * TICK, OLD),
            Version(8, OLD, day(2) + 2 * TICK),
        ],
    ),
    "withdrawn-before-the-stored-version": (stored_version(), [withdrawn(1)], [Version(None, OLD, day(2), day(2) + TICK)]),
    "moved-before-the-stored-version": (stored_version(), [elected(1, 7, OLD)], [Version(7, OLD, day(2))]),
}  # fmt: skip


@pytest.mark.parametrize(("current", "choices", "versions"), CASES.values(), ids=CASES)
def test_the_versions_of_a_post_after(current, choices, versions):
    assert build_version_chain(current, choices) == versions


# A change that is split into batches: NEW replaced OLD on the 4th, and a second batch has events of the same moment

SECOND_PART_CASES = {
    "nothing": ([], [stored_version(NEW, 4)]),
    "the-same": ([elected(4, 7, NEW)], [Version(7, NEW, day(4))]),
    "a-better-one": (
        [elected(4, 7, NEWER)],
        [superseded(OLD_VERSION, day(4), NEWER), Version(7, NEWER, day(4))],
    ),
    "the-old-one": ([elected(4, 7, OLD)], [Version(7, OLD, day(2))]),
    "the-old-one-and-an-edit": (
        [elected(4, 7, OLD), elected(5, 8, NEWER)],
        [superseded(Version(7, OLD, day(2)), day(5), NEWER), Version(8, NEWER, day(5))],
    ),
    "a-withdrawal": ([withdrawn(4)], [Version(None, OLD, day(2), day(4))]),
    "a-later-edit": (
        [elected(5, 7, NEWER)],
        [superseded(stored_version(NEW, 4), day(5), NEWER), Version(7, NEWER, day(5))],
    ),
    "a-later-withdrawal": ([withdrawn(5)], [stored_version(NEW, 4, withdrawn_on=5)]),
}


@pytest.mark.parametrize(("choices", "versions"), SECOND_PART_CASES.values(), ids=SECOND_PART_CASES)
def test_the_versions_of_a_post_after_a_part_of_a_change(choices, versions):
    assert (
        build_version_chain(stored_version(NEW, 4), choices, superseded(OLD_VERSION, day(4), NEW)) == versions
    )


def test_a_post_that_came_back_came_back_as_the_last_part_of_the_change_has_it():
    withdrawn_version = replace(stored_version(withdrawn_on=3), superseded_at=day(5), superseded_by=NEW)
    versions = build_version_chain(stored_version(NEW, 5), [elected(5, 7, OLD)], withdrawn_version)
    assert versions == [replace(withdrawn_version, superseded_by=OLD), Version(7, OLD, day(5))]
