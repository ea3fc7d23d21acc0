"""Find the runs of text that many distinct bodies of a source share."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

# Twelve characters of Chinese are a phrase of six to eight words: longer than names, shorter than slogans.
SHINGLE_CHARS = 12
# a run may be shorter than a shingle, because it can end within one
MIN_RUN_CHARS = 8
# A run ends where the number of bodies that share it changes by this factor: a variable part begins there.
FREQUENCY_RATIO = 1.6
NONZERO_DIGITS = "123456789０１２３４５６７８９"
# stripped from the beginning of a run: they belong to the sentence before it
CLAUSE_ENDS = "。！？!?；;，,、）)】」』”》…~～ "
WIDE_LETTER = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
LATIN_WORD = re.compile("[^\\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
HASH_BASE = np.uint64(1_000_003)


def mask_digits(text: str) -> str:
    """Return a text of the same length with 0 for every digit: numbers and dates must not split a run."""
    for digit in NONZERO_DIGITS:
        # faster than `translate`, which looks up every character
        if digit in text:
            text = text.replace(digit, "0")
    return text


def shared_runs(texts: Sequence[str], min_texts: int) -> Counter[str]:
    """Return the runs that at least `min_texts` of some distinct texts share, with the number of texts.

    The digits of the texts must be masked (see `mask_digits`).
    """
    hashes_by_text = [_hash_shingles(text) for text in texts]
    distinct_hashes = [np.unique(text_hashes) for text_hashes in hashes_by_text]
    if not distinct_hashes:
        return Counter()
    shared_hashes, counts = np.unique(np.concatenate(distinct_hashes), return_counts=True)
    is_frequent = counts >= min_texts
    shared_hashes, counts = shared_hashes[is_frequent], counts[is_frequent]
    run_counts = Counter[str]()
    if shared_hashes.size == 0:
        return run_counts
    for text, hashes in zip(texts, hashes_by_text, strict=True):
        run_counts.update(set(_split_runs(text, _frequencies(hashes, shared_hashes, counts))))
    return run_counts


def _hash_shingles(text: str) -> "np.ndarray":
    code_points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if code_points.size < SHINGLE_CHARS:
        return np.empty(0, np.uint64)
    size = code_points.size - SHINGLE_CHARS + 1
    hashes = np.zeros(size, np.uint64)
    for shift in range(SHINGLE_CHARS):
        hashes *= HASH_BASE
        hashes += code_points[shift : shift + size]
    return hashes


def _frequencies(hashes: "np.ndarray", shared_hashes: "np.ndarray", counts: "np.ndarray") -> "np.ndarray":
    """Return for each character the most bodies that share a shingle over it; 0 if there are too few."""
    if hashes.size == 0:
        return np.empty(0, np.int64)
    indexes = np.minimum(np.searchsorted(shared_hashes, hashes), shared_hashes.size - 1)
    shingle_counts = np.where(shared_hashes[indexes] == hashes, counts[indexes], 0)
    char_counts = np.zeros(shingle_counts.size + SHINGLE_CHARS - 1, np.int64)
    for shift in range(SHINGLE_CHARS):
        np.maximum(
            char_counts[shift : shift + shingle_counts.size],
            shingle_counts,
            out=char_counts[shift : shift + shingle_counts.size],
        )
    return char_counts


def _split_runs(text: str, frequencies: "np.ndarray") -> Iterable[str]:
    if not frequencies.any():
        return
    before, after = frequencies[:-1], frequencies[1:]
    is_boundary = np.maximum(before, after) > FREQUENCY_RATIO * np.minimum(before, after)
    boundaries = [0, *(np.flatnonzero(is_boundary) + 1).tolist(), frequencies.size]
    for start, end in pairwise(boundaries):
        if frequencies[start] and end - start >= MIN_RUN_CHARS:
            run = text[start:end].strip().lstrip(CLAUSE_ENDS)
            if len(run) >= MIN_RUN_CHARS:
                yield run


def text_weight(text: str) -> int:
    """Return the amount of text as a number of Chinese characters: a word in another script counts as two."""
    return len(WIDE_LETTER.findall(text)) + 2 * len(LATIN_WORD.findall(text))
