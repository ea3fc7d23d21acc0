"""Count independent posts: of posts about one event, only those of one edition (folder and language) count.

An announcement in each language of a site is one event.
The URLs and checksums of a release are in all of them, but are not boilerplate. Boilerplate recurs over time,
or within one language.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from schemas.keys import stable_path

# The duration of an event, as a share of the time that the posts of a source cover, and its maximum.
EVENT_SHARE, MAX_EVENT_DURATION = 1 / 50, timedelta(days=14)
# as in hello.zh-cn.md
LANGUAGE_SUFFIX = re.compile(r"\.([a-z]{2,3}(?:[-_][a-z]{2,4})?)\.[^.]+$", re.IGNORECASE)
# the file of a page bundle: one post in a folder of its own
PAGE_BUNDLE = re.compile(r"[^/]*/_?index(?=\.[^/]*$)", re.IGNORECASE)


def edition_of(path: str) -> str:
    """Return the folder of a file and the language suffix of its name, in which translations differ."""
    folder, _, name = PAGE_BUNDLE.sub("", stable_path(path)).rpartition("/")
    language = LANGUAGE_SUFFIX.search(name)
    return f"{folder}/{language[1].lower() if language else ''}"


def event_duration(published_times: Sequence[datetime]) -> timedelta:
    """Return the duration of an event in a source, given the publication times of its posts."""
    return min((max(published_times) - min(published_times)) * EVENT_SHARE, MAX_EVENT_DURATION)


def count_independent(posts: Iterable[tuple[datetime, str]], event: timedelta) -> int:
    """Return the number of independent posts, given the publication time and the edition of each.

    Of the posts within one event, only those of the most frequent edition count.
    """
    total, event_start, editions = 0, None, Counter[str]()
    for published_at, post_edition in sorted(posts):
        if event_start is None or published_at - event_start >= event:
            total += max(editions.values(), default=0)
            event_start, editions = published_at, Counter()
        editions[post_edition] += 1
    return total + max(editions.values(), default=0)


def count_independent_by_name(
    posts: Iterable[tuple[datetime, str, Iterable[str]]], event: timedelta
) -> dict[str, int]:
    """Return the number of independent posts that contain each name.

    The posts are given as (publication time, edition, names).
    """
    posts_by_name = defaultdict[str, list[tuple[datetime, str]]](list)
    for published_at, post_edition, names in posts:
        for name in names:
            posts_by_name[name].append((published_at, post_edition))
    return {name: count_independent(each, event) for name, each in posts_by_name.items()}
