"""Rules about the end of a text: lines of channels and pleas, headings of which no text is left."""

import re

from posts.cleaning.links import (
    BARE_URL,
    MAX_LABEL_CHARS,
    SOURCES_LABEL,
    TAIL_BLOCKS,
    RuleHits,
    leads_to_own_site,
)
from posts.html.blocks import MAX_LINE_CHARS, MIN_PARAGRAPH_CHARS, PROMOTION_URL, Block
from posts.rules.context import PageContext
from posts.rules.rule import HEADINGS, Rule, Scope

CHANNEL_LINE = Rule(
    "channel_line", "a name and the address of a channel, or of the site, at the end", Scope.SEQUENCE
)
EMPTY_SECTION = Rule("empty_section", "the last heading, of which no text is left", Scope.SEQUENCE)
ENDING_RULES = (CHANNEL_LINE, EMPTY_SECTION)
# Beside these, a heading at the end is that of a dropped list of pieces; beside the others only a short label is.
PIECE_LIST_RULES = frozenset("own_links announced_links lead_in related_element teaser".split())
SECTION_RULES = PIECE_LIST_RULES | frozenset(
    """after_promotion channel_line promotion contact_line tag_line syndication_notice rights_notice promotion_element
    share_element""".split()
)
SENTENCE_ENDS = "。！？!?….”」"
# `名称：https://...` in each line
LABEL_AND_ADDRESS = re.compile(
    r"(?:[^\s:：。！？<>\"'][^\n:：。！？<>]{0,23}[:：]\s*+(?:https?://|www\.)[\x21-\x7e]++\s*+)+",
    re.IGNORECASE,
)
CHANNEL_URL = re.compile(
    r"https?://(?:(?:www\.|m\.)?youtube\.com/(?:c/|channel/|user/|@|playlist)|(?:www\.|m\.)?(?:facebook|instagram|twitter|x|tiktok|weibo)\.com/[\w.@%-]+/?(?:\?[^/]*)?$"
    r"|(?:t\.me|telegram\.me|discord\.gg|line\.me|lin\.ee|pca\.st|apple\.co|(?:open\.)?spotify\.com/show|podcasts\.(?:apple|google)\.com)/)",
    re.IGNORECASE,
)
YOUTUBE_URL = re.compile(r"https?://(?:(?:www\.|m\.)?youtube\.com|youtu\.be)/", re.IGNORECASE)


def channel_lines(blocks: list[Block], page: PageContext) -> RuleHits:
    """Yield the lines at the end that name channels or pages of the publisher, and those that lead to a plea."""
    tail = [
        block
        for block in blocks[-TAIL_BLOCKS:]
        if block.rule is None and block.element not in HEADINGS and len(block.text) <= MAX_LINE_CHARS
    ]
    addressed = [
        (block, block.hrefs or BARE_URL.findall(block.text))
        for block in tail
        if "://" in block.text
        and LABEL_AND_ADDRESS.fullmatch(block.text)
        and not SOURCES_LABEL.search(block.text.partition("://")[0])
    ]
    all_urls = [url for _, urls in addressed for url in urls]
    # a line alone, or accounts alone, may be about the people of the text
    is_list = len(all_urls) > 1 and any(map(CHANNEL_URL.match, all_urls))
    for block, urls in (
        addressed if is_list and any(_is_page_of_publisher(url, page) for url in all_urls) else ()
    ):
        if all(CHANNEL_URL.match(url) or _is_page_of_publisher(url, page) for url in urls):
            yield block, CHANNEL_LINE.name
    for block in tail:
        if len(block.text) <= MIN_PARAGRAPH_CHARS and _is_plea(block):
            yield block, CHANNEL_LINE.name


def _is_page_of_publisher(url: str, page: PageContext) -> bool:
    return YOUTUBE_URL.match(url) is not None or (bool(page.site) and leads_to_own_site(url, page, page.site))


def _is_plea(block: Block) -> bool:
    """Return whether the last line of a block is the address of a page that asks for money."""
    last_line = block.text.rsplit("\n", 1)[-1]
    return BARE_URL.fullmatch(last_line) is not None and any(
        map(PROMOTION_URL.search, block.hrefs or [last_line])
    )


def empty_sections(blocks: list[Block], _: PageContext) -> RuleHits:
    """Yield the headings at the end below which nothing is left, if other pieces or pleas were dropped there."""
    end = len(blocks)
    while end and (blocks[end - 1].rule is not None or blocks[end - 1].element in HEADINGS):
        end -= 1
    # without a text before it, the heading may be all that there is
    for index in range(end, len(blocks)) if end else ():
        neighbours = blocks[max(index - 1, end) : index] + blocks[index + 1 : index + 2]
        heading = blocks[index]
        is_label = len(heading.text) <= MAX_LABEL_CHARS and heading.text[-1] not in SENTENCE_ENDS
        rules = SECTION_RULES if is_label else PIECE_LIST_RULES
        if heading.linked_chars >= len(heading.text) - 2:
            # the excerpt of a piece may be a heading below that of its title
            rules |= {EMPTY_SECTION.name}
        if heading.rule is None and any(each.rule in rules for each in neighbours):
            yield heading, EMPTY_SECTION.name
