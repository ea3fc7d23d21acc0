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


def measure_costs(folder: Path, every: int, runs: int) -> Costs:
    """Return the cost of all cleaners on a corpus; the slow ones are measured on every n-th post."""
    paths = sorted(path for path in corpus.files(folder) if path.suffix in ENDINGS)
    posts = list(pages(paths))
    sample = posts[::every]
    seconds, failures = measure_cleaners(posts, sample, runs)
    chars = total_chars(posts)
    scale = chars / total_chars(sample)
    by_name = dict[str, Cost]()
    for name, cpu_seconds in seconds.items():
        total_seconds = cpu_seconds * scale if name in SLOW else cpu_seconds
        by_name[name] = Cost(
            total_seconds,
            total_seconds / seconds[FLOOR],
            failures[name],
            is_sampled=scale > 1 and name in SLOW,
        )
    return Costs(len(posts), len(sample), chars, by_name)


def total_chars(posts: list[Page]) -> int:
    return sum(len(post.html) for post in posts)


def measure_cleaners(
    posts: list[Page], sample: list[Page], runs: int
) -> tuple[dict[str, float], dict[str, int]]:
    """Return median seconds and failures by cleaner.

    Each round starts with another cleaner, so that none is always first.
    """
    cleaners = TIMED | OTHERS
    runs_of_cleaners = [
        (name, cleaner, sample if name in SLOW else posts) for name, cleaner in cleaners.items()
    ]
    for _, cleaner, _ in runs_of_cleaners:
        measure_seconds(cleaner, sample[:50])
    seconds, failures = dict[str, list[float]](), dict[str, int]()
    for turn in range(runs):
        first = turn % len(runs_of_cleaners)
        for name, cleaner, cleaner_posts in runs_of_cleaners[first:] + runs_of_cleaners[:first]:
            cpu_seconds, failures[name] = measure_seconds(cleaner, cleaner_posts)
            seconds.setdefault(name, []).append(cpu_seconds)
            print(f"{turn + 1}/{runs} {name}: {cpu_seconds:.2f} s", file=sys.stderr)
    return {name: median(cpu_seconds) for name, cpu_seconds in seconds.items()}, failures


def measure_seconds(cleaner: Cleaner, posts: list[Page]) -> tuple[float, int]:
    """Return the CPU seconds of a cleaner for posts, and the number of failures."""
    gc.collect()
    started_at = time.process_time()
    failures = sum(cleaner(post) is None for post in posts)
    return time.process_time() - started_at, failures


def nested_body(count: int) -> str:
    return "<div>" * count + LINE + "</div>" * count


def sibling_body(count: int) -> str:
    return f"<p>{LINE}</p>\n" * count


def paragraph_body(size_bytes: int) -> str:
    return PARAGRAPH * (size_bytes // len(PARAGRAPH.encode()))


def one_line_body(size_bytes: int) -> str:
    return LINE * (size_bytes // len(LINE.encode()))


HARD_BODIES: dict[str, tuple[Callable[[int], str], int]] = {
    "100,000 nested `<div>`": (nested_body, 100_000),
    "100,000 sibling `<p>`": (sibling_body, 100_000),
    "body of 5 MB": (paragraph_body, 5_000_000),
    "one line of 1 MB": (one_line_body, 1_000_000),
}


def measure_hard_bodies() -> Iterator[tuple[str, float, float]]:
    """Yield the CPU seconds of our cleaner for half of each difficult body, and for all of it.

    If cleaning is linear, the second number is twice the first.
    """
    for name, (body, size) in HARD_BODIES.items():
        half, full = (median(measure_own_seconds(body(part)) for _ in range(3)) for part in (size // 2, size))
        yield name, half, full


def measure_own_seconds(body: str) -> float:
    """Return the CPU seconds of our cleaner for one body; a failure raises."""
    page = Page("hard.md", "一盏灯", None, body, body, document("一盏灯", body))
    started_at = time.process_time()
    ours(page)
    return time.process_time() - started_at
