"""Which blocks are not the post's own text: rules of wording, place and links, each with its reason.

Blocks are judged whole: a promise to subscribe within a real paragraph stays.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from itertools import islice, takewhile

from posts.boilerplate.template import Template
from posts.cleaning.flat import Passage, cut
from posts.html.blocks import A_PARAGRAPH, HEADINGS, LONGEST_LINE, Block, Content
from posts.html.elements import CLASS_RULES
from posts.rules.context import Page
from posts.rules.links import Judged, after_promotion, bare_address, lead_in, own_links
from posts.rules.promotions import promotion
from posts.rules.worded import AMID, AT_EDGES, OF_PARAGRAPHS, OF_WHOLE_TEXTS
from posts.rules.wordings import WORDINGS
from posts.text.whitespace import bare
from schemas.enums import ParseWarning

__all__ = ["WORDINGS", "Page", "judge", "outline", "words"]

Rule = Callable[[list[Block], Page], Judged]
# no plea of those seen is longer
LONGEST_PLEA = 420
HEAD, TAIL = 8, 14
# with a shorter one many headings begin
SHORTEST_TITLE = 6
ENDS = "。！？.!?…”」"
COMMENTS, OF_OTHERS = "comments_element", frozenset({"comments_element", "related_element", "teaser"})
# What readers do not see is the piece where it is so many times what they do: scripts show it once all is loaded.
MAY_HIDE = {"hidden_element": 2, "fallback_element": 3}
MAY_WRAP = frozenset(
    """comments_element related_element promotion_element byline_element tags_element navigation_element share_element
    advertisement footer_element author_box form_element site_chrome_element teaser""".split()
) | frozenset(MAY_HIDE)
# left out by what markup says, or said in a column of its own
BY_MARKUP = frozenset(rule.name for rule in CLASS_RULES) | frozenset(
    "fallback_element site_chrome_element form_element teaser title_repeated".split()
)
# what a paragraph in letters weighs at the least: 150 of them, see `_weight`
LATIN_PARAGRAPH = 50
# a piece keeps a fifth of what its markup leaves of it
SEVERAL, MOST_LEFT_OUT = 3, 0.8
# a heading that is a date begins a part of a chronicle; a date below a picture tells when it was taken
NEVER_IN = {
    "dateline": HEADINGS | {"figcaption", "li", "td"},
    "contact_line": HEADINGS | {"figcaption"},
    "rights_notice": HEADINGS,
    "picture_of_a_code": HEADINGS,
}
COMMENTS_HEADING = re.compile(
    r"[\W_]*(?:\d+ )?(?:comments?|responses?|discussion|评论|評論|留言)(?: ?[(（]?\d*[)）]?)?[\W_]*",
    re.IGNORECASE,
)


def judge(content: Content, page: Page, template: Template | None = None) -> None:
    """Set the rule on each block by which it is left out; a text without line breaks is parted into passages."""
    flat = outline(content, page)
    if flat is not None:
        _part(content, flat, page, template)
        return
    if template is not None:
        _apply(template.recurring, content.blocks, page)
    words(content, page)


def outline(content: Content, page: Page) -> Block | None:
    """Judge blocks by the elements that hold them; where one is left that is no heading, give it: a text unparted."""
    rescue(content)
    _apply(title, content.blocks, page)
    kept = _kept(content.blocks)
    return kept[0] if len(kept) == 1 and kept[0].element not in HEADINGS else None


def words(content: Content, page: Page) -> None:
    """Judge blocks by what they say, by where they link, and by what stands beside them."""
    blocks = content.blocks
    for rule in (wording, own_links, bare_address, lead_in, after_promotion, title):
        _apply(rule, blocks if rule in {lead_in, after_promotion, title} else _kept(blocks), page)
    spare(content)


def spare(content: Content) -> None:
    """Keep a piece of several blocks of which next to nothing would be left, but for what its markup says."""
    piece = [block for block in content.blocks if block.rule not in BY_MARKUP]
    left_out = sum(_weight(block) for block in piece if block.rule is not None)
    if left_out and len(piece) >= SEVERAL and left_out > MOST_LEFT_OUT * sum(map(_weight, piece)):
        for block in piece:
            block.rule = None
        content.warnings.append(ParseWarning.MOSTLY_CUT)


def _apply(rule: Rule, among: list[Block], page: Page) -> None:
    for block, name in rule(among, page):
        block.rule = name


def _kept(blocks: list[Block]) -> list[Block]:
    return list(filter(_is_kept, blocks))


def _is_kept(block: Block) -> bool:
    return block.rule is None


def _part(content: Content, block: Block, page: Page, template: Template | None) -> None:
    """Put passages, each kept or left out, in the place of a block whose line breaks are lost."""
    text = block.text
    if len(text) <= LONGEST_LINE:
        block.rule = next((name for name, is_one in OF_WHOLE_TEXTS.concerning(text) if is_one(text)), None)
        if block.rule:
            return
    passages = cut(text, page.title, template.covered) if template is not None else cut(text, page.title)
    if _is_only_title([passage for passage, rule in passages if rule is None], page):
        passages = [(passage, rule or "title_repeated") for passage, rule in passages]
    if len(passages) > 1 or passages[0][1]:
        blocks = content.blocks
        at = blocks.index(block)
        blocks[at : at + 1] = [
            Block(passage, rule, block.element, block.signature, continues=number > 0)
            for number, (passage, rule) in enumerate(passages)
        ]
        block.rule = None if any(rule is None for _, rule in passages) else passages[0][1]
        _leave_out_links(content, block, passages)


def _leave_out_links(content: Content, block: Block, passages: list[Passage]) -> None:
    """Let links of a block that was parted go with the passage that holds their text."""
    for link in content.all_links:
        if link.rule is None and link.text and block in link.blocks:
            holding = [rule for passage, rule in passages if link.text in passage]
            link.rule = holding[0] if holding and None not in holding else None


def _is_only_title(left: list[str], page: Page) -> bool:
    if sum(map(len, left)) > 2 * len(page.title) + 20:
        return False
    return bare("".join(left)) == bare(page.title)


def rescue(content: Content) -> None:
    """Keep what an element rule would leave out where it is the piece itself, with its links and pictures.

    A conversation may stand in the markup of comments, an article in a box of a name that means something else.
    What is kept counts when the next rule is looked at.
    """
    told = defaultdict[str, float](float)
    for block in content.blocks:
        if block.rule in MAY_WRAP:
            told[block.rule] += _weight(block)
    for name in sorted(told, key=lambda name: (name in OF_OTHERS, name == COMMENTS, -told[name], name)):
        if _is_piece(name, content.blocks):
            _bring_back(name, content)


def _is_piece(name: str, blocks: list[Block]) -> bool:
    own = sum(_weight(block) for block in blocks if block.rule is None)
    inside = [block for block in blocks if block.rule == name]
    told = sum(map(_weight, inside))
    long = sum(_weight(block) for block in inside if _is_long(block))
    # remarks are sentences too, and may be more than what they are on
    sentences = sum(_weight(block) for block in inside if block.text[-1] in ENDS and name != COMMENTS)
    if name in MAY_HIDE:
        return told > MAY_HIDE[name] * own and max(long, sentences) > told / 2
    return (told > own and long > told / 2) or (told > 3 * own and sentences > told / 2)


def _bring_back(name: str, content: Content) -> None:
    for block in content.blocks:
        if block.rule == name:
            is_heading = COMMENTS_HEADING.fullmatch(block.text) is not None
            block.rule = "widget_words" if is_heading else None
    for link in content.all_links:
        link.rule = None if link.rule == name else link.rule
    for picture in content.all_pictures:
        picture.rule = None if picture.rule == name else picture.rule


def _is_long(block: Block) -> bool:
    return len(block.text) > A_PARAGRAPH and _weight(block) > LATIN_PARAGRAPH


def _weight(block: Block) -> float:
    """Return the length of a text, letters of which three say what one of Chinese does as a third."""
    return len(block.text.encode()) / 3


def title(blocks: list[Block], page: Page) -> Judged:
    """A first block that only repeats the title."""
    if any(block.rule == "title_repeated" for block in blocks):
        return
    longest = 2 * len(page.title) + 40
    first = takewhile(lambda block: len(block.text) <= longest, islice(filter(_is_kept, blocks), 3))
    for block in first:
        wanted, found = bare(page.title), bare(block.text)
        is_heading = block.element in {"h1", "h2"} and min(len(found), len(wanted)) >= SHORTEST_TITLE
        if found == wanted or (is_heading and (found.startswith(wanted) or wanted.startswith(found))):
            yield block, "title_repeated"
            return


def wording(blocks: list[Block], page: Page) -> Judged:
    """A short block that says nothing but what a rule of WORDINGS names, a plea, or who made it."""
    for at, block in enumerate(blocks):
        if len(block.text) <= LONGEST_PLEA:
            is_edge = at < HEAD or at >= len(blocks) - TAIL
            name = _worded(block, page, is_edge=is_edge)
            if name is not None:
                yield block, name


def _worded(block: Block, page: Page, *, is_edge: bool) -> str | None:
    lookup = OF_PARAGRAPHS if len(block.text) > LONGEST_LINE else AT_EDGES if is_edge else AMID
    concerning = lookup.concerning(block.text)
    said = (
        rule
        for rule, is_one in concerning
        if is_one(block.text) and block.element not in NEVER_IN.get(rule, ())
    )
    name = next(said, None)
    if name != "promotion":
        return name
    return "promotion" if promotion(block, page) else None
