"""Parse opening tags. Themes repeat a few hundred of them, so the results are cached."""

import re
from collections.abc import Iterable
from html import unescape

from posts.html import elements
from posts.rules.rule import HEADINGS

ATTRIBUTE = re.compile(r'\s([^\s="]+)(?:="([^"]*)")?')

BLOCK_TAGS = frozenset(
    """
    address article aside blockquote body center dd details dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li main menu nav ol p pre section summary table tbody
    tfoot thead tr ul caption legend option td th optgroup
    """.split()
)
VOID_TAGS = frozenset(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr".split()
)
SUBHEADINGS = HEADINGS - {"h1"}
# blocks whose beginning or end does more than end a text
SEMANTIC_BLOCKS = SUBHEADINGS | {"pre", "tr", "td", "th", "table", "blockquote", "figure"}
# Formatting: without attributes it has no effect on the content, so the walker ignores it.
FORMATTING_TAGS = frozenset("strong em b i u span picture".split())
FORMATTING_WITH_ATTRIBUTES = tuple(f"{name} " for name in FORMATTING_TAGS)
SINGLE_RUN_TAGS = "<div>", "</div>"
MAX_CACHED_TAGS = 20_000
# it is removed from a tag before the cache is used: it differs from link to link
HREF_ATTRIBUTE = re.compile(r'\shref="([^"]*)"')
_cached_tags = dict[str, "OpeningTag"]()
# the subset of _cached_tags that is plain
PLAIN_BLOCKS = dict[str, "OpeningTag"]()


class OpeningTag:
    """A parsed opening tag. It is plain if it belongs to a block that only ends the text before it."""

    __slots__ = (
        "has_drop_cap_name",
        "is_block",
        "is_drop_cap",
        "is_plain",
        "name",
        "names",
        "rule",
        "signature",
    )

    def __init__(self, tag: str) -> None:
        self.name = tag.partition(" ")[0]
        attributes = parse_attributes(tag) if " " in tag else {}
        names = self.names = elements.element_names(attributes) if attributes else []
        self.is_block = self.name in BLOCK_TAGS
        self.rule = elements.element_rule(self.name, attributes, names)
        self.signature = f"{self.name}.{' '.join(names)}" if names else ""
        self.has_drop_cap_name = elements.has_drop_cap_name(names)
        self.is_drop_cap = self.has_drop_cap_name or elements.has_drop_cap_style(attributes)
        has_meaning = self.rule or self.signature or self.is_drop_cap or self.name in SEMANTIC_BLOCKS
        self.is_plain = self.is_block and not has_meaning


def parse_opening_tag(tag: str) -> OpeningTag:
    """Return a parsed opening tag, given the text between `<` and `>`."""
    opening_tag = _cached_tags.get(tag)
    if opening_tag is None:
        if len(_cached_tags) >= MAX_CACHED_TAGS:
            _cached_tags.clear()
            PLAIN_BLOCKS.clear()
        opening_tag = _cached_tags[tag] = OpeningTag(tag)
        if opening_tag.is_plain:
            PLAIN_BLOCKS[tag] = opening_tag
    return opening_tag


def parse_link_tag(tag: str) -> tuple[OpeningTag, str]:
    """Return the parsed opening tag of a link, and its URL or an empty string."""
    href_match = HREF_ATTRIBUTE.search(tag)
    if href_match is None:
        return parse_opening_tag(tag), ""
    opening_tag, href = parse_opening_tag(tag[: href_match.start()] + tag[href_match.end() :]), href_match[1]
    return opening_tag, unescape(href) if "&" in href else href


def ignorable_tags(pieces: Iterable[str]) -> frozenset[str]:
    """Return the opening and closing tags of the formatting that never has attributes in pieces of markup.

    Each piece but the first begins with a tag, without its `<`.
    """
    with_attributes = [piece for piece in pieces if piece.startswith(FORMATTING_WITH_ATTRIBUTES)]
    names = FORMATTING_TAGS.difference([piece.partition(" ")[0] for piece in with_attributes])
    return frozenset([*names, *(f"/{name}" for name in names)])


def is_single_run(html: str) -> bool:
    """Return whether HTML is one <div> without other tags, as most descriptions of videos are."""
    start, end = SINGLE_RUN_TAGS
    return html.startswith(start) and html.endswith(end) and html.find("<", 1) == len(html) - len(end)


def escape_html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def parse_attributes(tag: str) -> dict[str, str]:
    """Return the attributes of an opening tag, given the text between `<` and `>`.

    Of several attributes with the same name, the first is used.
    """
    attributes: dict[str, str] = {}
    for match in ATTRIBUTE.finditer(tag):
        value = match[2] or ""
        attributes.setdefault(match[1].lower(), unescape(value) if "&" in value else value)
    return attributes
