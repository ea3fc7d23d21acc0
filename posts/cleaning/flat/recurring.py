"""Split a text without line breaks at the runs that recur in its source, and drop the recurring segments."""

import re
from bisect import bisect_left, bisect_right

from posts.boilerplate.template import RECURRING
from posts.cleaning.flat.flat_text import FlatText, ends_sentence
from posts.cleaning.flat.segments import split_at
from posts.cleaning.flat.title import TITLE_REPEATED

# a run of about this length that begins or ends with a sentence is not a phrase inside one, see `_stands_out`
MIN_PASSAGE_CHARS = 12
# if this share of a segment recurs, the rest is a number, a date or a mark
MIN_COVERED_SHARE = 0.7
# it begins with a character class for speed, as posts.cleaning.flat.segments.BOUNDARY does
RULER_CHARS = r"\-=＝－—_*＊━─═"
ADDRESS_START = re.compile(
    rf"[hw@#{RULER_CHARS}](?:(?<=h)ttps?://|(?<=w)ww\.|(?<=@)|(?<=#)\w|(?<=[{RULER_CHARS}])[{RULER_CHARS}]{{3}})"
)
GREETING = re.compile(
    r"大家好|各位|哈[喽嘍囉]|朋友们|朋友們|你好|您好|欢迎来到|歡迎來到|欢迎收看|歡迎收看|hello|hi\b|hey\b|welcome",
    re.IGNORECASE,
)


def split_at_recurring(flat_text: FlatText, title_span: tuple[int, int]) -> None:
    """Split segments where a recurring passage begins or ends, and around the title; drop the title."""
    cut_positions: set[int] = set()
    if flat_text.recurring_spans:
        borders = [segment.start for segment in flat_text.segments] + [len(flat_text.text)]
        flat_text.recurring_spans = [
            _trim_span(flat_text, span, borders) for span in flat_text.recurring_spans
        ]
        border_set = set(borders)
        cut_positions = {
            position
            for span in flat_text.recurring_spans
            if _stands_out(flat_text, span, border_set)
            for position in span
        }
    cut_positions.update(title_span if title_span[1] else ())
    if cut_positions:
        flat_text.segments = split_at(flat_text.segments, sorted(cut_positions))
    if title_span[1]:
        for part in flat_text.segments:
            if title_span[0] <= part.start and part.end <= title_span[1]:
                part.rule = TITLE_REPEATED.name


def _trim_span(flat_text: FlatText, span: tuple[int, int], borders: list[int]) -> tuple[int, int]:
    """Return a run without the end of the sentence before it and the beginning of the sentence after it."""
    start, end = span
    first, last = borders[bisect_left(borders, start)], borders[bisect_right(borders, end) - 1]
    if (
        start < first < end
        and first - start < MIN_PASSAGE_CHARS
        and ends_sentence(flat_text.text[start:first].strip())
    ):
        start = first
    if start < last < end and not _has_plea_or_address(flat_text, last, end):
        end = last
    return start, end


def _stands_out(flat_text: FlatText, span: tuple[int, int], borders: set[int]) -> bool:
    """Return whether a run is a passage of its own, not a phrase in a sentence or its usual beginning."""
    start, end = span
    begins_at_border = _is_border(flat_text.text, start, borders, -1)
    ends_at_border = _is_border(flat_text.text, end, borders, 1)
    if begins_at_border and not ends_at_border and not _has_plea_or_address(flat_text, start, end):
        return False
    return (
        end - start
        >= (2 * MIN_PASSAGE_CHARS, MIN_PASSAGE_CHARS - 2, MIN_PASSAGE_CHARS / 2)[
            begins_at_border + ends_at_border
        ]
    )


def _has_plea_or_address(flat_text: FlatText, start: int, end: int) -> bool:
    return (
        flat_text.pleas.first_in(start, end) is not None
        or ADDRESS_START.search(flat_text.text, start, end) is not None
    )


def _is_border(text: str, position: int, borders: set[int], step: int) -> bool:
    while (
        0 < position < len(text)
        and position not in borders
        and text[position if step > 0 else position - 1].isspace()
    ):
        position += step
    return position in borders


def drop_recurring(flat_text: FlatText) -> None:
    """Drop segments that recur in the source, unless they introduce the speakers or the topic."""
    if not flat_text.recurring_spans:
        return
    is_introducing = False
    for segment, share in zip(flat_text.segments, _covered_shares(flat_text), strict=True):
        if is_introducing or flat_text.introductions:
            is_introducing = segment.kind == "text" and (
                flat_text.has_introduction(segment) or (is_introducing and not flat_text.has_plea(segment))
            )
        if (
            share >= MIN_COVERED_SHARE
            and not is_introducing
            and segment.rule is None
            and not flat_text.is_chapter(segment)
        ):
            segment.rule = RECURRING.name
        is_introducing = is_introducing and not ends_sentence(flat_text.text_of(segment))
    _keep_greetings(flat_text)


def _keep_greetings(flat_text: FlatText) -> None:
    is_followed = False
    for segment in reversed(flat_text.segments):
        if is_followed and segment.rule == RECURRING.name and GREETING.match(flat_text.text_of(segment)):
            segment.rule = None
        is_followed = segment.rule is None


def _covered_shares(flat_text: FlatText) -> list[float]:
    """Return the share of each segment that recurs. Segments and spans are in order and do not overlap."""
    shares: list[float] = []
    spans, span_index = [*flat_text.recurring_spans, (len(flat_text.text), len(flat_text.text))], 0
    for segment in flat_text.segments:
        start, end = segment.start, segment.end
        while spans[span_index][1] <= start:
            span_index += 1
        covered_chars, next_index = 0, span_index
        while spans[next_index][0] < end:
            covered_chars += min(spans[next_index][1], end) - max(spans[next_index][0], start)
            next_index += 1
        shares.append(covered_chars / (end - start))
    return shares
