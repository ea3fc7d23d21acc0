"""Differences between two versions of a text, for display."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

# A Latin word, or a single character of any other script: Chinese has no spaces to split at.
WORD = re.compile(r"[A-Za-z0-9À-ɏ]+|\s+|.", re.DOTALL)
SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]+|[^。！？!?\n]+")
# difflib takes quadratic time: a longer block is compared by sentences
MAX_WORDS = 2000
# larger inputs are not compared at all: this many pairs take about a second
MAX_PAIRS = MAX_WORDS**2
# the old version of an edited block is searched in this many blocks that follow
LOOKAHEAD_BLOCKS = 20
# two blocks that share less than this part of their characters are not versions of the same block
MIN_SIMILARITY = 0.4
# characters of an unchanged passage that are shown on each side of a change
CONTEXT_CHARS = 24


class SpanKind(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text. A `skipped` span stands for unchanged text, and its text says how much was skipped."""

    kind: SpanKind
    text: str


DiffLine = list[Span]


def diff_texts(old: str, new: str) -> list[DiffLine]:
    """Compare two texts by blocks, and edited blocks by words; return a line per block.

    Unchanged blocks are only counted.
    """
    before, after = (text.split("\n\n") if text else [] for text in (old, new))
    lines = list[DiffLine]()
    for is_same, removed, added in _compare(before, after):
        if is_same:
            lines.append(
                [Span(SpanKind.SKIPPED, f"{len(removed)} unchanged block{'s' if len(removed) > 1 else ''}")]
            )
        else:
            lines += _diff_blocks(removed, added)
    return lines


def _compare(before: list[str], after: list[str]) -> Iterator[tuple[bool, list[str], list[str]]]:
    """Yield aligned pieces of two lists: whether they are equal, the old items, the new items.

    Of unequal pieces one may be empty.
    """
    head = _common_prefix_length(before, after)
    tail = _common_prefix_length(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if head:
        yield True, before[:head], after[:head]
    if len(old) * len(new) > MAX_PAIRS:
        yield False, old, new
    else:
        for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            yield tag == "equal", old[i:j], new[k:m]
    if tail:
        yield True, before[-tail:], after[-tail:]


def _common_prefix_length(before: list[str], after: list[str]) -> int:
    differences = (index for index, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    return next(differences, min(len(before), len(after)))


def _diff_blocks(before: list[str], after: list[str]) -> list[DiffLine]:
    """Return a line per block: similar blocks are paired in order, others are added or removed as a whole."""
    lines, pending = list[DiffLine](), list(before)
    for block in after:
        at = next(
            (at for at, other in enumerate(pending[:LOOKAHEAD_BLOCKS]) if _are_similar(other, block)), None
        )
        if at is None:
            lines.append([Span(SpanKind.ADDED, block)])
            continue
        lines += [[Span(SpanKind.REMOVED, removed)] for removed in pending[:at]]
        lines.append(diff_words(pending[at], block))
        pending = pending[at + 1 :]
    return [*lines, *([Span(SpanKind.REMOVED, gone)] for gone in pending)]


def _are_similar(one: str, other: str) -> bool:
    common_chars = sum(
        len("".join(same)) for is_same, same, _ in _compare(_tokenize(one), _tokenize(other)) if is_same
    )
    return common_chars >= MIN_SIMILARITY * max(len(one), len(other))


def diff_words(old: str, new: str) -> DiffLine:
    """Compare two passages word by word; long unchanged parts are shortened to the text near a change."""
    spans, token_runs = list[Span](), list(_compare(_tokenize(old), _tokenize(new)))
    for index, (is_same, removed, added) in enumerate(token_runs):
        if is_same:
            spans += _clip("".join(removed), is_first=index == 0, is_last=index == len(token_runs) - 1)
        else:
            spans += [Span(SpanKind.REMOVED, "".join(removed))] * bool(removed)
            spans += [Span(SpanKind.ADDED, "".join(added))] * bool(added)
    return spans


def _tokenize(text: str) -> list[str]:
    tokens = WORD.findall(text)
    return tokens if len(tokens) <= MAX_WORDS else SENTENCE.findall(text)


def _clip(text: str, *, is_first: bool, is_last: bool) -> Iterable[Span]:
    if len(text) <= 3 * CONTEXT_CHARS:
        return [Span(SpanKind.SAME, text)]
    head = "" if is_first else text[:CONTEXT_CHARS]
    tail = "" if is_last else text[-CONTEXT_CHARS:]
    skipped = Span(SpanKind.SKIPPED, f"{len(text) - len(head) - len(tail)} characters")
    return [*([Span(SpanKind.SAME, head)] * bool(head)), skipped, *([Span(SpanKind.SAME, tail)] * bool(tail))]
