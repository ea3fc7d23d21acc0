"""A text whose line breaks are lost, as the descriptions of videos are: cut sentence by sentence.

The text is parted at addresses, tags, rulers and ends of sentences, and where a run that recurs over the
source begins or ends. Each part is kept, or left out by a rule.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

from posts.parts import MARK, Part, parts_of, split
from posts.phrases import Found, found

TIME = re.compile(r"(?<![\d:])\d{1,2}:\d\d(?::\d\d)?(?![\d:])")
NOT_WORD = re.compile(r"[\W_]+")
SERIES = re.compile(r"【[^】]{1,30}】|\[[^\]]{1,30}\]|[上中下]集|第.{1,4}[集期话話回]")
SERIES_FIRST = re.compile(rf"(?:{SERIES.pattern}|[\s:：—–-])+")
LETTER = re.compile(r"\w")
# a chapter list has at least so many times, each later than the one before
LEAST_CHAPTERS = 3
# the longest label of a link seen; a longer text before an address is a sentence of its own
LONGEST_LABEL = 40
LONGEST_TAG = 14
LONGEST_PLEA = 120
# a run of this length that begins or ends with a sentence is no phrase within one
SHORTEST_PASSAGE = 12
# so much of a part recurs that the rest is a number, a date or a mark
MOSTLY = 0.7
BULLET = re.compile(r"\s{2,}|\s[-–—•·|]\s|[►▶👉→◆■●○★☆|｜]|-(?=[^\x00-\x7f])")
ADDRESSED = re.compile(r"https?://|www\.|@|[-=＝－—_*＊━─═]{4,}|#\w")
GREETING = re.compile(r"大家好|各位|哈[喽嘍囉]|朋友们|朋友們|你好|您好|欢迎来到|歡迎來到|欢迎收看|歡迎收看|hello|hi\b|hey\b|welcome", re.IGNORECASE)

SOURCE = re.compile(
    r"(?:出處|出处|出自|来源|來源|原始视频|原視頻|原视频|原片|参考|參考|引用|资料|資料|链接为|連結為|演讲|演講|原文|报道|報導|新聞|新闻|文章|論文|论文|全文|数据|數據|sources?|references?)[^。！？]{0,20}[:：]?\s*\Z",
    re.IGNORECASE,
)
SEPARATOR = re.compile("[,，|｜、]")
# a sentence goes on after the tag, so that part of the tag belongs to it
AMID = re.compile("[，,](?! ?[#＃])")
LEAST_KEYWORDS, LONGEST_KEYWORD = 8, 24


@dataclass(slots=True)
class _Page:
    """A text, its parts in order, where it recurs over the source, and where a list of chapters stands."""

    text: str
    parts: list[Part]
    covered: list[tuple[int, int]]
    pleas: Found
    people: Found
    chapters: tuple[int, int] = (0, 0)

    def said(self, part: Part) -> str:
        return self.text[part.start : part.end].strip()

    def is_chapter(self, part: Part) -> bool:
        return self.chapters[0] < part.end and part.start < self.chapters[1]

    def is_plea(self, part: Part) -> bool:
        return self.pleas.first(part.start, part.end) is not None

    def is_of_people(self, part: Part) -> bool:
        return self.people.first(part.start, part.end) is not None


def cut(text: str, title: str, covered: list[tuple[int, int]]) -> list[tuple[str, str | None]]:
    """Part a text into passages, each with the rule by which it is left out; joined they are the text.

    `covered` are the spans of the text that recur over the source, in order.
    """
    page = _Page(text, parts_of(text), covered, *found(text))
    _part_further(page, _repeats(text, title))
    page.chapters = _chapters(page)
    for rule in (_recurring, _links, _link_lists, _tags, _pleas, _keywords, _leftovers):
        rule(page)
    return list(_passages(page))


def _repeats(text: str, title: str) -> tuple[int, int]:
    """Find the title where it stands as a sentence of its own; (0, 0) where it does not."""
    title = title.strip()
    start = text.find(title) if len(title) > 3 else -1
    if start < 0:
        return _reordered(text, title)
    end = start + len(title)
    before, after = text[:start].rstrip()[-1:], text[end:].lstrip()
    if (before.isalnum() or before in set('《「“"『〈,，、:：')) and before:
        return 0, 0
    border = MARK.search(after)
    is_sentence = not after or (
        after[0] not in "，,、的" and (border.start() if border else len(after)) not in range(1, 10)
    )
    return (start, end) if is_sentence else (0, 0)


def _reordered(text: str, title: str) -> tuple[int, int]:
    """Find a first sentence that is the title with its series named elsewhere: `【series 3】part one: title`."""
    core, head = SERIES.sub("", title).strip(" -—–:："), SERIES_FIRST.match(text)
    if core == title or len(core) < SHORTEST_PASSAGE / 2:
        return 0, 0
    start = head.end() if head else 0
    return (0, start + len(core)) if text.startswith(core, start) else (0, 0)


def _part_further(page: _Page, repeated: tuple[int, int]) -> None:
    """Part sentences where a run that stands out begins or ends, and around the title."""
    cuts = set[int]()
    if page.covered:
        borders = [part.start for part in page.parts] + [len(page.text)]
        page.covered = [_trimmed(page, span, borders) for span in page.covered]
        known = set(borders)
        cuts = {at for span in page.covered if _stands_out(page, span, known) for at in span}
    if repeated[1]:
        cuts |= set(repeated)
    if not cuts:
        return
    page.parts = list(split(page.parts, sorted(cuts)))
    for part in page.parts:
        if repeated[0] <= part.start and part.end <= repeated[1]:
            part.rule = "title_repeated"


def _trimmed(page: _Page, span: tuple[int, int], borders: list[int]) -> tuple[int, int]:
    """Leave to the sentences around a run what it shares of them: the end of one, the usual beginning of one."""
    start, end = span
    first, last = borders[bisect_left(borders, start)], borders[bisect_right(borders, end) - 1]
    if start < first < end and first - start < SHORTEST_PASSAGE and _is_ended(page.text[start:first].strip()):
        start = first
    if start < last < end and page.pleas.first(last, end) is None and not ADDRESSED.search(page.text, last, end):
        end = last
    return start, end


def _stands_out(page: _Page, span: tuple[int, int], borders: set[int]) -> bool:
    """Tell a run that is a passage of its own from a phrase within a sentence, or the usual beginning of one."""
    start, end = span
    begins, ends = _is_border(page.text, start, borders, -1), _is_border(page.text, end, borders, 1)
    if (
        begins
        and not ends
        and page.pleas.first(start, end) is None
        and not ADDRESSED.search(page.text, start, end)
    ):
        return False
    return end - start >= (2 * SHORTEST_PASSAGE, SHORTEST_PASSAGE - 2, SHORTEST_PASSAGE / 2)[begins + ends]


def _is_border(text: str, at: int, borders: set[int], step: int) -> bool:
    while 0 < at < len(text) and at not in borders and text[at if step > 0 else at - 1].isspace():
        at += step
    return at in borders


def _chapters(page: _Page) -> tuple[int, int]:
    """Give where a list of chapters begins and ends; (0, 0) where there is none."""
    if page.text.count(":") < LEAST_CHAPTERS:
        return 0, 0
    found = list(TIME.finditer(page.text))
    times = [_seconds(match[0]) for match in found]
    if len(times) < LEAST_CHAPTERS or any(b < a for a, b in pairwise(times)):
        return 0, 0
    last = found[-1].end()
    end = next(
        (part.end for part in page.parts if part.start <= last < part.end and part.kind == "text"), last
    )
    plea = page.pleas.first(last, end)
    if plea is None and _is_keywords(page.text[last:end]):
        plea = last + next(SEPARATOR.finditer(page.text[last:end])).start()
    if plea is not None and plea > last + 1:
        page.parts = list(split(page.parts, [plea]))
        end = plea
    return found[0].start(), end


def _seconds(time: str) -> int:
    total = 0
    for number in time.split(":"):
        total = total * 60 + int(number)
    return total


def _recurring(page: _Page) -> None:
    """A passage that recurs over the source, unless it tells who speaks, or of what."""
    if not page.covered:
        return
    is_told, shares = False, _shares(page)
    for part, share in zip(page.parts, shares, strict=True):
        is_told = part.kind == "text" and (page.is_of_people(part) or (is_told and not page.is_plea(part)))
        if not is_told and part.rule is None and share >= MOSTLY and not page.is_chapter(part):
            part.rule = "recurring"
        is_told = is_told and not _is_ended(page.said(part))
    for part, after in zip(page.parts[-2::-1], page.parts[:0:-1], strict=True):
        if part.rule == "recurring" and after.rule is None and GREETING.match(page.said(part)):
            part.rule = None


def _shares(page: _Page) -> Iterator[float]:
    """Give how much of each part is covered. Parts and spans are in order, each apart from the next."""
    at = 0
    for part in page.parts:
        while at < len(page.covered) and page.covered[at][1] <= part.start:
            at += 1
        inside, next_at = 0, at
        while next_at < len(page.covered) and page.covered[next_at][0] < part.end:
            inside += min(page.covered[next_at][1], part.end) - max(page.covered[next_at][0], part.start)
            next_at += 1
        yield inside / (part.end - part.start)


def _links(page: _Page) -> None:
    """An address with the words that announce it, unless it is a source."""
    for at, part in enumerate(page.parts):
        if part.kind == "ruler":
            part.rule = "ruler"
        if part.kind not in {"url", "mail", "handle"}:
            continue
        label = page.parts[at - 1] if at and page.parts[at - 1].kind == "text" else None
        said = page.said(label) if label else ""
        if part.kind == "url" and label and not (part.rule or label.rule) and _is_source(page, label, said):
            continue
        part.rule = part.rule or "link"
        if label and label.rule is None and not page.is_chapter(label) and not _is_ended(said):
            _drop_label(page, label, said)


def _is_source(page: _Page, label: Part, said: str) -> bool:
    return SOURCE.search(said[-40:]) is not None and not page.is_plea(label)


def _drop_label(page: _Page, label: Part, said: str) -> None:
    if (
        len(said) <= LONGEST_LABEL
        or page.is_plea(label)
        or (said[-1:] in ":：" and len(said) <= 2 * LONGEST_LABEL)
    ):
        label.rule = "link_label"
        return
    last = BULLET.split(said)[-1]
    if 1 < len(last) <= LONGEST_LABEL:
        start = page.text.rindex(last, label.start, label.end)
        page.parts.insert(page.parts.index(label) + 1, Part(start, label.end, "text", "link_label"))
        label.end = start


def _link_lists(page: _Page) -> None:
    """Titles with an address each, one after the other."""
    linked = [at for at, part in enumerate(page.parts) if part.kind == "url" and part.rule]
    listed = [(first, second) for first, second in pairwise(linked) if _is_titles(page, first + 1, second)]
    for first, second in listed:
        for part in page.parts[first + 1 : second]:
            part.rule = part.rule or "link_label"
    if len(listed) > 1:
        start = listed[0][0]
        while start and page.parts[start - 1].kind == "text" and page.parts[start - 1].rule is None:
            start -= 1
        if start and page.parts[start - 1].rule and _is_titles(page, start, listed[0][0]):
            for part in page.parts[start : listed[0][0]]:
                part.rule = "link_label"


def _is_titles(page: _Page, start: int, end: int) -> bool:
    parts = page.parts[start:end]
    size = sum(part.end - part.start for part in parts)
    return all(part.kind == "text" for part in parts) and size <= 2 * LONGEST_LABEL


def _is_ended(said: str) -> bool:
    return said[-1:] in "。！？!?…"


def _tags(page: _Page) -> None:
    """Tags. A tag that is a word of a sentence, or holds one, keeps the words."""
    for at in range(len(page.parts) - 1, -1, -1):
        part = page.parts[at]
        if part.kind != "tag" or part.rule is not None:
            continue
        if part.end - part.start > LONGEST_TAG + 1 or _is_word(page, at) or AMID.match(page.text, part.end):
            sign, word = (
                Part(part.start, part.start + 1, "tag", "hashtag"),
                Part(part.start + 1, part.end, "text"),
            )
            page.parts[at : at + 1] = [sign, word]
        else:
            part.rule = "hashtag"


def _is_word(page: _Page, at: int) -> bool:
    if not 0 < at < len(page.parts) - 1:
        return False
    before, after = page.parts[at - 1], page.parts[at + 1]
    if before.kind != "text" or after.kind != "text" or before.rule or after.rule:
        return False
    return not _is_ended(page.said(before)) and LETTER.search(page.text, before.start, before.end) is not None


def _pleas(page: _Page) -> None:
    """Asks to subscribe, pay, follow or share, and notices: beside what is left out, or at either end."""
    last = len(page.parts) - 1
    for order in (range(last + 1), range(last, -1, -1)):
        for at in order:
            part = page.parts[at]
            if (
                part.kind != "text"
                or part.rule
                or part.end - part.start > LONGEST_PLEA
                or page.is_chapter(part)
            ):
                continue
            is_beside = at in {0, last} or page.parts[at - 1].rule or page.parts[at + 1].rule
            plea = page.pleas.first(part.start, part.end) if is_beside else None
            # the whole of a text is an announcement rather than a plea
            if plea is not None and (last or plea - part.start < LONGEST_LABEL / 2):
                part.rule = "plea"


def _keywords(page: _Page) -> None:
    """Words for search engines."""
    for part in page.parts:
        if (
            part.kind == "text"
            and not part.rule
            and not page.is_chapter(part)
            and _is_keywords(page.said(part))
        ):
            part.rule = "keywords"


def _is_keywords(said: str) -> bool:
    if _is_ended(said) or len(said) > LONGEST_PLEA * 10:
        return False
    words = SEPARATOR.split(said)
    return len(words) >= LEAST_KEYWORDS and max(map(len, words)) <= LONGEST_KEYWORD


def _leftovers(page: _Page) -> None:
    """What is no sentence and stands alone among what is left out."""
    section: list[Part] = []
    for part in [*page.parts, Part(0, 0, "ruler")]:
        if part.kind == "ruler":
            _rest_of(page, section)
            section = []
        else:
            section.append(part)


def _rest_of(page: _Page, section: list[Part]) -> None:
    size = sum(part.end - part.start for part in section)
    left = sum(part.end - part.start for part in section if part.rule is None)
    for is_kept, group in groupby(section, lambda part: part.rule is None):
        parts = list(group)
        if not is_kept:
            continue
        is_first = parts[0] is page.parts[0]
        said = page.text[parts[0].start : parts[-1].end].strip()
        if any(page.is_chapter(part) or page.is_of_people(part) for part in parts):
            continue
        is_rest = len(said) <= 12 or (left < 0.4 * size and len(said) <= LONGEST_LABEL)
        is_rest = is_rest and (not is_first or len(NOT_WORD.sub("", said)) < 3)
        if not LETTER.search(said) or (size > left and is_rest and not _is_ended(said)):
            for part in parts:
                part.rule = "leftover"


def _passages(page: _Page) -> Iterator[tuple[str, str | None]]:
    for rule, group in groupby(page.parts, lambda part: part.rule):
        parts = list(group)
        yield page.text[parts[0].start : parts[-1].end], rule
