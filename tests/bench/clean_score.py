"""How near a cleaned text is to the gold: runs of four characters, whole blocks, and the boundaries between them."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import astuple, dataclass
from itertools import pairwise
from statistics import fmean
from typing import TypeVar

UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
# Latin, Greek and Cyrillic put spaces between words; beside any other character a space says nothing
SPACED = "0-9A-Za-z\u00aa-\u024f\u0370-\u052f"
IDLE_SPACE = re.compile(f"(?<![{SPACED}]) | (?![{SPACED}])")
BLANK_LINES = re.compile(r"\n[ \t]*\n+")
WORD = re.compile(r"\w")
GRAM_CHARS = 4
EDGE_CHARS = 8
T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Score:
    """The F1 of each measure, from 0 to 1."""

    gram: float
    block: float
    boundary: float


def score(text: str, gold: str) -> Score:
    """Score one text, which has a blank line between blocks, else a block a line; a gold has blank lines."""
    found, wanted = predicted_blocks(text), blocks_of(BLANK_LINES.split(gold))
    return Score(
        f1(grams(text), grams(gold)),
        f1(Counter(found), Counter(wanted)),
        f1(boundaries(found), boundaries(wanted)),
    )


def average(scores: Iterable[Score]) -> Score:
    """The mean of each measure over posts, every post alike."""
    return Score(*map(fmean, zip(*map(astuple, scores), strict=True)))


def normal(text: str) -> str:
    """A text without characters that are not seen and spaces that say nothing."""
    return IDLE_SPACE.sub("", " ".join(UNSEEN.sub("", text).split()))


def grams(text: str) -> Counter[str]:
    """Every run of four characters; a shorter text is one run."""
    known = normal(text)
    starts = range(max(len(known) - GRAM_CHARS + 1, 1)) if known else ()
    return Counter(known[start : start + GRAM_CHARS] for start in starts)


def predicted_blocks(text: str) -> list[str]:
    """The blocks of a text by any program: most put a blank line between them, some only a line feed."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    has_blank_lines = BLANK_LINES.search(unix.strip())
    return blocks_of(BLANK_LINES.split(unix) if has_blank_lines else unix.split("\n"))


def blocks_of(pieces: Iterable[str]) -> list[str]:
    """The pieces that hold a letter or digit, normal."""
    return [block for block in map(normal, pieces) if WORD.search(block)]


def boundaries(blocks: list[str]) -> Counter[tuple[str, str]]:
    """What stands before and after each boundary; start and end are boundaries too."""
    ends = ["^", *blocks, "$"] if blocks else []
    return Counter((before[-EDGE_CHARS:], after[:EDGE_CHARS]) for before, after in pairwise(ends))


def f1(found: Counter[T], wanted: Counter[T]) -> float:
    """The harmonic mean of precision and recall; 1 where nothing is wanted and nothing found."""
    total = found.total() + wanted.total()
    return 2 * (found & wanted).total() / total if total else 1.0
