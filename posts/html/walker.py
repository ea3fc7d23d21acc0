"""One pass over markup, without recursion, that collects its content in document order."""

import re
from collections.abc import Iterator
from html import unescape
from itertools import islice

from posts.html import elements
from posts.html.blocks import Block, Content, Image, Link, cell_symbols, join_row
from posts.html.cards import drop_teaser_card
from posts.html.tags import (
    PLAIN_BLOCKS,
    SUBHEADINGS,
    VOID_TAGS,
    OpeningTag,
    ignorable_tags,
    parse_attributes,
    parse_link_tag,
    parse_opening_tag,
)
from posts.text.whitespace import LINE_BREAK, one_line, split_on_breaks, split_verbatim

COMMENT = re.compile(r"<!(?=--).*?(?:-->|\Z)", re.DOTALL)
# their content is text: tags in it are not parsed
RAW_TEXT_TAGS = frozenset({"script", "style", "title", "iframe"})
# parts of an element with one of these rules may be kept (see `is_editorial`)
OVERRIDABLE_RULES = frozenset({"site_chrome_element", "title_element"})
# elements with such a rule that may contain a heading of the text
HEADING_CONTAINERS = frozenset({"header", "footer", "nav", "h1"})
# a drop cap is one letter, with or without a quotation mark before it
MAX_INITIAL_CHARS = 2
# name of the enclosing block element, signature of the nearest enclosing tag with a class or id
BlockContext = tuple[str, str]
# (text pieces of the run, index of the piece where an open link begins, number of characters in links, URLs
# of the links, objects of the links and images)
InlineState = tuple[list[str], int, int, list[str], list[Link | Image]]


