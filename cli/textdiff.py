"""What changed between two versions of a text, for people to read."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

# Latin words and single characters of all other scripts: Chinese has no spaces to cut at.
WORD = re.compile(r"[A-Za-z0-9À-ɏ]+|\s+|.", re.DOTALL)
SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]+|[^。！？!?\n]+")
# difflib compares each with each: a longer block is compared by sentences
MOST_WORDS = 2000
# ... and what is longer still is not compared: a second's work.
MOST_PAIRS = MOST_WORDS**2
# An edited block is looked for among so many that follow.
NEAR = 20
# Two blocks that share less are not the same one edited.
ALIKE = 0.4
# what is left of an unchanged passage, on each side of a change
CONTEXT = 24


class Kind(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text; of a `skipped` one, unchanged, the text says how much it was."""

    kind: Kind
    text: str


Line = list[Span]


def difference(old: str, new: str) -> list[Line]:
    """Compare two texts block by block, and edited blocks word by word; unchanged blocks are counted, not given."""
    before, after = (text.split("\n\n") if text else [] for text in (old, new))
    lines = list[Line]()
    for is_same, gone, come in _compared(before, after):
        if is_same:
            lines.append([Span(Kind.SKIPPED, f"{len(gone)} unchanged block{'s' if len(gone) > 1 else ''}")])
        else:
            lines += _edited(gone, come)
    return lines


def _compared(before: list[str], after: list[str]) -> Iterator[tuple[bool, list[str], list[str]]]:
    """Part two lists into what is the same and what is not; in the latter either may be empty."""
    head = _in_common(before, after)
    tail = _in_common(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if head:
        yield True, before[:head], after[:head]
    if len(old) * len(new) > MOST_PAIRS:
        yield False, old, new
    else:
        for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            yield tag == "equal", old[i:j], new[k:m]
    if tail:
        yield True, before[-tail:], after[-tail:]


def _in_common(before: list[str], after: list[str]) -> int:
    differing = (at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    return next(differing, min(len(before), len(after)))


def _edited(before: list[str], after: list[str]) -> list[Line]:
    """Pair blocks that are alike, in their order; the others came or went whole."""
    lines, waiting = list[Line](), list(before)
    for block in after:
        at = next((at for at, other in enumerate(waiting[:NEAR]) if _are_alike(other, block)), None)
        if at is None:
            lines.append([Span(Kind.ADDED, block)])
            continue
        lines += [[Span(Kind.REMOVED, gone)] for gone in waiting[:at]]
        lines.append(words(waiting[at], block))
        waiting = waiting[at + 1 :]
    return [*lines, *([Span(Kind.REMOVED, gone)] for gone in waiting)]


def _are_alike(one: str, other: str) -> bool:
    kept = sum(len("".join(same)) for is_same, same, _ in _compared(_parts(one), _parts(other)) if is_same)
    return kept >= ALIKE * max(len(one), len(other))


def words(old: str, new: str) -> Line:
    """Compare two passages word by word; of what is unchanged the neighbourhood of changes is given."""
    spans, parts = list[Span](), list(_compared(_parts(old), _parts(new)))
    for at, (is_same, gone, come) in enumerate(parts):
        if is_same:
            spans += _clipped("".join(gone), is_first=at == 0, is_last=at == len(parts) - 1)
        else:
            spans += [Span(Kind.REMOVED, "".join(gone))] * bool(gone)
            spans += [Span(Kind.ADDED, "".join(come))] * bool(come)
    return spans


def _parts(text: str) -> list[str]:
    parts = WORD.findall(text)
    return parts if len(parts) <= MOST_WORDS else SENTENCE.findall(text)


def _clipped(text: str, *, is_first: bool, is_last: bool) -> Iterable[Span]:
    if len(text) <= 3 * CONTEXT:
        return [Span(Kind.SAME, text)]
    head = "" if is_first else text[:CONTEXT]
    tail = "" if is_last else text[-CONTEXT:]
    skipped = Span(Kind.SKIPPED, f"{len(text) - len(head) - len(tail)} characters")
    return [*([Span(Kind.SAME, head)] * bool(head)), skipped, *([Span(Kind.SAME, tail)] * bool(tail))]
