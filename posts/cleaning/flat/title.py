"""Find the title of a post in its text without line breaks."""

import re

from posts.cleaning.flat.segments import BOUNDARY
from posts.rules.rule import Rule, Scope

TITLE_REPEATED = Rule(
    "title_repeated", "repeats the title, which is a column of its own", Scope.SEQUENCE | Scope.FLAT
)
SERIES_MARK = re.compile(r"【[^】]{1,30}】|\[[^\]]{1,30}\]|[上中下]集|第.{1,4}[集期话話回]")
SERIES_PREFIX = re.compile(rf"(?:{SERIES_MARK.pattern}|[\s:：—–-])++")
# a shorter title may occur in any sentence; a shorter title without its series may begin any sentence
MIN_TITLE_CHARS, MIN_CORE_CHARS = 4, 6


def find_title(text: str, title: str) -> tuple[int, int]:
    """Return the span of the title if it is a sentence of its own, else (0, 0)."""
    title = title.strip()
    start = text.find(title) if len(title) >= MIN_TITLE_CHARS else -1
    if start < 0:
        return _find_reordered_title(text, title)
    end = start + len(title)
    before, after = text[:start].rstrip()[-1:], text[end:].lstrip()
    if (before.isalnum() or before in set('《「“"『〈,，、:：')) and before:
        return 0, 0
    border = BOUNDARY.search(after)
    is_sentence = not after or (
        after[0] not in "，,、的" and (border.start() if border else len(after)) not in range(1, 10)
    )
    return (start, end) if is_sentence else (0, 0)


def _find_reordered_title(text: str, title: str) -> tuple[int, int]:
    """Return the span of a first sentence that is the title with its series elsewhere, else (0, 0).

    For example `【series 3】part one: title`.
    """
    core = SERIES_MARK.sub("", title).strip(" -—–:：")
    if core == title or len(core) < MIN_CORE_CHARS:
        return 0, 0
    head = SERIES_PREFIX.match(text)
    start = head.end() if head else 0
    return (0, start + len(core)) if text.startswith(core, start) else (0, 0)
