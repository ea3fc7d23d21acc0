"""Drop URLs and tags from a text without line breaks, with the words that belong to them."""

import re
from itertools import pairwise

from posts.cleaning.flat.flat_text import MAX_LABEL_CHARS, FlatText, ends_sentence
from posts.cleaning.flat.segments import Segment
from posts.rules.rule import Rule, Scope
from posts.text.whitespace import LETTER_OR_DIGIT

LINK = Rule("link", "an address or account that is no source of the text", Scope.FLAT)
LINK_LABEL = Rule("link_label", "announces an address that is left out", Scope.FLAT)
RULER = Rule("ruler", "a row of signs that parts one section from the next", Scope.FLAT)
HASHTAG = Rule("hashtag", "a tag, or the sign of one that is a word of a sentence", Scope.FLAT)
LINK_RULES = (LINK, LINK_LABEL, RULER, HASHTAG)
MAX_TAG_CHARS = 14
CLAUSE_END = re.compile(r"，|…|\.\.\.|[。！？😂😄]")
MIN_CLAUSE_CHARS = 12
BULLET = re.compile(r"\s{2,}|\s[-–—•·|]\s|[►▶👉→◆■●○★☆|｜]|-(?=[^\x00-\x7f])")
SOURCE_LABEL = re.compile(
    r"(?:出處|出处|出自|来源|來源|原始视频|原視頻|原视频|原片|参考|參考|引用|资料|資料|链接为|連結為|演讲|演講|原文|报道|報導|新聞|新闻|文章|論文|论文|全文|数据|數據|sources?|references?)[^。！？]{0,20}[:：]?\s*\Z",
    re.IGNORECASE,
)
# the sentence continues after the tag, so the word of the tag belongs to it
SENTENCE_GOES_ON = re.compile("[，,](?! ?[#＃])")


def drop_links(flat_text: FlatText) -> None:
    """Drop URLs with the words that announce them, unless they are sources of the text. Drop rulers."""
    segments: list[Segment] = []
    for segment in flat_text.segments:
        if segment.kind == "ruler":
            segment.rule = RULER.name
        elif segment.kind in {"url", "mail", "handle"}:
            label = segments[-1] if segments and segments[-1].kind == "text" else None
            segments += _drop_link(flat_text, segment, label)
        segments.append(segment)
    flat_text.segments = segments


def _drop_link(flat_text: FlatText, segment: Segment, label: Segment | None) -> list[Segment]:
    """Drop a URL and its label, unless it is a source. Return the segments that are split off the label."""
    label_text = flat_text.text_of(label) if label else ""
    if (
        segment.kind == "url"
        and label
        and not (segment.rule or label.rule)
        and _is_source(flat_text, label, label_text)
    ):
        return []
    segment.rule = segment.rule or LINK.name
    if label is None or label.rule or flat_text.is_chapter(label) or ends_sentence(label_text):
        return []
    return _drop_label(flat_text, label, label_text)


def _is_source(flat_text: FlatText, label: Segment, label_text: str) -> bool:
    return SOURCE_LABEL.search(label_text[-MAX_LABEL_CHARS:]) is not None and not flat_text.has_plea(label)


def _drop_label(flat_text: FlatText, label: Segment, label_text: str) -> list[Segment]:
    clause_start = _find_last_clause(flat_text, label, label_text)
    if clause_start:
        end, label.end = label.end, clause_start
        return [Segment(clause_start, end, "text", LINK_LABEL.name)]
    is_label = len(label_text) <= MAX_LABEL_CHARS or (
        label_text[-1] in ":：" and len(label_text) <= 2 * MAX_LABEL_CHARS
    )
    if is_label or flat_text.has_plea(label):
        label.rule = LINK_LABEL.name
        return []
    last = BULLET.split(label_text)[-1]
    if not 1 < len(last) <= MAX_LABEL_CHARS:
        return []
    end, label.end = label.end, flat_text.text.rindex(last, label.start, label.end)
    return [Segment(label.end, end, "text", LINK_LABEL.name)]


