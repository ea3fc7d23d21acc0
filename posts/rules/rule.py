"""The record of a cleaning rule: what it drops, why, and what it is applied to."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Flag, auto

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


class Scope(Flag):
    """What a rule is applied to. A rule about text may have several scopes."""

    ELEMENT = auto()  # the tag, role, class names and id of an element
    EDGE = auto()  # the text of a short block near the beginning or end of a post
    INNER = auto()  # the text of a short block elsewhere
    BLOCK = EDGE | INNER
    PARAGRAPH = auto()  # the text of a block that is longer than a line
    SINGLE_TEXT = auto()  # a whole text without line breaks
    SEQUENCE = auto()  # a block, and those around it
    FLAT = auto()  # a part of a text without line breaks
    LINK = auto()  # a link that is not listed; its text stays
    TEMPLATE = auto()  # the patterns that were learned from a source


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by which cleaning drops text. `explain` shows its `reason`.

    A rule about text has a `pattern`, or a function `matches` that returns whether it matches a text.
    `keywords` are lists of lower-case words, separated by spaces. A text is tested only if it contains one
    word of each list. Blocks in `excluded_elements` are kept.

    A rule about elements has a `pattern` for whole class names and ids, or `tags` and `roles`. All other
    rules are functions, next to which their record is defined.
    """

    name: str
    reason: str
    scope: Scope
    pattern: str = ""
    keywords: tuple[str, ...] = ()
    matches: Callable[[str], object] | None = None
    excluded_elements: frozenset[str] = field(default=frozenset())
    tags: frozenset[str] = field(default=frozenset())
    roles: frozenset[str] = field(default=frozenset())

    @property
    def text_test(self) -> Callable[[str], object]:
        """Return the function that tests a text: `matches`, or a full match of the `pattern`."""
        return self.matches or re.compile(self.pattern, re.IGNORECASE | re.DOTALL).fullmatch
