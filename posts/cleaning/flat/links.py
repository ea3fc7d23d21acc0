"""Addresses and tags within a text without line breaks, and the words that belong to them."""

import re
from itertools import pairwise

from posts.cleaning.flat.flat_text import LONGEST_LABEL, FlatText, is_ended
from posts.cleaning.flat.segments import Part
from posts.text.whitespace import A_LETTER

LONGEST_TAG = 14
CLAUSE_END = re.compile(r"，|…|\.\.\.|[。！？😂😄]")
SHORTEST_CLAUSE = 12
BULLET = re.compile(r"\s{2,}|\s[-–—•·|]\s|[►▶👉→◆■●○★☆|｜]|-(?=[^\x00-\x7f])")
SOURCE = re.compile(
    r"(?:出處|出处|出自|来源|來源|原始视频|原視頻|原视频|原片|参考|參考|引用|资料|資料|链接为|連結為|演讲|演講|原文|报道|報導|新聞|新闻|文章|論文|论文|全文|数据|數據|sources?|references?)[^。！？]{0,20}[:：]?\s*\Z",
    re.IGNORECASE,
)
# a sentence goes on after the tag, so that part of the tag belongs to it
AMID = re.compile("[，,](?! ?[#＃])")


def links(page: FlatText) -> None:
    """An address with the words that announce it, unless it is a source. Rulers, too, are no text."""
    parts = list[Part]()
    for part in page.parts:
        if part.kind == "ruler":
            part.rule = "ruler"
        elif part.kind in {"url", "mail", "handle"}:
            label = parts[-1] if parts and parts[-1].kind == "text" else None
            parts += _labelled(page, part, label)
        parts.append(part)
    page.parts = parts


def _labelled(page: FlatText, part: Part, label: Part | None) -> list[Part]:
    """Judge an address and the text before it; give what is cut off the end of that."""
    said = page.said(label) if label else ""
    if part.kind == "url" and label and not (part.rule or label.rule) and _is_source(page, label, said):
        return []
    part.rule = part.rule or "link"
    if label is None or label.rule or page.is_chapter(label) or is_ended(said):
        return []
    return _drop_label(page, label, said)


def _is_source(page: FlatText, label: Part, said: str) -> bool:
    return SOURCE.search(said[-LONGEST_LABEL:]) is not None and not page.is_plea(label)


def _drop_label(page: FlatText, label: Part, said: str) -> list[Part]:
    clause = _last_clause(page, label, said)
    if clause:
        end, label.end = label.end, clause
        return [Part(clause, end, "text", "link_label")]
    is_label = len(said) <= LONGEST_LABEL or (said[-1] in ":：" and len(said) <= 2 * LONGEST_LABEL)
    if is_label or page.is_plea(label):
        label.rule = "link_label"
        return []
    last = BULLET.split(said)[-1]
    if not 1 < len(last) <= LONGEST_LABEL:
        return []
    end, label.end = label.end, page.text.rindex(last, label.start, label.end)
    return [Part(label.end, end, "text", "link_label")]


def _last_clause(page: FlatText, label: Part, said: str) -> int:
    """Return where the clause that announces an address begins, after a sentence of the post's own; 0 if nowhere."""
    if not LONGEST_LABEL / 2 < len(said) <= 2 * LONGEST_LABEL or said[-1] not in ":：":
        return 0
    ends = [match.end() for match in CLAUSE_END.finditer(said[:-1])]
    if not ends or ends[-1] <= SHORTEST_CLAUSE or said[ends[-1] :].isascii():
        return 0
    return page.text.index(said, label.start) + ends[-1]


def link_lists(page: FlatText) -> None:
    """Titles with an address each, one after the other."""
    parts = page.parts
    linked = [at for at, part in enumerate(parts) if part.kind == "url" and part.rule]
    listed = [(first, second) for first, second in pairwise(linked) if _is_titles(parts[first + 1 : second])]
    for first, second in listed:
        _label(parts[first + 1 : second])
    if len(listed) > 1:
        start = first = listed[0][0]
        while start and parts[start - 1].kind == "text" and parts[start - 1].rule is None:
            start -= 1
        if start and parts[start - 1].rule and _is_titles(parts[start:first]):
            _label(parts[start:first])


def _is_titles(parts: list[Part]) -> bool:
    size = sum(part.end - part.start for part in parts)
    return size <= 2 * LONGEST_LABEL and all(part.kind == "text" for part in parts)


def _label(parts: list[Part]) -> None:
    for part in parts:
        part.rule = part.rule or "link_label"


def tags(page: FlatText) -> None:
    """Tags. A tag that is a word of a sentence, or holds one, keeps the words."""
    parts = list[Part]()
    for at in range(len(page.parts) - 1, -1, -1):
        part = page.parts[at]
        if part.kind == "tag" and part.rule is None:
            before = page.parts[at - 1] if at else None
            is_long = part.end - part.start > LONGEST_TAG + 1
            if is_long or _is_word(page, before, parts) or AMID.match(page.text, part.end):
                parts.append(Part(part.start + 1, part.end, "text"))
                part.end = part.start + 1
            part.rule = "hashtag"
        parts.append(part)
    page.parts = parts[::-1]


def _is_word(page: FlatText, before: Part | None, following: list[Part]) -> bool:
    """Tell a tag that stands between a text unended and another. What follows is given from the end."""
    after = following[-1] if following else None
    if before is None or after is None or before.kind != "text" or after.kind != "text":
        return False
    if before.rule or after.rule or is_ended(page.said(before)):
        return False
    return page.said(after) != "" and A_LETTER.search(page.text, before.start, before.end) is not None
