"""The cost of cleaning: CPU seconds of every cleaner on the same posts, and of ours on difficult bodies."""

import gc
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import corpus
from clean_pages import Page, document, pages
from clean_systems import FLOOR, OTHERS, SLOW, TIMED, Cleaner, ours
from posts.formats import ENDINGS

LINE = "渡口的红绿灯照常亮着。"
PARAGRAPH = f'<div class="entry"><p>{LINE}<b>灯下</b>没有<a href="/a">过河的人</a>。<br>{LINE}</p></div>\n'


@dataclass(frozen=True)
class Cost:
    """The CPU seconds of a cleaner for all posts, their ratio to the floor, and the number of failures."""

    seconds: float
    ratio: float
    failures: int
    is_sampled: bool


@dataclass(frozen=True)
class Costs:
    """The cost of every cleaner, and the number of posts and characters."""

    posts: int
    sampled: int
    chars: int
    by_name: dict[str, Cost]


def costs(folder: Path, every: int, runs: int) -> Costs:
    """Return the cost of all cleaners on a corpus; the slow ones are measured on every n-th post."""
    paths = sorted(path for path in corpus.files(folder) if path.suffix in ENDINGS)
    posts = list(pages(paths))
    sample = posts[::every]
    seconds, failures = measured(posts, sample, runs)
    chars = total_chars(posts)
    scale = chars / total_chars(sample)
    by_name = dict[str, Cost]()
    for name, spent in seconds.items():
        whole = spent * scale if name in SLOW else spent
        by_name[name] = Cost(
            whole, whole / seconds[FLOOR], failures[name], is_sampled=scale > 1 and name in SLOW
        )
    return Costs(len(posts), len(sample), chars, by_name)


def total_chars(posts: list[Page]) -> int:
    return sum(len(post.html) for post in posts)


def measured(posts: list[Page], sample: list[Page], runs: int) -> tuple[dict[str, float], dict[str, int]]:
    """Return median seconds and failures by cleaner.

    Each round starts with another cleaner, so that none is always first.
    """
    cleaners = TIMED | OTHERS
    work = [(name, cleaner, sample if name in SLOW else posts) for name, cleaner in cleaners.items()]
    for _, cleaner, _ in work:
        seconds_of(cleaner, sample[:50])
    seconds, failures = dict[str, list[float]](), dict[str, int]()
    for turn in range(runs):
        first = turn % len(work)
        for name, cleaner, its_posts in work[first:] + work[:first]:
            spent, failures[name] = seconds_of(cleaner, its_posts)
            seconds.setdefault(name, []).append(spent)
            print(f"{turn + 1}/{runs} {name}: {spent:.2f} s", file=sys.stderr)
    return {name: median(spent) for name, spent in seconds.items()}, failures


def seconds_of(cleaner: Cleaner, posts: list[Page]) -> tuple[float, int]:
    """Return the CPU seconds of a cleaner for posts, and the number of failures."""
    gc.collect()
    begun = time.process_time()
    failures = sum(cleaner(post) is None for post in posts)
    return time.process_time() - begun, failures


def nested(count: int) -> str:
    return "<div>" * count + LINE + "</div>" * count


def siblings(count: int) -> str:
    return f"<p>{LINE}</p>\n" * count


def paragraphs(size_bytes: int) -> str:
    return PARAGRAPH * (size_bytes // len(PARAGRAPH.encode()))


def one_line(size_bytes: int) -> str:
    return LINE * (size_bytes // len(LINE.encode()))


HARD: dict[str, tuple[Callable[[int], str], int]] = {
    "100,000 nested `<div>`": (nested, 100_000),
    "100,000 sibling `<p>`": (siblings, 100_000),
    "body of 5 MB": (paragraphs, 5_000_000),
    "one line of 1 MB": (one_line, 1_000_000),
}


def hard() -> Iterator[tuple[str, float, float]]:
    """Yield the CPU seconds of our cleaner for half of each difficult body, and for all of it.

    If cleaning is linear, the second number is twice the first.
    """
    for name, (body, size) in HARD.items():
        half, whole = (median(seconds_of_ours(body(part)) for _ in range(3)) for part in (size // 2, size))
        yield name, half, whole


def seconds_of_ours(body: str) -> float:
    """Return the CPU seconds of our cleaner for one body; a failure raises."""
    page = Page("hard.md", "一盏灯", None, body, body, document("一盏灯", body))
    begun = time.process_time()
    ours(page)
    return time.process_time() - begun
