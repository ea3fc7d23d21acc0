"""What changed between two versions of a text, for people to read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

# Latin words and single characters of all other scripts: Chinese has no spaces to cut at.
WORD = re.compile(r"[A-Za-z0-9À-ɏ]+|\s+|.", re.DOTALL)
SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]+|[^。！？!?\n]+")
# difflib compares each with each: a longer block is compared by sentences
MOST_WORDS = 2000
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
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            lines.append([Span(Kind.SKIPPED, f"{j - i} unchanged block{'s' if j - i > 1 else ''}")])
        else:
            lines += _edited(before[i:j], after[k:m])
    return lines


def _edited(before: list[str], after: list[str]) -> list[Line]:
    """Pair blocks that are alike, in their order; the others came or went whole."""
    lines, waiting = list[Line](), list(before)
    for block in after:
        at = next((at for at, other in enumerate(waiting) if _are_alike(other, block)), None)
        if at is None:
            lines.append([Span(Kind.ADDED, block)])
            continue
        lines += [[Span(Kind.REMOVED, gone)] for gone in waiting[:at]]
        lines.append(words(waiting[at], block))
        waiting = waiting[at + 1 :]
    return [*lines, *([Span(Kind.REMOVED, gone)] for gone in waiting)]


def _are_alike(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, _parts(one), _parts(other), autojunk=False)
    return matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def words(old: str, new: str) -> Line:
    """Compare two passages word by word; of what is unchanged the neighbourhood of changes is given."""
    before, after = _parts(old), _parts(new)
    spans = list[Span]()
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            spans += _clipped("".join(before[i:j]), is_first=i == 0, is_last=j == len(before))
        else:
            spans += [Span(Kind.REMOVED, "".join(before[i:j]))] * (j > i)
            spans += [Span(Kind.ADDED, "".join(after[k:m]))] * (m > k)
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
