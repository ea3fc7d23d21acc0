"""Markup as blocks of text: paragraphs, headings, list items, table rows, verbatim code; kept or left out by rules."""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from html import unescape
from itertools import pairwise

from posts import rules
from posts.characters import visible
from posts.markup import attributes_of

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
# a listing whose lines are the rows of a table
CODE_TABLE = re.compile(r"\b(?:highlight|code|blob|rouge|hljs)", re.IGNORECASE)
# marks within a run of text; the characters themselves are taken out of the text
BREAK = "\x00"
CJK = r"\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U0001f200-\U0003ffff“”‘’…—"
WIDE = re.compile(f"[{CJK}]")
SPACES = re.compile(" {2,}")
A_LETTER = re.compile(r"\w")
# the card of another piece: section, date, title, authors, excerpt; 500 characters are a long excerpt
MOST_OF_A_TEASER, LONGEST_TEASER = 8, 700
CUT_OFF = re.compile(r"(?:\.\.\.|…|\[…\]|\[\.\.\.\])\W*\Z")
# Distinct opening tags whose meaning is remembered: themes repeat a few hundred.
MOST_MARKS = 20_000


@dataclass(slots=True)
class Block:
    """A block of text, and the rule by which it is left out; None where it is kept.

    `element` is the name of the block element that holds it, `signature` the nearest opening tag with a class or
    id, `linked_chars` the characters that are links and `hrefs` where to. One that `continues` is a passage of
    the same block as the one before.
    """

    text: str
    rule: str | None
    element: str
    signature: str
    linked_chars: int = 0
    hrefs: list[str] = field(default_factory=list)
    continues: bool = False


