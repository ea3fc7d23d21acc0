"""Posts about one event, such as an announcement in each language of a site.

The addresses and sums of a release stand in all of them and are text; a template recurs over time, or in one language.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from schemas.keys import stable_path

# An event lasts such a part of the time that the posts of a source cover, and two weeks at the most.
SHARE, LONGEST = 1 / 50, timedelta(days=14)
# as in hello.zh-cn.md
LANGUAGE = re.compile(r"\.([a-z]{2,3}(?:[-_][a-z]{2,4})?)\.[^.]+$", re.IGNORECASE)
# a page bundle is one post in a folder of its own
BUNDLE = re.compile(r"[^/]*/_?index(?=\.[^/]*$)", re.IGNORECASE)


def edition(path: str) -> str:
    """Return what translations of one post differ in: the folder of a file, and the language that ends its name."""
    folder, _, name = BUNDLE.sub("", stable_path(path)).rpartition("/")
    language = LANGUAGE.search(name)
    return f"{folder}/{language[1].lower() if language else ''}"


def longest(moments: Sequence[datetime]) -> timedelta:
    """Return how long an event lasts in a source, from the moments of its posts."""
    return min((max(moments) - min(moments)) * SHARE, LONGEST)


def independent(held: Iterable[tuple[datetime, str]], event: timedelta) -> int:
    """Return how many posts, of so many (moment, edition), are independent of each other.

    Of those within one event only the ones of one edition, the most frequent there, count.
    """
    number, since, editions = 0, None, Counter[str]()
    for moment, of in sorted(held):
        if since is None or moment - since >= event:
            number += max(editions.values(), default=0)
            since, editions = moment, Counter()
        editions[of] += 1
    return number + max(editions.values(), default=0)


def independents(posts: Iterable[tuple[datetime, str, Iterable[str]]], event: timedelta) -> dict[str, int]:
    """Return for each name how many independent posts, of (moment, edition, names), hold it."""
    held = defaultdict[str, list[tuple[datetime, str]]](list)
    for moment, of, names in posts:
        for name in names:
            held[name].append((moment, of))
    return {name: independent(each, event) for name, each in held.items()}