def _find_last_clause(flat_text: FlatText, label: Segment, label_text: str) -> int:
    """Return where the last clause of a label begins, which announces a URL; 0 if it has only one clause."""
    if not MAX_LABEL_CHARS / 2 < len(label_text) <= 2 * MAX_LABEL_CHARS or label_text[-1] not in ":：":
        return 0
    ends = [match.end() for match in CLAUSE_END.finditer(label_text[:-1])]
    if not ends or ends[-1] <= MIN_CLAUSE_CHARS or label_text[ends[-1] :].isascii():
        return 0
    return flat_text.text.index(label_text, label.start) + ends[-1]


def drop_link_lists(flat_text: FlatText) -> None:
    """Drop lists of titles in which each title has a URL."""
    segments = flat_text.segments
    link_indices = [index for index, segment in enumerate(segments) if segment.kind == "url" and segment.rule]
    neighbours = [
        (first, second)
        for first, second in pairwise(link_indices)
        if _are_titles(segments[first + 1 : second])
    ]
    for first, second in neighbours:
        _drop_labels(segments[first + 1 : second])
    if len(neighbours) > 1:
        start = first = neighbours[0][0]
        while start and segments[start - 1].kind == "text" and segments[start - 1].rule is None:
            start -= 1
        if start and segments[start - 1].rule and _are_titles(segments[start:first]):
            _drop_labels(segments[start:first])


def _are_titles(segments: list[Segment]) -> bool:
    chars = sum(segment.end - segment.start for segment in segments)
    return chars <= 2 * MAX_LABEL_CHARS and all(part.kind == "text" for part in segments)


def _drop_labels(segments: list[Segment]) -> None:
    for segment in segments:
        segment.rule = segment.rule or LINK_LABEL.name


def keep_words_alone(flat_text: FlatText) -> None:
    """Keep the words before an address if they are all that the text has, unless they only announce it."""
    texts = [
        segment
        for segment in flat_text.segments
        if segment.kind == "text" and LETTER_OR_DIGIT.search(flat_text.text, segment.start, segment.end)
    ]
    if len(texts) == 1 and texts[0].rule == LINK_LABEL.name and not flat_text.has_plea(texts[0]):
        is_label = flat_text.text_of(texts[0])[-1:] in ":："
        texts[0].rule = texts[0].rule if is_label else None


def drop_tags(flat_text: FlatText) -> None:
    """Drop tags. If a tag is a word of a sentence, or contains a sentence, only its `#` is dropped."""
    segments: list[Segment] = []
    for index in range(len(flat_text.segments) - 1, -1, -1):
        segment = flat_text.segments[index]
        if segment.kind == "tag" and segment.rule is None:
            before = flat_text.segments[index - 1] if index else None
            is_long = segment.end - segment.start > MAX_TAG_CHARS + 1
            if (
                is_long
                or _is_word_of_sentence(flat_text, before, segments)
                or SENTENCE_GOES_ON.match(flat_text.text, segment.end)
            ):
                segments.append(Segment(segment.start + 1, segment.end, "text"))
                segment.end = segment.start + 1
            segment.rule = HASHTAG.name
        segments.append(segment)
    flat_text.segments = segments[::-1]


def _is_word_of_sentence(flat_text: FlatText, before: Segment | None, following: list[Segment]) -> bool:
    """Return whether a tag is between two texts of one sentence. `following` is in reverse order."""
    after = following[-1] if following else None
    if before is None or after is None or before.kind != "text" or after.kind != "text":
        return False
    if before.rule or after.rule or ends_sentence(flat_text.text_of(before)):
        return False
    return (
        flat_text.text_of(after) != ""
        and LETTER_OR_DIGIT.search(flat_text.text, before.start, before.end) is not None
    )
