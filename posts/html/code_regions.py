"""Find the code in the source of Markdown: fences, code spans, and HTML elements whose content is verbatim."""

import re
from functools import cache, lru_cache

# Alternatives of a larger pattern, with MULTILINE: where code or a comment may begin.
CODE_START = (
    r"^(?P<container>[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*+)(?P<fence>```++(?=[^`\n]*+$)|~~~++)"
    r"|(?P<ticks>`++)"
    r"|<(?P<element>pre|code|script|style|textarea)\b"
    r"|(?P<comment><!--)"
)
PARAGRAPH_END = re.compile(r"\n[ \t>]*+\n|\Z")
# a fence that is indented by more is in a list
MIN_LIST_INDENT = 4
COMMENT_END = re.compile("-->")


class CodeRegions:
    """The code in a source, asked for in the order in which CODE_START matches.

    What was searched for and not found is not searched for again, so that the time is linear.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.paragraph_end = 0
        self.missing_until: dict[str, int] = {}

    def end_of(self, start: re.Match[str]) -> int | None:
        """Return the end of the code or comment that begins here; None if it is not closed, and so is text."""
        if start["fence"]:
            closing = _fence_end(start["fence"], _outside_of(start["container"])).search(
                self.source, start.end()
            )
            return closing.end() if closing else len(self.source)
        if start["ticks"]:
            if self.paragraph_end < start.end():
                found = PARAGRAPH_END.search(self.source, start.end())
                self.paragraph_end = found.start() if found else len(self.source)
            end = self.find(_ticks(len(start["ticks"])), start.end(), self.paragraph_end)
        elif start["element"]:
            end = self.find(_element_end(start["element"].lower()), start.end(), len(self.source))
        else:
            end = self.find(COMMENT_END, start.end(), len(self.source))
        return end and end.end()

    def find(self, pattern: re.Pattern[str], start: int, limit: int) -> re.Match[str] | None:
        """Return the next match of a pattern before a limit, or None."""
        if start < self.missing_until.get(pattern.pattern, -1):
            return None
        match = pattern.search(self.source, start, limit)
        if match is None:
            self.missing_until[pattern.pattern] = limit
        return match


@lru_cache(maxsize=64)
def _fence_end(fence: str, outside: str) -> re.Pattern[str]:
    return re.compile(rf"^[ \t>]*+{fence}{fence[0]}*+[ \t]*+$|{outside}", re.MULTILINE)


def _outside_of(container: str) -> str:
    """Return a pattern for the first line that is not in the quotation or list that contains a fence."""
    if ">" in container:
        return r"^(?![ \t]*+>)"
    return r"^(?=[^\s`~])" if len(container.expandtabs(4)) >= MIN_LIST_INDENT or container.strip() else r"\Z"


@cache
def _element_end(tag: str) -> re.Pattern[str]:
    return re.compile(rf"</{tag}\b[^>]*+>", re.IGNORECASE)


@lru_cache(maxsize=64)
def _ticks(count: int) -> re.Pattern[str]:
    return re.compile(rf"(?<!`)`{{{count}}}(?!`)")
