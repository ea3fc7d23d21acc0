"""Similarity of a cleaned text to the gold text: 4-grams of characters, blocks, and block boundaries."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import astuple, dataclass
from itertools import pairwise
from statistics import fmean
from typing import TypeVar

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
# Latin, Greek and Cyrillic put spaces between words; next to any other character a space has no meaning
SPACED = "0-9A-Za-z\u00aa-\u024f\u0370-\u052f"
MEANINGLESS_SPACE = re.compile(f"(?<![{SPACED}]) | (?![{SPACED}])")
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
    """Return the score of one text.

    The text has blank lines between blocks, or else one block per line. The gold text always has blank lines.
    """
    blocks, gold_blocks = predicted_blocks(text), blocks_of(BLANK_LINES.split(gold))
    return Score(
        f1(grams(text), grams(gold)),
        f1(Counter(blocks), Counter(gold_blocks)),
        f1(boundaries(blocks), boundaries(gold_blocks)),
    )


def average(scores: Iterable[Score]) -> Score:
    """Return the mean of each measure over posts, with equal weights."""
    return Score(*map(fmean, zip(*map(astuple, scores), strict=True)))


def normalize(text: str) -> str:
    """Return a text without invisible characters and meaningless spaces."""
    return MEANINGLESS_SPACE.sub("", " ".join(INVISIBLE.sub("", text).split()))


def grams(text: str) -> Counter[str]:
    """Return the counts of all 4-grams of characters; a shorter text is one gram."""
    normalized = normalize(text)
    starts = range(max(len(normalized) - GRAM_CHARS + 1, 1)) if normalized else ()
    return Counter(normalized[start : start + GRAM_CHARS] for start in starts)


def predicted_blocks(text: str) -> list[str]:
    """Return the blocks of a text from any program: most put a blank line between them, some a line feed."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    has_blank_lines = BLANK_LINES.search(unix.strip())
    return blocks_of(BLANK_LINES.split(unix) if has_blank_lines else unix.split("\n"))


def blocks_of(pieces: Iterable[str]) -> list[str]:
    """Return the normalized pieces that contain a letter or digit."""
    return [block for block in map(normalize, pieces) if WORD.search(block)]


def boundaries(blocks: list[str]) -> Counter[tuple[str, str]]:
    """Return the counts of the texts before and after each boundary, including the start and the end."""
    ends = ["^", *blocks, "$"] if blocks else []
    return Counter((before[-EDGE_CHARS:], after[:EDGE_CHARS]) for before, after in pairwise(ends))


def f1(actual: Counter[T], expected: Counter[T]) -> float:
    """Return the harmonic mean of precision and recall; 1 if both counters are empty."""
    total = actual.total() + expected.total()
    return 2 * (actual & expected).total() / total if total else 1.0
