"""An HTML tree as blocks of text: paragraphs, headings, list items, table rows, verbatim code."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from posts.dom import TEXT, Node
from posts.rules import why_dropped

BLOCK = frozenset(
    """
    address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption
    figure footer form h1 h2 h3 h4 h5 h6 header hr li main menu ol p pre section summary table tbody
    tfoot thead tr ul caption legend
    """.split()
)
CELL = frozenset({"td", "th"})
# marks within a run of text; the characters themselves are taken out of the text
BREAK, CELL_BREAK = "\x00", "\v"
CJK = r"\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U0001f200-\U0003ffff“”‘’…—"
UNSEEN = re.compile(
    "[\x01-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
WIDE = re.compile(f"[{CJK}]")
SPACES = re.compile(" {2,}")
A_LETTER = re.compile(r"\w")


@dataclass(slots=True)
class Content:
    """What a body holds: blocks of text, links and images as written, characters left out by rules."""

    blocks: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    images: list[tuple[str, str]] = field(default_factory=list)
    left_out_chars: int = 0


def content_of(body: Node | None) -> Content:
    """Walk a tree once, without recursion, and give its content in document order."""
    walk = _Walk()
    if body is not None:
        walk.through(body)
    walk.end_block()
    return walk.content


def one_line(text: str) -> str:
    """Give a text as a browser shows it on one line: spaces folded, invisible characters taken out."""
    return _folded(text.replace(BREAK, " ")).strip()


def _folded(text: str) -> str:
    if not text.isprintable():
        text = _printable(text)
    return SPACES.sub(" ", text) if "  " in text else text


def _printable(text: str) -> str:
    """Make spaces of all kinds one kind, but for the ideographic; take out what is not seen."""
    text = text.replace("\xa0", " ").replace("\t", " ").replace("\f", " ")
    if not text.replace("\n", "").replace("\u3000", "").isprintable():
        text = UNSEEN.sub("", text)
    return _unwrapped(text) if "\n" in text else text


def _unwrapped(text: str) -> str:
    """Join lines of the source as CSS Text 3, 4.1.3 does: between two wide characters without a space."""
    lines = [line for line in (line.strip(" ") for line in text.split("\n")) if line]
    joined = lines[:1]
    for before, after in pairwise(lines):
        joined += ["" if WIDE.match(before[-1]) and WIDE.match(after[0]) else " ", after]
    return "".join(joined)


class _Walk:
    """The state of one walk: the run of text since the last block boundary, and where in the tree it is."""

    def __init__(self) -> None:
        self.content = Content()
        self.run: list[str] = []
        self.is_row_open = False
        self.verbatim_at: Node | None = None
        self.dropped_at: Node | None = None
        self.link: tuple[str, int] | None = None
        self.link_block = 0
        self.quotes = 0
        self.row: Node | None = None

    def through(self, root: Node) -> None:
        open_nodes: list[tuple[Node, str | None]] = []
        node: Node | None = root
        while node is not None:
            tag = node.tag
            if tag == TEXT:
                self.text(node.text_content or "")
            else:
                self.enter(node, tag)
                child = node.child
                if child is not None:
                    open_nodes.append((node, tag))
                    node = child
                    continue
                self.leave(node, tag)
            following = None if node is root else node.next
            while following is None and open_nodes:
                node, tag = open_nodes.pop()
                self.leave(node, tag)
                following = None if node is root else node.next
            node = following

    def enter(self, node: Node, tag: str | None) -> None:
        if tag is None or self.dropped_at is not None:
            return
        attributes = node.attributes
        if why_dropped(tag, attributes) and not (self.quotes and tag == "footer"):
            self.dropped_at = node
        elif tag == "br":
            self.run.append("\n" if self.verbatim_at else BREAK)
        elif tag in BLOCK:
            self.begin_block(node, tag)
        elif tag in CELL:
            self.cell()
        elif tag == "a" and attributes.get("href"):
            self.link = (attributes["href"] or "", len(self.run))
            self.link_block = len(self.content.blocks)
        elif tag == "img":
            self.content.images.append((_picture(attributes), attributes.get("alt") or ""))

    def begin_block(self, node: Node, tag: str) -> None:
        self.quotes += tag == "blockquote"
        if self.verbatim_at is not None or self.row is not None:
            return
        self.end_block()
        self.verbatim_at = node if tag == "pre" else None
        self.row = node if tag == "tr" and _is_simple(node) else None
        self.is_row_open = False

    def leave(self, node: Node, tag: str | None) -> None:
        if self.dropped_at is not None:
            self.dropped_at = None if self.dropped_at is node else self.dropped_at
            return
        if tag in BLOCK:
            self.end_block(node)
            self.quotes -= tag == "blockquote"
        elif tag == "a" and self.link is not None:
            self.end_link()

    def text(self, text: str) -> None:
        if self.dropped_at is not None:
            self.content.left_out_chars += len(text.strip())
            return
        if BREAK in text or CELL_BREAK in text:
            text = text.replace(BREAK, "").replace(CELL_BREAK, " ")
        self.run.append(text)

    def cell(self) -> None:
        if self.is_row_open and self.run:
            self.run.append(CELL_BREAK)
        self.is_row_open = True

    def end_link(self) -> None:
        href, start = self.link or ("", 0)
        texts = [*self.content.blocks[self.link_block :], "".join(self.run[start:])]
        self.content.links.append((href, one_line(" ".join(texts))))
        self.link = None

    def end_block(self, node: Node | None = None) -> None:
        """Close the run of text. Within `pre` and a simple row only their own ends do."""
        if self.row is not None and node is not None:
            if node is not self.row:
                return
            self.row = None
        if not self.run and self.verbatim_at is None and self.link is None:
            return
        if self.verbatim_at is not None and node is not self.verbatim_at and node is not None:
            self.run.append("\n")
            return
        if self.run:
            run = "".join(self.run)
            self.content.blocks += _verbatim(run) if self.verbatim_at else _blocks(run)
            self.run.clear()
        self.verbatim_at = None
        if self.link is not None:
            self.link = (self.link[0], 0)


def _is_simple(row: Node) -> bool:
    """Tell a row of a table from one that lays out a page: no cell holds more than one paragraph."""
    blocks = ([inner.tag for inner in _children(cell) if inner.tag in BLOCK] for cell in _children(row))
    return all(tags in ([], ["p"]) for tags in blocks)


def _children(node: Node) -> Iterator[Node]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _picture(attributes: Mapping[str, str | None]) -> str:
    """Give the address of an image: where it is loaded late, `src` holds a stand-in."""
    late = attributes.get("data-src") or attributes.get("data-original")
    return late or attributes.get("src") or ""


def _verbatim(run: str) -> list[str]:
    lines = UNSEEN.sub("", run.replace(BREAK, "\n").replace(CELL_BREAK, "\t")).split("\n")
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    # an empty line would end the block for every reader of the text
    return [re.sub("\n{2,}", "\n", text)] if A_LETTER.search(text) else []


def _blocks(run: str) -> list[str]:
    """Cut a run at two or more <br>; keep one as a line feed. What holds no letter or digit is no block."""
    text = _folded(run)
    if BREAK not in text:
        text = text.strip()
        return [_cells(text)] if A_LETTER.search(text) else []
    lines = [_cells(line.strip()) for line in text.split(BREAK)]
    blocks = "\n".join(lines).split("\n\n")
    return [block.strip("\n") for block in blocks if A_LETTER.search(block)]


def _cells(line: str) -> str:
    if CELL_BREAK not in line:
        return line
    return "\t".join(cell.strip() for cell in line.split(CELL_BREAK)).rstrip("\t")
