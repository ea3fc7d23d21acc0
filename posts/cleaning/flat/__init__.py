"""A text whose line breaks are lost, as the descriptions of videos are: cut sentence by sentence.

The text is parted at addresses, tags, rulers and ends of sentences, and where a run that recurs over the
source begins or ends. Each part is kept, or left out by a rule.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

from posts.cleaning.flat.chapters import LEAST_BARRED, chapters, is_keywords
from posts.cleaning.flat.flat_text import ENDS, LONGEST_LABEL, FlatText, is_ended
from posts.cleaning.flat.links import link_lists, links, tags
from posts.cleaning.flat.phrases import found
from posts.cleaning.flat.recurring import part_further, recurring
from posts.cleaning.flat.segments import Part, parts_of, split
from posts.cleaning.flat.title import repeated
from posts.text.whitespace import A_LETTER, NOT_WORD

Passage = tuple[str, str | None]
# gives the spans of a text that recur over its source, in order
Covering = Callable[[str], list[tuple[int, int]]]
LONGEST_PLEA = 120
CLAUSE_MARKS = "，,、；;：: ～~…）)」】"
# A third of all descriptions are one of the last hundreds of their channel again; few of them are longer.
REMEMBERED, LONGEST_REMEMBERED = 256, 2_000
# parts that are no text, and what may announce them
MARKED = {"url", "mail", "handle", "ruler"}
# what is so short is no text of its own
A_WORD_OR_TWO = 12
# two letters or digits are none of a text either, though it begins with them
LEAST_OF_A_BEGINNING = 3


def nothing(_: str) -> list[tuple[int, int]]:
    """Return what recurs where nothing is known to."""
    return []


def cut(text: str, title: str, covering: Covering = nothing) -> list[Passage]:
    """Part a text into passages, each with the rule by which it is left out; joined they are the text."""
    cutting = _remembered if len(text) <= LONGEST_REMEMBERED else _cut
    return list(cutting(text, repeated(text, title), covering))


def _cut(text: str, title_at: tuple[int, int], covering: Covering) -> list[Passage]:
    page = FlatText(text, parts_of(text), covering(text), *found(text))
    part_further(page, title_at)
    page.chapters = chapters(page)
    recurring(page)
    kinds = {part.kind for part in page.parts}
    if not kinds.isdisjoint(MARKED):
        links(page)
    if "url" in kinds:
        link_lists(page)
    if "tag" in kinds:
        tags(page)
    for rule in (_pleas, _keywords, _leftovers):
        rule(page)
    return _passages(page)


_remembered = lru_cache(maxsize=REMEMBERED)(_cut)


def _pleas(page: FlatText) -> None:
    """Asks to subscribe, pay, follow or share, and notices: beside what is left out, or at either end."""
    if not page.pleas:
        return
    parts, last = page.parts, len(page.parts) - 1
    asking = [at for at, part in enumerate(parts) if part.rule is None and _is_asking(page, part)]
    begins = dict[int, int]()
    for at in (*asking, *reversed(asking)):
        if at not in {0, last} and not (parts[at - 1].rule or parts[at + 1].rule):
            continue
        begins[at] = _beginning(page, parts[at])
        if begins[at] == parts[at].start:
            parts[at].rule = "plea"
    cuts = [start for at, start in begins.items() if parts[at].start < start < parts[at].end]
    page.parts = split(parts, sorted(cuts)) if cuts else parts
    for part in page.parts if cuts else ():
        if part.start in cuts:
            part.rule = "plea"


def _beginning(page: FlatText, part: Part) -> int:
    """Return where the clause that asks begins: what is said long before it is the post's own. The end: nowhere."""
    plea = page.pleas.first(part.start, part.end) or part.start
    if plea - part.start <= LONGEST_LABEL / 2:
        return part.start
    clause = max(page.text.rfind(mark, part.start, plea) for mark in CLAUSE_MARKS)
    if clause - part.start >= A_WORD_OR_TWO:
        return clause + 1
    return part.start if plea - part.start <= LONGEST_LABEL else part.end


def _is_asking(page: FlatText, part: Part) -> bool:
    plea = page.pleas.first(part.start, part.end)
    if plea is None or part.kind != "text" or part.end - part.start > LONGEST_PLEA or page.is_chapter(part):
        return False
    # the whole of a text is an announcement rather than a plea
    return not page.is_of_people(part) and (len(page.parts) > 1 or plea - part.start < LONGEST_LABEL / 2)


def _keywords(page: FlatText) -> None:
    """Words for search engines."""
    if sum(map(page.text.count, ",，|｜、")) < LEAST_BARRED - 1:
        return
    for part in page.parts:
        if (
            part.rule is None
            and part.kind == "text"
            and page.text[part.end - 1] not in ENDS
            and is_keywords(page.said(part))
            and not page.is_chapter(part)
        ):
            part.rule = "keywords"


def _leftovers(page: FlatText) -> None:
    """What is no sentence and stands alone among what is left out, between one ruler and the next."""
    start = 0
    for at, part in enumerate(page.parts):
        if part.kind == "ruler":
            _rest_of(page, start, at)
            start = at + 1
    _rest_of(page, start, len(page.parts))


def _rest_of(page: FlatText, start: int, end: int) -> None:
    section = page.parts[start:end]
    size = section[-1].end - section[0].start if section else 0
    left = sum(part.end - part.start for part in section if part.rule is None)
    for first, behind in _runs(section) if left else ():
        run = [part for part in section[first:behind] if part.rule is None]
        if not run:
            continue
        said = page.text[run[0].start : run[-1].end].strip()
        is_lone = size > left and _is_rest(said, is_first=start + first == 0, is_little=left < 0.4 * size)
        if (is_lone or not A_LETTER.search(said)) and not any(
            page.is_chapter(part) or page.is_of_people(part) for part in run
        ):
            for part in run:
                part.rule = "leftover"


def _is_rest(said: str, *, is_first: bool, is_little: bool) -> bool:
    if len(said) > (LONGEST_LABEL if is_little else A_WORD_OR_TWO) or is_ended(said):
        return False
    return not is_first or len(NOT_WORD.sub("", said)) < LEAST_OF_A_BEGINNING


def _runs(parts: list[Part]) -> Iterator[tuple[int, int]]:
    """Yield where parts that are kept begin and end; the sign of a tag that is a word of a sentence parts nothing."""
    first = 0
    for at, part in enumerate(parts):
        if part.rule is not None and not (part.rule == "hashtag" and part.end - part.start == 1):
            if first < at:
                yield first, at
            first = at + 1
    if first < len(parts):
        yield first, len(parts)


def _passages(page: FlatText) -> list[Passage]:
    passages, start = list[Passage](), 0
    for part, after in zip(page.parts, [*page.parts[1:], None], strict=True):
        if after is None or after.rule != part.rule:
            passages.append((page.text[start : part.end], part.rule))
            start = part.end
    return passages
