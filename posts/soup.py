"""The second engine: BeautifulSoup over lxml, its tree written out as lexbor writes its own."""

import re

from bs4 import BeautifulSoup
from bs4.element import PageElement, PreformattedString, Tag

from posts.markup import escaped

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


def markup_of_soup(page: str) -> str:
    soup = BeautifulSoup(_repaired(page), "lxml", multi_valued_attributes=None)
    return "" if soup.body is None else _written(soup.body)


def _repaired(page: str) -> str:
    """Do what HTML asks and libxml2 leaves.

    NUL is no text, `</br>` breaks a line, a stray `</p>` parts paragraphs, and the body ends with the page.
    """
    page = OTHER_END.sub(lambda end: end[1] or (end[3] and "<br>") or "", page.replace("\0", ""))
    return PARAGRAPH_END.sub(lambda end: end[1] or "<p></p>", page)


def _written(root: Tag) -> str:
    """Write an element and all in it but comments, to any depth.

    Tag.decode compares elements by all they hold: nested alike, they take the square of the time and the stack.
    """
    written, unwritten = list[str](), list[PageElement | str]([root])
    while unwritten:
        node = unwritten.pop()
        if isinstance(node, Tag):
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