@dataclass(slots=True)
class Content:
    """What a body holds, in document order: blocks, and links and images of the blocks that are kept."""

    blocks: list[Block] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    images: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Join what is kept: blocks by a blank line, passages of one block as they stood beside each other."""
        texts = list[str]()
        for block in self.blocks:
            if block.rule is not None:
                continue
            if block.continues and texts:
                texts[-1] = _joined(texts[-1], block.text)
            else:
                texts.append(block.text)
        return "\n\n".join(filter(None, (text.strip() for text in texts)))

    @property
    def left_out_chars(self) -> int:
        return sum(len(block.text) for block in self.blocks if block.rule is not None)

    def chars_left_out_by(self, rules: Container[str]) -> int:
        return sum(len(block.text) for block in self.blocks if block.rule in rules)


class Mark:
    """An opening tag as the walk sees it."""

    __slots__ = ("attributes", "is_block", "name", "rule", "signature", "tag")

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.name = tag.partition(" ")[0]
        self.attributes = attributes_of(tag) if " " in tag else {}
        self.is_block = self.name in BLOCK
        self.rule = rules.why_dropped(self.name, self.attributes)
        named = " ".join(rules.names_of(self.attributes)) if self.attributes else ""
        self.signature = f"{self.name}.{named}" if named else ""


_marks = dict[str, Mark]()


def _mark(tag: str) -> Mark:
    mark = _marks.get(tag)
    if mark is None:
        mark = Mark(tag)
        if mark.name not in {"a", "img"}:
            if len(_marks) >= MOST_MARKS:
                _marks.clear()
            _marks[tag] = mark
    return mark


def content_of(markup: str) -> Content:
    """Walk markup (see posts.markup) once, without recursion, and give its content in document order."""
    walk = _Walk()
    walk.through(markup)
    return walk.content


def _joined(before: str, after: str) -> str:
    before, after = before.rstrip(), after.lstrip()
    return f"{before} {after}" if before[-1:].isascii() and after[:1].isascii() else before + after


def one_line(text: str) -> str:
    """Give a text as a browser shows it on one line: spaces folded, invisible characters taken out."""
    return _folded(text.replace(BREAK, " ")).strip()


def _folded(text: str) -> str:
    if not text.isprintable():
        text = visible(text)
        if "\t" in text or "\v" in text:
            text = text.replace("\t", " ").replace("\v", " ")
        if "\n" in text:
            text = _unwrapped(text)
    return SPACES.sub(" ", text) if "  " in text else text


def _unwrapped(text: str) -> str:
    """Join lines of the source as CSS Text 3, 4.1.3 does: between two wide characters without a space."""
    lines = [line for line in (line.strip(" ") for line in text.split("\n")) if line]
    joined = lines[:1]
    for before, after in pairwise(lines):
        joined += ["" if WIDE.match(before[-1]) and WIDE.match(after[0]) else " ", after]
    return "".join(joined)


class _Walk:
    """The state of one walk: the run of text since the last block boundary, and the elements it is in."""

    def __init__(self) -> None:
        self.content = Content()
        self.run: list[str] = []
        self.open: list[Mark] = []
        self.starts: list[int] = []  # blocks before each open element
        # (number of open elements without the one that began it, rule, run that it interrupts)
        self.regions: list[tuple[int, str | None, list[str] | None]] = []
        self.rule: str | None = None
        self.verbatim_at = 0
        self.quotes = self.figures = 0
        self.rows: list[list[int]] = []
        self.link: tuple[str, int, int] | None = None
        self.linked_chars, self.hrefs = 0, list[str]()
        self.is_after_drop_cap = False

    def through(self, markup: str) -> None:
        unread, depth, is_comment = "", 0, False
        for piece in markup.split("<")[1:]:
            if is_comment or piece.startswith("!--"):
                is_comment = "-->" not in piece
                text = "" if is_comment else piece.partition("-->")[2]
            else:
                tag, _, text = piece.partition(">")
                if unread:
                    depth += _names(unread, tag)
                    if depth:
                        continue
                    unread = ""
                elif tag[:1] == "/":
                    self.leave()
                elif tag[:1].isalpha():
                    unread = self.enter(_mark(tag))
                    depth = 1
                    if unread:
                        continue
            if text and not unread:
                self.text(unescape(text) if "&" in text else text)
        self.end_block()

    def enter(self, mark: Mark) -> str:
        """Begin an element; give its name if nothing in it is read."""
        name = mark.name
        if name in VOID:
            self.void(mark)
            return ""
        if name in rules.UNREAD:
            return name
        if mark.is_block:
            self.begin_block(mark)
        elif name == "a":
            self.begin_link(mark)
        if mark.rule is not None or self.regions:
            self.begin_region(mark)
        self.open.append(mark)
        self.starts.append(len(self.content.blocks))
        return ""

    def void(self, mark: Mark) -> None:
        if mark.name == "br":
            self.run.append("\n" if self.verbatim_at else BREAK)
        elif mark.name == "img" and self.rule is None:
            self.content.images.append(mark.attributes)
        elif mark.name == "hr" and not self.verbatim_at:
            self.end_block()

    def begin_block(self, mark: Mark) -> None:
        name = mark.name
        if self.verbatim_at:
            self.run.append("\n")
            return
        self.end_block()
        if name == "pre":
            self.verbatim_at = len(self.open) + 1
        elif name == "tr":
            self.rows.append([])
        elif name in {"td", "th"} and self.rows:
            self.rows[-1].append(len(self.content.blocks))
        elif name == "blockquote":
            self.quotes += 1
        elif name == "figure":
            self.figures += 1

    def begin_region(self, mark: Mark) -> None:
        """Begin what is left out by a rule, or what is kept all the same within it."""
        rule = mark.rule
        if self.verbatim_at and rule not in rules.IN_CODE:
            rule = None
        elif rule == "site_chrome_element" and (self.quotes or self.figures):
            rule = None
        elif rule == "byline_element" and self.figures:
            rule = None
        elif rule == "chart_labels" and any(mark.name in HEADINGS for mark in self.open):
            rule = None
        if rule is None and self.rule in {"site_chrome_element", "title_element"} and not self._is_told(mark):
            return
        if rule is None and self.rule is None:
            return
        if rule is None and self.rule not in {"site_chrome_element", "title_element"}:
            return
        if mark.is_block and not self.verbatim_at:
            self.regions.append((len(self.open), self.rule, None))
        else:
            self.regions.append((len(self.open), self.rule, self.run))
            self.run = []
        self.rule = rule

    def _is_told(self, mark: Mark) -> bool:
        """Tell what a header holds of the author's: a standfirst, or a heading amid the text."""
        if rules.is_standfirst(mark.attributes):
            return True
        return mark.name in HEADINGS and any(block.rule is None for block in self.content.blocks)

    def leave(self) -> None:
        if not self.open:
            return
        mark = self.open[-1]
        if mark.is_block:
            self.leave_block(mark)
        elif mark.name == "a" and self.link is not None:
            self.end_link()
        elif mark.signature:
            self.is_after_drop_cap = rules.is_drop_cap(mark.attributes)
            if self.is_after_drop_cap and self.run:
                self.run[-1] = self.run[-1].rstrip()
        self.open.pop()
        start = self.starts.pop()
        if mark.signature and mark.is_block and 2 <= len(self.content.blocks) - start <= MOST_OF_A_TEASER:
            self.end_box(self.content.blocks[start:])
        if self.regions and self.regions[-1][0] == len(self.open):
            self.end_region(mark)

    def leave_block(self, mark: Mark) -> None:
        name = mark.name
        if self.verbatim_at:
            if len(self.open) > self.verbatim_at:
                self.run.append("\n")
                return
            self.end_block()
            self.verbatim_at = 0
            return
        self.end_block()
        if name == "tr" and self.rows:
            self.end_row(self.rows.pop())
        elif name == "table":
            self.end_table(mark)
        elif name == "blockquote":
            self.quotes -= 1
        elif name == "figure":
            self.figures -= 1

    def end_region(self, mark: Mark) -> None:
        _, rule, interrupted = self.regions.pop()
        if interrupted is not None:
            self.end_block(mark)
            self.run = interrupted
        self.rule = rule

    def end_box(self, blocks: list[Block]) -> None:
        """Leave out the card of another piece: its title as a link, and its date or its beginning cut off."""
        if sum(len(block.text) for block in blocks) > LONGEST_TEASER or any(
            block.rule for block in blocks[-1:]
        ):
            return
        is_titled = any(
            b.element in HEADINGS and b.hrefs and b.linked_chars >= len(b.text) - 2 for b in blocks
        )
        if is_titled and any(CUT_OFF.search(b.text) for b in blocks):
            for block in blocks:
                block.rule = block.rule or "teaser"

    def text(self, text: str) -> None:
        if BREAK in text:
            text = text.replace(BREAK, "")
        if self.is_after_drop_cap:
            text, self.is_after_drop_cap = text.lstrip(), False
        if self.link is not None:
            self.linked_chars += len(text.strip())
        self.run.append(text)

    def begin_link(self, mark: Mark) -> None:
        href = mark.attributes.get("href")
        if href:
            self.link = (href, len(self.run), len(self.content.blocks))
            self.hrefs.append(href)

    def end_link(self) -> None:
        href, start, block = self.link or ("", 0, 0)
        if self.rule is None:
            texts = [*(block.text for block in self.content.blocks[block:]), "".join(self.run[start:])]
            self.content.links.append((href, one_line(" ".join(texts))))
        self.link = None

    def end_block(self, mark: Mark | None = None) -> None:
        """Close the run of text."""
        if not self.run:
            return
        run = "".join(self.run)
        texts = _verbatim(run) if self.verbatim_at else _texts(run)
        self.run = []
        if self.link is not None:
            self.link = (self.link[0], 0, self.link[2])
        if not texts:
            return
        element, signature = self._place(mark)
        links = (self.linked_chars, self.hrefs)
        for text in texts:
            self.content.blocks.append(Block(text, self.rule, element, signature, *links))
        self.linked_chars, self.hrefs = 0, [self.link[0]] if self.link is not None else []

    def _place(self, mark: Mark | None) -> tuple[str, str]:
        element = signature = ""
        for mark in [*self.open, mark][::-1] if mark else self.open[::-1]:
            element = element or (mark.name if mark.is_block else "")
            signature = signature or mark.signature
            if element and signature:
                break
        return element or "body", signature

    def end_row(self, cells: list[int]) -> None:
        """Make one block of a row; where a cell holds several blocks the table lays out a page, and they stay."""
        blocks = self.content.blocks
        if not cells or cells[0] == len(blocks):
            return
        ends = [*cells[1:], len(blocks)]
        if any(end - start > 1 for start, end in zip(cells, ends, strict=True)):
            return
        held = [blocks[start] if end > start else None for start, end in zip(cells, ends, strict=True)]
        if any(block.rule for block in held if block):
            return
        row = blocks[cells[0]]
        row.text = "\t".join(block.text if block else "" for block in held).rstrip("\t")
        row.element = "tr"
        row.linked_chars = sum(block.linked_chars for block in held if block)
        row.hrefs = [href for block in held if block for href in block.hrefs]
        del blocks[cells[0] + 1 :]

    def end_table(self, mark: Mark) -> None:
        """Make one block of a listing whose lines are rows."""


def _names(unread: str, tag: str) -> int:
    """Tell whether a tag opens (1) or closes (-1) an element of a name; 0 for others."""
    if tag.startswith(f"/{unread}"):
        return -1
    return (
        1 if tag.partition(" ")[0] == unread and unread not in {"script", "style", "title", "iframe"} else 0
    )


def _verbatim(run: str) -> list[str]:
    lines = visible(run.replace(BREAK, "\n")).split("\n")
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    # an empty line would end the block for every reader of the text
    return [re.sub("\n{2,}", "\n", text)] if A_LETTER.search(text) else []


def _texts(run: str) -> list[str]:
    """Cut a run at two or more <br>; keep one as a line feed. What holds no letter or digit is no block."""
    text = _folded(run)
    if BREAK not in text:
        text = text.strip()
        return [text] if A_LETTER.search(text) else []
    lines = [line.strip() for line in text.split(BREAK)]
    blocks = "\n".join(lines).split("\n\n")
    return [block.strip("\n") for block in blocks if A_LETTER.search(block)]
