"""Clean a text without line breaks (flat text) sentence by sentence, for example the description of a video.

The text is split at URLs, tags, rulers and ends of sentences, and where a run that recurs in the source
begins or ends. Each part is kept, or dropped by a rule.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

from posts.cleaning.flat.chapters import MIN_BARRED_KEYWORDS, find_chapters, is_keyword_list
from posts.cleaning.flat.flat_text import MAX_LABEL_CHARS, SENTENCE_MARKS, FlatText, ends_sentence
from posts.cleaning.flat.links import (
    HASHTAG,
    LINK_RULES,
    drop_link_lists,
    drop_links,
    drop_tags,
    keep_words_alone,
)
from posts.cleaning.flat.phrases import find_phrases
from posts.cleaning.flat.recurring import drop_recurring, split_at_recurring
from posts.cleaning.flat.segments import Segment, split_at, split_segments
from posts.cleaning.flat.title import find_title
from posts.rules.rule import Rule, Scope
from posts.text.whitespace import LETTER_OR_DIGIT, NON_ALPHANUMERIC

Passage = tuple[str, str | None]
# returns the spans of a text that recur in its source, in order
Matcher = Callable[[str], list[tuple[int, int]]]
PLEA = Rule(
    "plea",
    "asks to subscribe, pay, follow or share, beside what is left out or at an end of the text",
    Scope.FLAT,
)
KEYWORDS = Rule("keywords", "words for search engines", Scope.FLAT)
LEFTOVER = Rule("leftover", "no sentence, and alone among what is left out", Scope.FLAT)
FLAT_RULES = (*LINK_RULES, PLEA, KEYWORDS, LEFTOVER)
MAX_FLAT_PLEA_CHARS = 120
CLAUSE_MARKS = "，,、；;：: ～~…）)」】"
# A third of all descriptions repeat one of the last few hundred of their channel; few of these are longer.
CACHED_TEXTS, MAX_CACHED_CHARS = 256, 2_000
# kinds of segments that are not text; a label may come before them
NON_TEXT_KINDS = {"url", "mail", "handle", "ruler"}
# a part up to this length is no text of its own
MAX_FRAGMENT_CHARS = 12
# fewer letters or digits are no text even at the beginning
MIN_BEGINNING_CHARS = 3


def no_matches(_: str) -> list[tuple[int, int]]:
    """Return no spans: the matcher of a source without a template."""
    return []


def clean_flat_text(text: str, title: str, matcher: Matcher = no_matches) -> list[Passage]:
    """Return the passages of a text, each with the rule that drops it or None. Joined, they are the text."""
    clean_text = _cached_clean if len(text) <= MAX_CACHED_CHARS else _clean
    return list(clean_text(text, find_title(text, title), matcher))


def _clean(text: str, title_span: tuple[int, int], matcher: Matcher) -> list[Passage]:
    flat_text = FlatText(text, split_segments(text), matcher(text), *find_phrases(text))
    split_at_recurring(flat_text, title_span)
    flat_text.chapter_span = find_chapters(flat_text)
    drop_recurring(flat_text)
    kinds = {segment.kind for segment in flat_text.segments}
    if not kinds.isdisjoint(NON_TEXT_KINDS):
        drop_links(flat_text)
    if "url" in kinds:
        drop_link_lists(flat_text)
        keep_words_alone(flat_text)
    if "tag" in kinds:
        drop_tags(flat_text)
    for rule in (_drop_pleas, _drop_keywords, _drop_orphans):
        rule(flat_text)
    return _join_passages(flat_text)


_cached_clean = lru_cache(maxsize=CACHED_TEXTS)(_clean)


def _drop_pleas(flat_text: FlatText) -> None:
    """Drop notices, and requests to subscribe, pay or follow, next to dropped parts or at either end."""
    if not flat_text.pleas:
        return
    segments, last = flat_text.segments, len(flat_text.segments) - 1
    plea_indices = [
        at for at, segment in enumerate(segments) if segment.rule is None and _is_plea(flat_text, segment)
    ]
    plea_starts: dict[int, int] = {}
    for at in (*plea_indices, *reversed(plea_indices)):
        if at not in {0, last} and not (segments[at - 1].rule or segments[at + 1].rule):
            continue
        plea_starts[at] = _find_plea_start(flat_text, segments[at])
        if plea_starts[at] == segments[at].start:
            segments[at].rule = PLEA.name
    cut_positions = [
        start for at, start in plea_starts.items() if segments[at].start < start < segments[at].end
    ]
    flat_text.segments = split_at(segments, sorted(cut_positions)) if cut_positions else segments
    for part in flat_text.segments if cut_positions else ():
        if part.start in cut_positions:
            part.rule = PLEA.name


def _find_plea_start(flat_text: FlatText, segment: Segment) -> int:
    """Return where the request in a segment begins; the end of the segment if nothing has to be dropped.

    Text long before the request is kept.
    """
    phrase_start = flat_text.pleas.first_in(segment.start, segment.end) or segment.start
    if phrase_start - segment.start <= MAX_LABEL_CHARS / 2:
        return segment.start
    clause_mark = max(flat_text.text.rfind(mark, segment.start, phrase_start) for mark in CLAUSE_MARKS)
    if clause_mark - segment.start >= MAX_FRAGMENT_CHARS:
        return clause_mark + 1
    return segment.start if phrase_start - segment.start <= MAX_LABEL_CHARS else segment.end


def _is_plea(flat_text: FlatText, segment: Segment) -> bool:
    phrase_start = flat_text.pleas.first_in(segment.start, segment.end)
    if (
        phrase_start is None
        or segment.kind != "text"
        or segment.end - segment.start > MAX_FLAT_PLEA_CHARS
        or flat_text.is_chapter(segment)
    ):
        return False
    # if it is the whole text, it is an announcement rather than a request
    return not flat_text.has_introduction(segment) and (
        len(flat_text.segments) > 1 or phrase_start - segment.start < MAX_LABEL_CHARS / 2
    )


def _drop_keywords(flat_text: FlatText) -> None:
    """Drop lists of keywords for search engines, unless they are all that there is."""
    if sum(map(flat_text.text.count, ",，|｜、")) < MIN_BARRED_KEYWORDS - 1:
        return
    kept = [segment for segment in flat_text.segments if segment.rule is None and segment.kind != "ruler"]
    lists = [segment for segment in kept if _is_list_of_keywords(flat_text, segment)]
    for segment in lists if len(lists) < len(kept) else ():
        segment.rule = KEYWORDS.name


def _is_list_of_keywords(flat_text: FlatText, segment: Segment) -> bool:
    return (
        segment.kind == "text"
        and flat_text.text[segment.end - 1] not in SENTENCE_MARKS
        and is_keyword_list(flat_text.text_of(segment))
        and not flat_text.is_chapter(segment)
    )


def _drop_orphans(flat_text: FlatText) -> None:
    """Drop short parts that are no sentences and are alone among dropped parts of a section."""
    start = 0
    for index, segment in enumerate(flat_text.segments):
        if segment.kind == "ruler":
            _drop_orphans_between(flat_text, start, index)
            start = index + 1
    _drop_orphans_between(flat_text, start, len(flat_text.segments))


def _drop_orphans_between(flat_text: FlatText, start: int, end: int) -> None:
    section = flat_text.segments[start:end]
    section_chars = section[-1].end - section[0].start if section else 0
    kept_chars = sum(segment.end - segment.start for segment in section if segment.rule is None)
    for first, stop in _kept_runs(section) if kept_chars else ():
        run = [part for part in section[first:stop] if part.rule is None]
        if not run:
            continue
        text = flat_text.text[run[0].start : run[-1].end].strip()
        is_orphan = section_chars > kept_chars and _is_orphan_text(
            text, is_first=start + first == 0, is_mostly_dropped=kept_chars < 0.4 * section_chars
        )
        if (is_orphan or not LETTER_OR_DIGIT.search(text)) and not any(
            flat_text.is_chapter(part) or flat_text.has_introduction(part) for part in run
        ):
            for part in run:
                part.rule = LEFTOVER.name


def _is_orphan_text(text: str, *, is_first: bool, is_mostly_dropped: bool) -> bool:
    if len(text) > (MAX_LABEL_CHARS if is_mostly_dropped else MAX_FRAGMENT_CHARS) or ends_sentence(text):
        return False
    return not is_first or len(NON_ALPHANUMERIC.sub("", text)) < MIN_BEGINNING_CHARS


def _kept_runs(segments: list[Segment]) -> Iterator[tuple[int, int]]:
    """Yield the index ranges of consecutive kept segments.

    The dropped `#` of a tag that is a word of a sentence does not end a range.
    """
    first = 0
    for index, segment in enumerate(segments):
        if segment.rule is not None and not (
            segment.rule == HASHTAG.name and segment.end - segment.start == 1
        ):
            if first < index:
                yield first, index
            first = index + 1
    if first < len(segments):
        yield first, len(segments)


def _join_passages(flat_text: FlatText) -> list[Passage]:
    """Return the passages. White space belongs to the passage before it."""
    passages: list[Passage] = []
    start = 0
    for segment, after in zip(flat_text.segments, [*flat_text.segments[1:], None], strict=True):
        if after is None or after.rule != segment.rule:
            passage = flat_text.text[start : segment.end]
            if passages and passage.isspace():
                text_before, rule_before = passages[-1]
                passages[-1] = (text_before + passage, rule_before)
            else:
                passages.append((passage, segment.rule))
            start = segment.end
    return passages
