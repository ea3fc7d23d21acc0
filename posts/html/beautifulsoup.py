"""The second HTML parser: BeautifulSoup with lxml, with the same output format as lexbor."""

import re

from bs4 import BeautifulSoup
from bs4.element import PageElement, PreformattedString, Tag

from posts.html.tags import VOID_TAGS, escape_html

# tags in these are text
RAW_CONTENT = (
    r"<!--.*?(?:-->|\Z)|<plaintext\b.*"
    r"|<(iframe|noembed|noframes|script|style|textarea|title|xmp)\b.*?(?:</\2\b|\Z)"
)
STRAY_END_TAG = re.compile(
    rf"({RAW_CONTENT})|</(?:(br)|body|html)(?=[\s/>])[^<>]*+>", re.IGNORECASE | re.DOTALL
)
# elements that close an open paragraph at their start tag, or at their end tag if it is inside them
PARAGRAPH_CLOSERS = (
    "address|article|aside|blockquote|caption|center|details|dialog|dir|div|dl|dd|dt|fieldset|figcaption|figure|footer"
    "|form|h[1-6]|header|hgroup|hr|li|listing|main|menu|nav|ol|p|plaintext|pre|search|section|summary|table|td|th|ul|xmp"
)
OPEN_PARAGRAPH = rf"<p(?=[\s/>])[^<]*+(?:<(?!/?(?:{PARAGRAPH_CLOSERS})\b)[^<]*+)*+</p\b"
STRAY_PARAGRAPH_END = re.compile(
    rf"({RAW_CONTENT}|{OPEN_PARAGRAPH})|</p(?=[\s/>])[^<>]*+>", re.IGNORECASE | re.DOTALL
)

# libxml2 closes a term if a list begins in it, but not if an unknown element is between them
LIST_WRAPPER = "postlake-list"
LIST_TAG = re.compile(rf"({RAW_CONTENT})|<(/?)(dl|dt|dd)(?=[\s/>])[^<>]*+>", re.IGNORECASE | re.DOTALL)


def normalize_with_soup(document: str) -> str:
    soup = BeautifulSoup(_repair(document), "lxml", multi_valued_attributes=None)
    return "" if soup.body is None else _serialize(soup.body)


def _repair(document: str) -> str:
    """Return the document with the corrections that HTML requires and libxml2 does not make.

    NUL is removed, `</br>` is a line break, a stray `</p>` separates paragraphs, and the body ends at the end
    of the document. A term may contain a list, and ends where the next term or description begins.
    """
    document = STRAY_END_TAG.sub(lambda end: end[1] or (end[3] and "<br>") or "", document.replace("\0", ""))
    document = _nest_lists(document)
    return STRAY_PARAGRAPH_END.sub(lambda end: end[1] or "<p></p>", document)


def _nest_lists(document: str) -> str:
    """Close terms and descriptions where the next one begins, and wrap each list in LIST_WRAPPER."""
    open_tags: list[str] = []

    def repair_tag(tag: re.Match[str]) -> str:
        if tag[1]:
            return tag[0]
        name, is_end = tag[4].lower(), bool(tag[3])
        if name == "dl":
            return _wrap_list(open_tags, tag[0], is_end=is_end)
        if is_end:
            if open_tags and open_tags[-1] == name:
                open_tags.pop()
            return tag[0]
        end_tag = f"</{open_tags.pop()}>" if open_tags and open_tags[-1] != "dl" else ""
        open_tags.append(name)
        return end_tag + tag[0]

    return LIST_TAG.sub(repair_tag, document)


def _wrap_list(open_tags: list[str], tag: str, *, is_end: bool) -> str:
    if not is_end:
        open_tags.append("dl")
        return f"<{LIST_WRAPPER}>{tag}"
    if "dl" not in open_tags:
        return tag
    while open_tags.pop() != "dl":
        pass
    return f"{tag}</{LIST_WRAPPER}>"


def _serialize(root: Tag) -> str:
    """Return an element and its content, without comments, as markup. The depth is not limited.

    Tag.decode compares elements by their content: for nested equal elements, its time grows with the square
    of their number, and it uses up the stack.
    """
    pieces: list[str] = []
    pending: list[PageElement | str] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, Tag):
            if node.name == LIST_WRAPPER:
                pending += reversed(node.contents)
                continue
            name = "img" if node.name == "image" else node.name
            pieces.append(f"<{name}{''.join(map(_format_attribute, node.attrs.items()))}>")
            # libxml2 knows only the void elements of HTML 4; for the others it nests the following content in them
            pending += ["" if name in VOID_TAGS else f"</{name}>", *reversed(node.contents)]
        elif type(node) is str:
            pieces.append(node)
        elif isinstance(node, str) and not isinstance(node, PreformattedString):
            pieces.append(escape_html(node))
    return "".join(pieces)


def _format_attribute(attribute: tuple[str, object]) -> str:
    name, value = attribute
    return f' {name}="{escape_html(str(value))}"'
