"""The content of a body: blocks of text, links, images."""

import re
from collections.abc import Container
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypedDict

from posts.html.images import image_url
from posts.text.whitespace import SYMBOLS, WORDS_OR_MARKS

# Chinese remarks and teasers seldom have this many characters; paragraphs of an article have two or three
# times as many.
MIN_PARAGRAPH_CHARS = 80
# No credit or notice in the corpus is longer; a longer block is a paragraph that contains one.
MAX_LINE_CHARS = 220
# Rules for notes about an image or the whole article. They drop the note but keep the image next to it.
IMAGE_NOTE_RULES = frozenset(
    "photo_credit credit_line dateline player_times title_repeated widget_words bare_address".split()
)
# the rule for numbers of lines beside code, and that for shortcodes: each is a block of its own
LINE_NUMBERS, UNKNOWN_SHORTCODE = "line_numbers", "unknown_shortcode"
MAX_LINE_DIGITS = 6
# class of the list items that footnotes of Markdown become, and the signature of their blocks
FOOTNOTE, FOOTNOTE_SIGNATURE = "footnote", "li.footnote"
# Rules for blocks that link to other articles.
OTHER_PIECE_RULES = frozenset("own_links announced_links after_promotion teaser".split())
# pages that ask for money or email addresses: an image that links there is an advertisement
PROMOTION_URL = re.compile(
    r"\Ahttps?://(?:(?:[\w-]+\.)*(?:subscribe|subscriptions?|subs|donate|membership|promotions?|paywall)\.[^/?#]+"
    r"|(?:[\w-]+\.)*(?:patreon|ko-fi|buymeacoffee|opencollective|liberapay|afdian)\.[a-z]+)(?:[/?#]|\Z)"
    r"|\A(?!#)[^?#]*/(?:subscribe|subscriptions?|donat(?:e|ions?)|memberships?|promotions?|paywall|sign-?up|newsletters?)(?:[/?#]|\Z)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Block:
    """A block of text, and the name of the rule that drops it; None if it is kept.

    `element` is the name of the enclosing block element, `signature` that of the nearest enclosing tag with a
    class or id. `linked_chars` is the number of characters in links, `hrefs` their URLs. If `continues` is
    true, it is a passage of the same block as the one before.
    """

    text: str
    rule: str | None
    element: str
    signature: str
    linked_chars: int = 0
    hrefs: list[str] = field(default_factory=list)
    continues: bool = False

    def is_mostly_linked(self) -> bool:
        """Return whether more than half of the text is in links."""
        return 2 * self.linked_chars > len(self.text)


@dataclass(slots=True, eq=False)
class Image:
    """An `<img>`, the URL of the link around it (or an empty string), and the block that contains it, if any.

    `rule` is the name of the rule that drops the element around it, as in `Block`.
    """

    attributes: dict[str, str]
    rule: str | None
    href: str = ""
    block: Block | None = None

    def is_kept(self, advertised_hrefs: Container[str] = ()) -> bool:
        """Return whether it belongs to no dropped element or block, and links to no advertised page."""
        if self.rule is not None or (
            self.href and (self.href in advertised_hrefs or PROMOTION_URL.search(self.href))
        ):
            return False
        block = self.block
        return block is None or block.rule is None or block.rule in IMAGE_NOTE_RULES

    def is_shown(self, advertised_hrefs: Container[str]) -> bool:
        """Return whether it is kept and is a picture of the post: no spacer, icon or similar."""
        return self.is_kept(advertised_hrefs) and image_url(self.attributes) is not None


@dataclass(slots=True, eq=False)
class Link:
    """A link with its text, its images, and the blocks that contain it or that it contains."""

    href: str
    rule: str | None
    text: str = ""
    images: list[Image] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def is_kept(self) -> bool:
        if self.rule is not None:
            return False
        return not self.blocks or any(block.rule is None for block in self.blocks)


class Cut(TypedDict):
    """The number of blocks that a rule drops from a content, and of their characters."""

    rule: str
    count: int
    chars: int


@dataclass(slots=True)
class Content:
    """The content of a body in document order: blocks, links and images, each kept or dropped."""

    blocks: list[Block] = field(default_factory=list)
    all_links: list[Link] = field(default_factory=list)
    all_images: list[Image] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def links(self) -> list[tuple[str, str]]:
        """Return the URL and the text of each kept link that has a text or shows a picture."""
        if not self.all_links:
            return []
        advertised_hrefs = self._advertised_hrefs
        return [
            (link.href, link.text)
            for link in self.all_links
            if link.is_kept and (link.text or any(each.is_shown(advertised_hrefs) for each in link.images))
        ]

    @property
    def images(self) -> list[dict[str, str]]:
        """Return the attributes of the kept images."""
        if not self.all_images:
            return []
        advertised_hrefs = self._advertised_hrefs
        return [each.attributes for each in self.all_images if each.is_kept(advertised_hrefs)]

    @property
    def _advertised_hrefs(self) -> set[str]:
        """Return the URLs to which only blocks link that were dropped as links to other articles.

        Images that link there are dropped too.
        """
        other_hrefs = {
            href for block in self.blocks if block.rule in OTHER_PIECE_RULES for href in block.hrefs
        }
        return other_hrefs and other_hrefs.difference(
            *(block.hrefs for block in self.blocks if block.rule is None)
        )

    @property
    def text(self) -> str:
        """Return the kept text: blocks joined by a blank line, passages of one block by at most a space."""
        texts: list[str] = []
        for block in self.blocks:
            if block.rule is not None:
                continue
            if block.continues and texts:
                texts[-1] = _join_passages(texts[-1], block.text)
            else:
                texts.append(block.text)
        return "\n\n".join(filter(None, map(str.strip, texts)))

    @property
    def cuts(self) -> list[Cut]:
        """Return what each rule drops, sorted by rule. A passage of a split block counts as a block."""
        chars_by_rule: dict[str, list[int]] = {}
        for block in self.blocks:
            if block.rule is not None:
                chars_by_rule.setdefault(block.rule, []).append(len(block.text))
        return [
            {"rule": rule, "count": len(chars_by_rule[rule]), "chars": sum(chars_by_rule[rule])}
            for rule in sorted(chars_by_rule)
        ]


def _join_passages(before: str, after: str) -> str:
    before, after = before.rstrip(), after.lstrip()
    return f"{before} {after}" if before[-1:].isascii() and after[:1].isascii() else before + after


def join_row(blocks: list[Block], cells: list[int]) -> None:
    """Join the blocks of a table row, the last in `blocks`, into one. `cells` is where each cell begins.

    They are not joined if a cell has several blocks (then the table is the layout of a page), or if a rule
    drops one of them.
    """
    if not cells or cells[0] == len(blocks):
        return
    row_start = cells[0]
    row_blocks = [
        [block for block in blocks[start:end] if block.rule != UNKNOWN_SHORTCODE]
        for start, end in pairwise([*cells, len(blocks)])
    ]
    filled_cells = [cell for cell in row_blocks if cell]
    has_words = any(WORDS_OR_MARKS.search(block.text) for cell in filled_cells for block in cell)
    if has_words and len(filled_cells) == 2 and is_gutter(*filled_cells):  # noqa: PLR2004 - the numbers and the code
        blocks[row_start:] = [*filled_cells[0], join_lines(filled_cells[1])]
        for block in filled_cells[0]:
            block.rule = block.rule or LINE_NUMBERS
        return
    if not has_words or any(len(cell) > 1 or cell[0].rule for cell in filled_cells):
        blocks[row_start:] = [b for b in blocks[row_start:] if WORDS_OR_MARKS.search(b.text)]
        return
    row, shortcodes = filled_cells[0][0], [b for b in blocks[row_start:] if b.rule == UNKNOWN_SHORTCODE]
    row.text = "\t".join(cell[0].text if cell else "" for cell in row_blocks).rstrip("\t")
    row.element = "tr"
    row.linked_chars = sum(cell[0].linked_chars for cell in filled_cells)
    row.hrefs = [href for cell in filled_cells for href in cell[0].hrefs]
    blocks[row_start:] = [row, *shortcodes]


def cell_symbols(inline_text: str) -> list[str]:
    """Return the symbols that are all of a cell, as a list of one; empty if it has others or none."""
    text = "".join(inline_text.split())
    return [text] if SYMBOLS.fullmatch(text) else []


def is_gutter(numbers: list[Block], code: list[Block]) -> bool:
    """Return whether the first cell of a row numbers the lines of the second, and nothing else."""
    lines = [line for block in numbers for line in block.text.split("\n")]
    if not all(line.isdecimal() and len(line) <= MAX_LINE_DIGITS for line in lines):
        return False
    first = int(lines[0])
    if [int(line) for line in lines] != list(range(first, first + len(lines))):
        return False
    code_lines = sum(block.text.count("\n") + 1 for block in code)
    return code[0].element == "pre" or 1 < len(lines) == code_lines


def join_lines(code: list[Block]) -> Block:
    """Return the lines of a listing, each a block, as one block."""
    listing = code[0]
    listing.text, listing.element = "\n".join(block.text for block in code), "pre"
    listing.linked_chars = sum(block.linked_chars for block in code)
    listing.hrefs = [href for block in code for href in block.hrefs]
    return listing
