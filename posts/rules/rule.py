"""A rule of cleaning as a record: what it leaves out, why, and what it looks at."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Flag, auto

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


class Scope(Flag):
    """What a rule looks at. One of text may look at several."""

    ELEMENT = auto()  # the tag, role, class names and id of an element
    EDGE = auto()  # the text of a short block near the beginning or end of a post
    INNER = auto()  # the text of a short block elsewhere
    BLOCK = EDGE | INNER
    PARAGRAPH = auto()  # the text of a block that is longer than a line
    SINGLE_TEXT = auto()  # a whole text without line breaks
    SEQUENCE = auto()  # a block, and those around it
    FLAT = auto()  # a part of a text without line breaks
    TEMPLATE = auto()  # what is learned of a source


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by which cleaning leaves something out. `reason` is the sentence that `explain` shows.

    A rule of text has a `pattern`, or a function that tells whether a text `matches`. Of each list of `keywords`
    (lower case, a word each) one is in all that it matches: a text that lacks one is not looked at closer. Blocks in
    one of `excluded_elements` are kept. An element's `pattern` is one of whole class names; such a rule may name
    `tags` and `roles`, too. Other rules are functions beside which their record stands.
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
        """Return what tells whether a text is one of the rule's own: wholly, unless a function says otherwise."""
        return self.matches or re.compile(self.pattern, re.IGNORECASE | re.DOTALL).fullmatch
