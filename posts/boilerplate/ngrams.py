"""What recurs over the posts of a source: runs of text and whole blocks that many distinct bodies share."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

# Twelve characters of Chinese are a phrase of six to eight words: longer than names, shorter than slogans.
SHINGLE = 12
# of a run, where it ends within a shingle
SHORTEST = 8
# A run ends where the number of bodies that share it changes by this factor: there a variable part begins.
STEP = 1.6
DIGITS = "123456789０１２３４５６７８９"
# the end of the sentence before belongs to that sentence
ENDS = "。！？!?；;，,、）)】」』”》…~～ "
WIDE_LETTER = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
LATIN_WORD = re.compile("[^\\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
BASE = np.uint64(1_000_003)


def leveled(text: str) -> str:
    """Return a text with every digit as 0, so that numbers and dates within a template do not part it; same length."""
    for digit in DIGITS:
        # faster than `translate`, which looks every character up
        if digit in text:
            text = text.replace(digit, "0")
    return text


def runs(texts: Sequence[str], least: int) -> Counter[str]:
    """Return the runs of text that at least so many of some distinct texts (leveled) share, with their number."""
    hashed = [_shingles(text) for text in texts]
    shared = [np.unique(one) for one in hashed]
    if not shared:
        return Counter()
    names, counts = np.unique(np.concatenate(shared), return_counts=True)
    is_shared = counts >= least
    names, counts = names[is_shared], counts[is_shared]
    found = Counter[str]()
    if names.size == 0:
        return found
    for text, shingles in zip(texts, hashed, strict=True):
        found.update(set(_runs_of(text, _frequencies(shingles, names, counts))))
    return found


def _shingles(text: str) -> "np.ndarray":
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if points.size < SHINGLE:
        return np.empty(0, np.uint64)
    size = points.size - SHINGLE + 1
    hashed = np.zeros(size, np.uint64)
    for at in range(SHINGLE):
        hashed *= BASE
        hashed += points[at : at + size]
    return hashed


def _frequencies(shingles: "np.ndarray", names: "np.ndarray", counts: "np.ndarray") -> "np.ndarray":
    """Return for each character the most bodies that share a shingle over it; 0 where too few do."""
    if shingles.size == 0:
        return np.empty(0, np.int64)
    at = np.minimum(np.searchsorted(names, shingles), names.size - 1)
    starts = np.where(names[at] == shingles, counts[at], 0)
    over = np.zeros(starts.size + SHINGLE - 1, np.int64)
    for shift in range(SHINGLE):
        np.maximum(over[shift : shift + starts.size], starts, out=over[shift : shift + starts.size])
    return over


def _runs_of(text: str, frequencies: "np.ndarray") -> Iterable[str]:
    if not frequencies.any():
        return
    before, after = frequencies[:-1], frequencies[1:]
    is_cut = np.maximum(before, after) > STEP * np.minimum(before, after)
    cuts = [0, *(np.flatnonzero(is_cut) + 1).tolist(), frequencies.size]
    for start, end in pairwise(cuts):
        if frequencies[start] and end - start >= SHORTEST:
            run = text[start:end].strip().lstrip(ENDS)
            if len(run) >= SHORTEST:
                yield run


def said(text: str) -> int:
    """Return how much a text says, in characters of Chinese: a word of letters counts as two."""
    return len(WIDE_LETTER.findall(text)) + 2 * len(LATIN_WORD.findall(text))
