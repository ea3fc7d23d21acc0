"""Opening tags as the walk sees them; themes repeat a few hundred, and what is told of one is remembered."""

import re
from html import unescape

from posts.html import elements

ATTRIBUTE = re.compile(r'\s([^\s="]+)(?:="([^"]*)")?')

BLOCK = frozenset(
    """
    address article aside blockquote body center dd details dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li main menu nav ol p pre section summary table tbody
    tfoot thead tr ul caption legend option td th optgroup
    """.split()
)
VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr frame keygen basefont".split()
)
HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
# blocks whose beginning or end means more than that a text ends
TELLING = HEADINGS | {"pre", "tr", "td", "th", "table", "blockquote", "figure"}
# Formatting: without attributes it changes nothing, and the walk need not know that it was there.
FORMATTING = "strong em b i u span picture".split()
MOST_MARKS = 20_000
# what distinguishes one link from another
HREF = re.compile(r'\shref="([^"]*)"')
_marks = dict[str, "Mark"]()
# those of them that are plain
PLAIN = dict[str, "Mark"]()


class Mark:
    """An opening tag. A plain one is of a block that only ends the text before it."""

    __slots__ = (
        "has_drop_cap_name",
        "is_block",
        "is_drop_cap",
        "is_plain",
        "is_standfirst",
        "name",
        "rule",
        "signature",
    )

    def __init__(self, tag: str) -> None:
        self.name = tag.partition(" ")[0]
        attributes = attributes_of(tag) if " " in tag else {}
        names = elements.names_of(attributes) if attributes else []
        self.is_block = self.name in BLOCK
        self.rule = elements.why_dropped(self.name, attributes, names)
        self.signature = f"{self.name}.{' '.join(names)}" if names else ""
        self.is_standfirst, self.has_drop_cap_name = (
            elements.is_standfirst(names),
            elements.is_drop_cap(names),
        )
        self.is_drop_cap = self.has_drop_cap_name or elements.is_set_large(attributes)
        told = (
            self.rule
            or self.signature
            or self.is_drop_cap
            or self.name in TELLING
            or self.name in VOID
            or self.name in elements.UNREAD
        )
        self.is_plain = self.is_block and not told


def mark_of(tag: str) -> Mark:
    """Return what an opening tag means, written as between `<` and `>`."""
    mark = _marks.get(tag)
    if mark is None:
        if len(_marks) >= MOST_MARKS:
            _marks.clear()
            PLAIN.clear()
        mark = _marks[tag] = Mark(tag)
        if mark.is_plain:
            PLAIN[tag] = mark
    return mark


def link_of(tag: str) -> tuple[Mark, str]:
    """Return what the opening tag of a link means, and where it leads."""
    href = HREF.search(tag)
    if href is None:
        return mark_of(tag), ""
    mark, target = mark_of(tag[: href.start()] + tag[href.end() :]), href[1]
    return mark, unescape(target) if "&" in target else target


def without_meaning(markup: str) -> frozenset[str]:
    """Return the tags, opening and closing, of formatting that nowhere in some markup has attributes."""
    plain = [name for name in FORMATTING if f"<{name} " not in markup]
    return frozenset([*plain, *(f"/{name}" for name in plain)])


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def attributes_of(tag: str) -> dict[str, str]:
    """Read the attributes of an opening tag, given as it stands between `<` and `>`; the first of a name counts."""
    found = dict[str, str]()
    for match in ATTRIBUTE.finditer(tag):
        value = match[2] or ""
        found.setdefault(match[1].lower(), unescape(value) if "&" in value else value)
    return found
