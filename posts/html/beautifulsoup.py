"""The second engine: BeautifulSoup over lxml, its tree written out as lexbor writes its own."""

import re

from bs4 import BeautifulSoup
from bs4.element import PageElement, PreformattedString, Tag

from posts.html.tags import escaped

# libxml2 knows the void elements of HTML 4 and nests what follows the others.
VOID = frozenset(
    """
    area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr
    """.split()
)
# no tag in these is a tag
RAW = (
    r"<!--.*?(?:-->|\Z)|<plaintext\b.*"
    r"|<(iframe|noembed|noframes|script|style|textarea|title|xmp)\b.*?(?:</\2\b|\Z)"
)
OTHER_END = re.compile(rf"({RAW})|</(?:(br)|body|html)(?=[\s/>])[^<>]*+>", re.IGNORECASE | re.DOTALL)
# the elements that end an open paragraph where they begin, or where they end around it
PARAGRAPH_ENDS_AT = (
    "address|article|aside|blockquote|caption|center|details|dialog|dir|div|dl|dd|dt|fieldset|figcaption|figure|footer"
    "|form|h[1-6]|header|hgroup|hr|li|listing|main|menu|nav|ol|p|plaintext|pre|search|section|summary|table|td|th|ul|xmp"
)
PARAGRAPH = rf"<p(?=[\s/>])[^<]*+(?:<(?!/?(?:{PARAGRAPH_ENDS_AT})\b)[^<]*+)*+</p\b"
PARAGRAPH_END = re.compile(rf"({RAW}|{PARAGRAPH})|</p(?=[\s/>])[^<>]*+>", re.IGNORECASE | re.DOTALL)

# libxml2 ends a term where a list begins in it, but not through an element that it does not know
WRAPPER = "postlake-list"
LIST_TAG = re.compile(rf"({RAW})|<(/?)(dl|dt|dd)(?=[\s/>])[^<>]*+>", re.IGNORECASE | re.DOTALL)


def markup_of_soup(page: str) -> str:
    soup = BeautifulSoup(_repaired(page), "lxml", multi_valued_attributes=None)
    return "" if soup.body is None else _written(soup.body)


def _repaired(page: str) -> str:
    """Do what HTML asks and libxml2 leaves.

    NUL is no text, `</br>` breaks a line, a stray `</p>` parts paragraphs, and the body ends with the page. A term may
    hold a list, and ends where the next term or description begins.
    """
    page = OTHER_END.sub(lambda end: end[1] or (end[3] and "<br>") or "", page.replace("\0", ""))
    page = _with_lists_nested(page)
    return PARAGRAPH_END.sub(lambda end: end[1] or "<p></p>", page)


def _with_lists_nested(page: str) -> str:
    """End terms and descriptions where the next one begins, and wrap the lists in them."""
    opened = list[str]()

    def repaired(tag: re.Match[str]) -> str:
        if tag[1]:
            return tag[0]
        name, is_end = tag[4].lower(), bool(tag[3])
        if name == "dl":
            return _list(opened, tag[0], is_end=is_end)
        if is_end:
            if opened and opened[-1] == name:
                opened.pop()
            return tag[0]
        before = f"</{opened.pop()}>" if opened and opened[-1] != "dl" else ""
        opened.append(name)
        return before + tag[0]

    return LIST_TAG.sub(repaired, page)


def _list(opened: list[str], tag: str, *, is_end: bool) -> str:
    if not is_end:
        opened.append("dl")
        return f"<{WRAPPER}>{tag}"
    if "dl" not in opened:
        return tag
    while opened.pop() != "dl":
        pass
    return f"{tag}</{WRAPPER}>"


def _written(root: Tag) -> str:
    """Write an element and all in it but comments, to any depth.

    Tag.decode compares elements by all they hold: nested alike, they take the square of the time and the stack.
    """
    written, unwritten = list[str](), list[PageElement | str]([root])
    while unwritten:
        node = unwritten.pop()
        if isinstance(node, Tag):
            if node.name == WRAPPER:
                unwritten += reversed(node.contents)
                continue
            name = "img" if node.name == "image" else node.name
            written.append(f"<{name}{''.join(map(_attribute, node.attrs.items()))}>")
            unwritten += ["" if name in VOID else f"</{name}>", *reversed(node.contents)]
        elif type(node) is str:
            written.append(node)
        elif isinstance(node, str) and not isinstance(node, PreformattedString):
            written.append(escaped(node))
    return "".join(written)


def _attribute(named: tuple[str, object]) -> str:
    name, value = named
    return f' {name}="{escaped(str(value))}"'
