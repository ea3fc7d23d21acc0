"""What a text without line breaks shares with others of its source: where its runs part it, and which parts they are."""

import re
from bisect import bisect_left, bisect_right

from posts.cleaning.flat.flat_text import FlatText, is_ended
from posts.cleaning.flat.segments import split

# a run of this length that begins or ends with a sentence is no phrase within one
SHORTEST_PASSAGE = 12
# so much of a part recurs that the rest is a number, a date or a mark
MOSTLY = 0.7
# as in posts.cleaning.flat.segments.MARK, a class comes first and what the character begins behind it
RULER = r"\-=＝－—_*＊━─═"
ADDRESSED = re.compile(
    rf"[hw@#{RULER}](?:(?<=h)ttps?://|(?<=w)ww\.|(?<=@)|(?<=#)\w|(?<=[{RULER}])[{RULER}]{{3}})"
)
GREETING = re.compile(
    r"大家好|各位|哈[喽嘍囉]|朋友们|朋友們|你好|您好|欢迎来到|歡迎來到|欢迎收看|歡迎收看|hello|hi\b|hey\b|welcome",
    re.IGNORECASE,
)


def part_further(page: FlatText, repeated: tuple[int, int]) -> None:
    """Part sentences where a run that stands out begins or ends, and around the title."""
    cuts = set[int]()
    if page.covered:
        borders = [part.start for part in page.parts] + [len(page.text)]
        page.covered = [_trimmed(page, span, borders) for span in page.covered]
        known = set(borders)
        cuts = {at for span in page.covered if _stands_out(page, span, known) for at in span}
    cuts.update(repeated if repeated[1] else ())
    page.parts = split(page.parts, sorted(cuts)) if cuts else page.parts
    if repeated[1]:
        for part in page.parts:
            if repeated[0] <= part.start and part.end <= repeated[1]:
                part.rule = "title_repeated"


def _trimmed(page: FlatText, span: tuple[int, int], borders: list[int]) -> tuple[int, int]:
    """Leave to the sentences around a run what it shares of them: the end of one, the usual beginning of one."""
    start, end = span
    first, last = borders[bisect_left(borders, start)], borders[bisect_right(borders, end) - 1]
    if start < first < end and first - start < SHORTEST_PASSAGE and is_ended(page.text[start:first].strip()):
        start = first
    if start < last < end and not _is_asking(page, last, end):
        end = last
    return start, end


def _stands_out(page: FlatText, span: tuple[int, int], borders: set[int]) -> bool:
    """Tell a run that is a passage of its own from a phrase within a sentence, or the usual beginning of one."""
    start, end = span
    begins, ends = _is_border(page.text, start, borders, -1), _is_border(page.text, end, borders, 1)
    if begins and not ends and not _is_asking(page, start, end):
        return False
    return end - start >= (2 * SHORTEST_PASSAGE, SHORTEST_PASSAGE - 2, SHORTEST_PASSAGE / 2)[begins + ends]


def _is_asking(page: FlatText, start: int, end: int) -> bool:
    return page.pleas.first(start, end) is not None or ADDRESSED.search(page.text, start, end) is not None


def _is_border(text: str, at: int, borders: set[int], step: int) -> bool:
    while 0 < at < len(text) and at not in borders and text[at if step > 0 else at - 1].isspace():
        at += step
    return at in borders


def recurring(page: FlatText) -> None:
    """A passage that recurs over the source, unless it tells who speaks, or of what."""
    if not page.covered:
        return
    is_told = False
    for part, share in zip(page.parts, _shares(page), strict=True):
        if is_told or page.people:
            is_told = part.kind == "text" and (
                page.is_of_people(part) or (is_told and not page.is_plea(part))
            )
        if share >= MOSTLY and not is_told and part.rule is None and not page.is_chapter(part):
            part.rule = "recurring"
        is_told = is_told and not is_ended(page.said(part))
    _keep_greetings(page)


def _keep_greetings(page: FlatText) -> None:
    is_followed = False
    for part in reversed(page.parts):
        if is_followed and part.rule == "recurring" and GREETING.match(page.said(part)):
            part.rule = None
        is_followed = part.rule is None


def _shares(page: FlatText) -> list[float]:
    """Return how much of each part is covered. Parts and spans are in order, each apart from the next."""
    shares, spans, at = list[float](), [*page.covered, (len(page.text), len(page.text))], 0
    for part in page.parts:
        start, end = part.start, part.end
        while spans[at][1] <= start:
            at += 1
        inside, next_at = 0, at
        while spans[next_at][0] < end:
            inside += min(spans[next_at][1], end) - max(spans[next_at][0], start)
            next_at += 1
        shares.append(inside / (end - start))
    return shares