class HtmlWalker:
    """The state of one pass: the run of text since the last block boundary, and the open elements."""

    def __init__(self) -> None:
        self.content = Content()
        self.text_buffer: list[str] = []
        # (element, number of blocks before it, context outside of it)
        self.open_elements: list[tuple[OpeningTag, int, BlockContext]] = []
        self.block_context: BlockContext = ("body", "")
        # (number of open elements before the one that began it, rule outside of it, run that it interrupts)
        self.dropped_regions: list[tuple[int, str | None, InlineState | None]] = []
        self.rule: str | None = None
        self.leading_dropped = 0  # number of blocks, from the first on, that are known to be dropped
        self.verbatim_depth = 0
        self.quote_depth = self.figure_depth = 0
        self.images_before_figure = 0
        self.open_rows: list[list[int]] = []
        self.open_link: tuple[Link, int, int] | None = None
        self.linked_chars = 0
        self.hrefs: list[str] = []
        # links and images of the run
        self.inline_objects: list[Link | Image] = []
        self.objects_before_break = 0  # number of inline_objects before the last line break
        self.is_after_drop_cap = False

    def feed(self, markup: str) -> None:
        """Parse markup (see posts.html.parser) to its end.

        The most frequent tags are handled here, because each method call takes time.
        """
        has_break_char = LINE_BREAK in markup
        pieces = _replace_comments(markup).split("<")
        ignorable = ignorable_tags(pieces)
        remaining_pieces = islice(pieces, 1, None)
        for piece in remaining_pieces:
            tag, _, text = piece.partition(">")
            if tag in ignorable:
                pass
            elif tag in PLAIN_BLOCKS and not self.verbatim_depth:
                self.flush_block(self.block_context)
                self.open_elements.append((PLAIN_BLOCKS[tag], 0, self.block_context))
                self.block_context = (PLAIN_BLOCKS[tag].name, self.block_context[1])
            elif tag[:1] == "/":
                if self.open_elements and self.open_elements[-1][0].is_plain and not self.verbatim_depth:
                    self.flush_block(self.block_context)
                    self.block_context = self.open_elements.pop()[2]
                elif self.open_elements:
                    self.on_close()
            elif tag[:1].isalpha():
                skipped_tag = self.on_open(tag)
                text = _skip_element(skipped_tag, remaining_pieces) if skipped_tag else text
            if text:
                text = unescape(text) if "&" in text else text
                self.on_text(text.replace(LINE_BREAK, "") if has_break_char else text)
        self.flush_block(self.block_context)

    def on_text(self, text: str) -> None:
        if self.is_after_drop_cap:
            text = text.lstrip()
            self.is_after_drop_cap = not text
        if self.open_link is not None:
            self.linked_chars += len(text.strip())
        # most texts are white space between blocks
        if self.text_buffer or not text.isspace() or self.verbatim_depth:
            self.text_buffer.append(text)

    def on_open(self, tag: str) -> str:
        """Begin an element. Return its name if its content has to be skipped, else an empty string."""
        name = tag.partition(" ")[0]
        if name in VOID_TAGS:
            self.on_void(name, tag)
            return ""
        if name in elements.SKIPPED_TAGS:
            return name
        opening_tag, href = parse_link_tag(tag) if tag.startswith("a ") else (parse_opening_tag(tag), "")
        if opening_tag.is_block:
            self.on_open_block(name)
        elif href:
            self.begin_link(href)
        if opening_tag.rule is not None or self.dropped_regions or name == "cite":
            self.begin_region(opening_tag)
        self.open_elements.append((opening_tag, len(self.content.blocks), self.block_context))
        if opening_tag.is_block or opening_tag.signature:
            element, signature = self.block_context
            self.block_context = (
                opening_tag.name if opening_tag.is_block else element,
                opening_tag.signature or signature,
            )
        return ""

    def on_void(self, name: str, tag: str) -> None:
        if name == "br":
            self.on_line_break()
        elif name == "img":
            self.on_image(parse_attributes(tag))
        elif name == "hr" and not self.verbatim_depth:
            self.flush_block(self.block_context)

    def on_line_break(self) -> None:
        """Add a line break. The second of two consecutive line breaks ends the block."""
        if self.verbatim_depth:
            self.text_buffer.append("\n")
            return
        last_text = next((piece for piece in reversed(self.text_buffer) if not piece.isspace()), "")
        if last_text != LINE_BREAK:
            self.text_buffer.append(LINE_BREAK)
            self.objects_before_break = len(self.inline_objects)
            return
        # links and images that are alone on their line belong to no block
        del self.inline_objects[self.objects_before_break :]
        block_context = self.block_context
        region_depth = self.dropped_regions[-1][0] if self.dropped_regions else 0
        for opening_tag, _, outer_context in reversed(self.open_elements[region_depth:]):
            if opening_tag.is_block:
                break
            block_context = outer_context
        self.flush_block(block_context)

    def on_image(self, attributes: dict[str, str]) -> None:
        image = Image(attributes, self.rule, self.open_link[0].href if self.open_link is not None else "")
        self.content.all_images.append(image)
        self.inline_objects.append(image)
        if self.open_link is not None:
            self.open_link[0].images.append(image)

    def on_open_block(self, name: str) -> None:
        if self.verbatim_depth:
            self.begin_verbatim_line()
            return
        self.flush_block(self.block_context)
        if name == "pre":
            self.verbatim_depth = len(self.open_elements) + 1
        elif name == "tr":
            self.open_rows.append([])
        elif name in {"td", "th"} and self.open_rows:
            self.open_rows[-1].append(len(self.content.blocks))
        elif name == "blockquote":
            self.quote_depth += 1
        elif name == "figure":
            self.figure_depth += 1
            self.images_before_figure = len(self.content.all_images)

    def begin_verbatim_line(self) -> None:
        """Begin a line of code at the boundary of a block, unless one begins there already."""
        if self.text_buffer and not self.text_buffer[-1].endswith("\n"):
            self.text_buffer.append("\n")

    def begin_region(self, opening_tag: OpeningTag) -> None:
        """Begin a region that is dropped by a rule, or a region within it that is kept."""
        rule = self.effective_rule(opening_tag)
        if rule is None and (self.rule not in OVERRIDABLE_RULES or not self.is_editorial(opening_tag)):
            return
        if opening_tag.is_block and not self.verbatim_depth:
            self.dropped_regions.append((len(self.open_elements), self.rule, None))
        else:
            link_start = self.open_link[1] if self.open_link is not None else 0
            outer_state = (self.text_buffer, link_start, self.linked_chars, self.hrefs, self.inline_objects)
            self.dropped_regions.append((len(self.open_elements), self.rule, outer_state))
            self.text_buffer, self.linked_chars, self.hrefs, self.inline_objects = [], 0, [], []
        self.rule = rule

    def effective_rule(self, opening_tag: OpeningTag) -> str | None:
        """Return the rule of an element, or None where it does not apply: in quotations, figures or code."""
        rule = opening_tag.rule
        if rule is None and opening_tag.name == "cite" and self.is_below_picture():
            return elements.CITE_RULE
        if self.verbatim_depth and rule not in elements.RULES_IN_CODE:
            return None
        if rule == "site_chrome_element" and (self.quote_depth or self.figure_depth):
            return None
        if rule == "byline_element" and self.figure_depth:
            return None
        if rule == "chart_labels" and any(mark.name in SUBHEADINGS for mark, _, _ in self.open_elements):
            return None
        return rule

    def is_below_picture(self) -> bool:
        """Return whether the place is in a figure, after its picture. Without a picture it cites a work."""
        is_in_figure = self.figure_depth and not self.quote_depth and not self.verbatim_depth
        return bool(is_in_figure) and len(self.content.all_images) > self.images_before_figure

    def is_editorial(self, opening_tag: OpeningTag) -> bool:
        """Return whether an element in a header belongs to the text: a standfirst, or a heading inside it."""
        if elements.is_standfirst(opening_tag.names):
            return True
        outer_name = self.open_elements[self.dropped_regions[-1][0]][0].name
        return opening_tag.name in SUBHEADINGS and outer_name in HEADING_CONTAINERS and self.has_kept_block()

    def has_kept_block(self) -> bool:
        """Return whether any block so far is kept. A block that was dropped stays dropped."""
        blocks = self.content.blocks
        while self.leading_dropped < len(blocks) and blocks[self.leading_dropped].rule is not None:
            self.leading_dropped += 1
        return self.leading_dropped < len(blocks)

    def on_close(self) -> None:
        opening_tag, first_block, outer_context = self.open_elements[-1]
        if opening_tag.is_block:
            self.on_close_block(opening_tag)
        elif opening_tag.name == "a" and self.open_link is not None:
            self.end_link(self.open_link)
        elif opening_tag.is_drop_cap:
            self.on_close_initial(opening_tag)
        self.open_elements.pop()
        inner_context, self.block_context = self.block_context, outer_context
        if opening_tag.signature and opening_tag.is_block:
            drop_teaser_card(self.content.blocks, first_block)
        if self.dropped_regions and self.dropped_regions[-1][0] == len(self.open_elements):
            self.end_region(inner_context)

    def on_close_initial(self, opening_tag: OpeningTag) -> None:
        """Strip the white space of a drop cap. If only its style marks it, it has at most two characters."""
        initial = self.text_buffer[-1].strip() if self.text_buffer else ""
        if initial and (opening_tag.has_drop_cap_name or len(initial) <= MAX_INITIAL_CHARS):
            self.is_after_drop_cap, self.text_buffer[-1] = True, initial

    def on_close_block(self, opening_tag: OpeningTag) -> None:
        name = opening_tag.name
        if self.verbatim_depth:
            if len(self.open_elements) > self.verbatim_depth:
                self.begin_verbatim_line()
                return
            self.flush_block(self.block_context)
            self.verbatim_depth = 0
            return
        self.flush_block(self.block_context)
        if name == "tr" and self.open_rows:
            join_row(self.content.blocks, self.open_rows.pop())
        elif name == "blockquote":
            self.quote_depth -= 1
        elif name == "figure":
            self.figure_depth -= 1

    def end_region(self, inner_context: BlockContext) -> None:
        _, rule, outer_state = self.dropped_regions.pop()
        if outer_state is not None:
            self.flush_block(inner_context)
            self.text_buffer, link_start, self.linked_chars, self.hrefs, self.inline_objects = outer_state
            self.open_link = self.open_link and (self.open_link[0], link_start, self.open_link[2])
        self.rule = rule

    def begin_link(self, href: str) -> None:
        self.open_link = (Link(href, self.rule), len(self.text_buffer), len(self.content.blocks))
        self.hrefs.append(href)

    def end_link(self, open_link: tuple[Link, int, int]) -> None:
        link, start, first_block = open_link
        link.rule = self.rule
        block_texts = (block.text for block in self.content.blocks[first_block:] if block.rule == self.rule)
        texts = [*block_texts, "".join(self.text_buffer[start:])]
        link.text = one_line(" ".join(texts))
        self.content.all_links.append(link)
        if len(self.text_buffer) > start:
            self.inline_objects.append(link)
        self.open_link = None

    def flush_block(self, block_context: BlockContext) -> None:
        """Add the run of text to the content as blocks, and begin a new run."""
        if self.text_buffer:
            inline_text = "".join(self.text_buffer)
            texts = split_verbatim(inline_text) if self.verbatim_depth else split_on_breaks(inline_text)
            self.text_buffer = []
            if self.open_link is not None:
                self.open_link = (self.open_link[0], 0, self.open_link[2])
            if not texts and self.open_rows and block_context[0] in {"td", "th"}:
                texts = cell_symbols(inline_text)
            if texts:
                self.add_blocks(texts, block_context)
        if self.inline_objects:
            self.inline_objects = []
        if self.hrefs or self.linked_chars:
            # these links belong to no other block, except the one that is still open
            self.linked_chars, self.hrefs = 0, [self.open_link[0].href] if self.open_link is not None else []

    def add_blocks(self, texts: list[str], block_context: BlockContext) -> None:
        # an empty list is still filled by the walker, so the blocks must not share it
        hrefs = self.hrefs or []
        new_blocks = [Block(text, self.rule, *block_context, self.linked_chars, hrefs) for text in texts]
        self.content.blocks += new_blocks
        for inline_object in self.inline_objects:
            if isinstance(inline_object, Link):
                inline_object.blocks += new_blocks
            else:
                inline_object.block = new_blocks[-1]
        if self.open_link is not None:
            self.open_link[0].blocks += new_blocks


def _replace_comments(markup: str) -> str:
    """Replace each comment by a tag without meaning, so that the texts around it stay separate."""
    return COMMENT.sub("<!>", markup) if "<!--" in markup else markup


def _skip_element(skipped_tag: str, pieces: Iterator[str]) -> str:
    """Skip the content of an element. Return the text after it."""
    depth = 1
    for piece in pieces:
        tag, _, text = piece.partition(">")
        if tag.startswith(f"/{skipped_tag}"):
            depth -= 1
        elif tag.partition(" ")[0] == skipped_tag and skipped_tag not in RAW_TEXT_TAGS:
            depth += 1
        if not depth:
            return text
    return ""
