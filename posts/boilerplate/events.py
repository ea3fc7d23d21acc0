"""Posts about one event, such as an announcement in each language of a site.

The addresses and sums of a release stand in all of them and are text; a template recurs over time, or in one language.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from schemas.keys import stable_path

# An event lasts such a part of the time that the posts of a source cover, and two weeks at the most.
EVENT_SHARE, MAX_EVENT_DURATION = 1 / 50, timedelta(days=14)
# as in hello.zh-cn.md
LANGUAGE_SUFFIX = re.compile(r"\.([a-z]{2,3}(?:[-_][a-z]{2,4})?)\.[^.]+$", re.IGNORECASE)
# a page bundle is one post in a folder of its own
PAGE_BUNDLE = re.compile(r"[^/]*/_?index(?=\.[^/]*$)", re.IGNORECASE)


def edition_of(path: str) -> str:
    """Return what translations of one post differ in: the folder of a file, and the language that ends its name."""
    folder, _, name = PAGE_BUNDLE.sub("", stable_path(path)).rpartition("/")
    language = LANGUAGE_SUFFIX.search(name)
    return f"{folder}/{language[1].lower() if language else ''}"


def event_duration(published_times: Sequence[datetime]) -> timedelta:
    """Return how long an event lasts in a source, from the moments of its posts."""
    return min((max(published_times) - min(published_times)) * EVENT_SHARE, MAX_EVENT_DURATION)


def count_independent(posts: Iterable[tuple[datetime, str]], event: timedelta) -> int:
    """Return how many posts, of so many (moment, edition), are independent of each other.

    Of those within one event only the ones of one edition, the most frequent there, count.
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
    """Return for each name how many independent posts, of (moment, edition, names), hold it."""
    posts_by_name = defaultdict[str, list[tuple[datetime, str]]](list)
    for published_at, post_edition, names in posts:
        for name in names:
            posts_by_name[name].append((published_at, post_edition))
    return {name: count_independent(each, event) for name, each in posts_by_name.items()}
