"""One walk through markup, without recursion, that gathers its content in document order."""

import re
from collections.abc import Iterator
from html import unescape

from posts.html import elements
from posts.html.blocks import Block, Content, Link, Picture, join_row
from posts.html.cards import leave_out_card
from posts.html.tags import HEADINGS, PLAIN, VOID, Mark, attributes_of, link_of, mark_of, without_meaning
from posts.text.whitespace import BREAK, one_line, texts_of, verbatim

COMMENT = re.compile(r"<!(?=--).*?(?:-->|\Z)", re.DOTALL)
# hold text that no reader takes for markup
RAW = frozenset({"script", "style", "title", "iframe"})
# rules that what an element holds may be kept in spite of
YIELDING = frozenset({"site_chrome_element", "title_element"})
# elements of such rules that may hold a heading of the text
MAY_HEAD = elements.CHROME | {"h1"}
# a letter set large, with a mark of quotation before it
LONGEST_INITIAL = 2
# names of the block element, and of the nearest tag with a class or id, around what is read
Place = tuple[str, str]
# what the run holds: text, where an open link begins in it, characters and addresses of links, links and pictures
Run = tuple[list[str], int, int, list[str], list[Link | Picture]]


class Walk:
    """The state of one walk: the run of text since the last block boundary, and the elements it is in."""

    def __init__(self) -> None:
        self.content = Content()
        self.run: list[str] = []
        # (element, blocks before it, place around it)
        self.open: list[tuple[Mark, int, Place]] = []
        self.place: Place = ("body", "")
        # (number of open elements without the one that began it, rule, run that it interrupts)
        self.regions: list[tuple[int, str | None, Run | None]] = []
        self.rule: str | None = None
        self.left_out = 0  # blocks, from the first, known to be
        self.verbatim_at = 0
        self.quotes = self.figures = 0
        self.rows: list[list[int]] = []
        self.link: tuple[Link, int, int] | None = None
        self.linked_chars, self.hrefs = 0, list[str]()
        # links and pictures of the run
        self.within: list[Link | Picture] = []
        self.before_break = 0  # of these
        self.is_after_drop_cap = False

    def through(self, markup: str) -> None:
        """Read markup (see posts.html.parser) to its end. What most tags are is dealt with here, without a call."""
        meaningless, is_odd = without_meaning(markup), BREAK in markup
        pieces = iter(_without_comments(markup).split("<"))
        next(pieces)
        for piece in pieces:
            tag, _, text = piece.partition(">")
            if tag in meaningless:
                pass
            elif tag in PLAIN and not self.verbatim_at:
                self.end_block(self.place)
                self.open.append((PLAIN[tag], 0, self.place))
                self.place = (PLAIN[tag].name, self.place[1])
            elif tag[:1] == "/":
                if self.open and self.open[-1][0].is_plain and not self.verbatim_at:
                    self.end_block(self.place)
                    self.place = self.open.pop()[2]
                elif self.open:
                    self.leave()
            elif tag[:1].isalpha():
                unread = self.enter(tag)
                text = _text_after(unread, pieces) if unread else text
            if text:
                text = unescape(text) if "&" in text else text
                self.text(text.replace(BREAK, "") if is_odd else text)
        self.end_block(self.place)

    def text(self, text: str) -> None:
        if self.is_after_drop_cap:
            text = text.lstrip()
            self.is_after_drop_cap = not text
        if self.link is not None:
            self.linked_chars += len(text.strip())
        # white space between blocks is most of the texts
        if self.run or not text.isspace() or self.verbatim_at:
            self.run.append(text)

    def enter(self, tag: str) -> str:
        """Begin an element; give its name if nothing in it is read."""
        mark, href = link_of(tag) if tag.startswith("a ") else (mark_of(tag), "")
        name = mark.name
        if name in VOID:
            self.void(name, tag)
            return ""
        if name in elements.UNREAD:
            return name
        if mark.is_block:
            self.begin_block(name)
        elif href:
            self.begin_link(href)
        if mark.rule is not None or self.regions:
            self.begin_region(mark)
        self.open.append((mark, len(self.content.blocks), self.place))
        if mark.is_block or mark.signature:
            element, signature = self.place
            self.place = (mark.name if mark.is_block else element, mark.signature or signature)
        return ""

    def void(self, name: str, tag: str) -> None:
        if name == "br":
            self.line_break()
        elif name == "img":
            self.picture(attributes_of(tag))
        elif name == "hr" and not self.verbatim_at:
            self.end_block(self.place)

    def line_break(self) -> None:
        """Break a line; the second of two ends the block."""
        if self.verbatim_at:
            self.run.append("\n")
            return
        before = next((piece for piece in reversed(self.run) if not piece.isspace()), "")
        if before != BREAK:
            self.run.append(BREAK)
            self.before_break = len(self.within)
            return
        # what stands alone on its line is in no block
        del self.within[self.before_break :]
        place, outermost = self.place, self.regions[-1][0] if self.regions else 0
        for mark, _, around in reversed(self.open[outermost:]):
            if mark.is_block:
                break
            place = around
        self.end_block(place)

    def picture(self, attributes: dict[str, str]) -> None:
        found = Picture(attributes, self.rule, self.link[0].href if self.link is not None else "")
        self.content.all_pictures.append(found)
        self.within.append(found)
        if self.link is not None:
            self.link[0].pictures.append(found)

    def begin_block(self, name: str) -> None:
        if self.verbatim_at:
            self.run.append("\n")
            return
        self.end_block(self.place)
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
        rule = self.rule_of(mark)
        if rule is None and (self.rule not in YIELDING or not self.is_told(mark)):
            return
        if mark.is_block and not self.verbatim_at:
            self.regions.append((len(self.open), self.rule, None))
        else:
            start = self.link[1] if self.link is not None else 0
            interrupted = (self.run, start, self.linked_chars, self.hrefs, self.within)
            self.regions.append((len(self.open), self.rule, interrupted))
            self.run, self.linked_chars, self.hrefs, self.within = [], 0, [], []
        self.rule = rule

    def rule_of(self, mark: Mark) -> str | None:
        """Return the rule of an element where it stands: those of pages do not hold within quotations and code."""
        rule = mark.rule
        if self.verbatim_at and rule not in elements.IN_CODE:
            return None
        if rule == "site_chrome_element" and (self.quotes or self.figures):
            return None
        if rule == "byline_element" and self.figures:
            return None
        if rule == "chart_labels" and any(mark.name in HEADINGS for mark, _, _ in self.open):
            return None
        return rule

    def is_told(self, mark: Mark) -> bool:
        """Tell what a header holds of the author's: a standfirst, or a heading amid the text."""
        if mark.is_standfirst:
            return True
        around = self.open[self.regions[-1][0]][0].name
        return mark.name in HEADINGS and around in MAY_HEAD and self.has_kept()

    def has_kept(self) -> bool:
        """Tell whether any block is kept so far; one that is left out stays so."""
        blocks = self.content.blocks
        while self.left_out < len(blocks) and blocks[self.left_out].rule is not None:
            self.left_out += 1
        return self.left_out < len(blocks)

    def leave(self) -> None:
        mark, start, around = self.open[-1]
        if mark.is_block:
            self.leave_block(mark)
        elif mark.name == "a" and self.link is not None:
            self.end_link(self.link)
        elif mark.is_drop_cap:
            self.leave_initial(mark)
        self.open.pop()
        within, self.place = self.place, around
        if mark.signature and mark.is_block:
            leave_out_card(self.content.blocks, start)
        if self.regions and self.regions[-1][0] == len(self.open):
            self.end_region(within)

    def leave_initial(self, mark: Mark) -> None:
        """Take the white space off a letter set large. One told by its style alone is a letter or two."""
        initial = self.run[-1].strip() if self.run else ""
        if initial and (mark.has_drop_cap_name or len(initial) <= LONGEST_INITIAL):
            self.is_after_drop_cap, self.run[-1] = True, initial

    def leave_block(self, mark: Mark) -> None:
        name = mark.name
        if self.verbatim_at:
            if len(self.open) > self.verbatim_at:
                self.run.append("\n")
                return
            self.end_block(self.place)
            self.verbatim_at = 0
            return
        self.end_block(self.place)
        if name == "tr" and self.rows:
            join_row(self.content.blocks, self.rows.pop())
        elif name == "blockquote":
            self.quotes -= 1
        elif name == "figure":
            self.figures -= 1

    def end_region(self, within: Place) -> None:
        _, rule, interrupted = self.regions.pop()
        if interrupted is not None:
            self.end_block(within)
            self.run, start, self.linked_chars, self.hrefs, self.within = interrupted
            self.link = self.link and (self.link[0], start, self.link[2])
        self.rule = rule

    def begin_link(self, href: str) -> None:
        self.link = (Link(href, self.rule), len(self.run), len(self.content.blocks))
        self.hrefs.append(href)

    def end_link(self, link: tuple[Link, int, int]) -> None:
        found, start, block = link
        found.rule = self.rule
        held = (block.text for block in self.content.blocks[block:] if block.rule == self.rule)
        texts = [*held, "".join(self.run[start:])]
        found.text = one_line(" ".join(texts))
        self.content.all_links.append(found)
        if len(self.run) > start:
            self.within.append(found)
        self.link = None

    def end_block(self, place: Place) -> None:
        """Close the run of text."""
        if self.run:
            run = "".join(self.run)
            texts = verbatim(run) if self.verbatim_at else texts_of(run)
            self.run = []
            if self.link is not None:
                self.link = (self.link[0], 0, self.link[2])
            if texts:
                self.add_blocks(texts, place)
        if self.within:
            self.within = []
        if self.hrefs or self.linked_chars:
            # no other block leads there
            self.linked_chars, self.hrefs = 0, [self.link[0].href] if self.link is not None else []

    def add_blocks(self, texts: list[str], place: Place) -> None:
        # an empty list goes on to be filled
        hrefs = self.hrefs or list[str]()
        added = [Block(text, self.rule, *place, self.linked_chars, hrefs) for text in texts]
        self.content.blocks += added
        for each in self.within:
            if isinstance(each, Link):
                each.blocks += added
            else:
                each.block = added[-1]
        if self.link is not None:
            self.link[0].blocks += added


def _without_comments(markup: str) -> str:
    """Put a tag that means nothing in the place of each comment: what stands around it stays apart."""
    return COMMENT.sub("<!>", markup) if "<!--" in markup else markup


def _text_after(unread: str, pieces: Iterator[str]) -> str:
    """Pass by all that an element holds; give the text after it."""
    depth = 1
    for piece in pieces:
        tag, _, text = piece.partition(">")
        if tag.startswith(f"/{unread}"):
            depth -= 1
        elif tag.partition(" ")[0] == unread and unread not in RAW:
            depth += 1
        if not depth:
            return text
    return ""
