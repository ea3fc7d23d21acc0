"""Rules about blocks of links: to other articles of the site, bare URLs, links next to dropped blocks."""

import re
from collections.abc import Iterator
from itertools import takewhile
from urllib.parse import urlsplit

from posts.html.blocks import FOOTNOTE_SIGNATURE, MAX_LINE_CHARS, MIN_PARAGRAPH_CHARS, Block
from posts.rules.context import PageContext, site_name
from posts.rules.credits import CREDITS, is_label_only
from posts.rules.rule import HEADINGS, Rule, Scope

RuleHits = Iterator[tuple[Block, str | None]]
OWN_LINKS = Rule("own_links", "nothing but links to other pieces of the same site", Scope.SEQUENCE)
LEAD_IN = Rule("lead_in", "announces links that are left out", Scope.SEQUENCE)
ANNOUNCED_LINKS = Rule(
    "announced_links", "links that a line like `further reading` announces", Scope.SEQUENCE
)
BARE_ADDRESS = Rule("bare_address", "an address without a word, in no list", Scope.SEQUENCE)
AFTER_PROMOTION = Rule("after_promotion", "a short line of links among pleas at the end", Scope.SEQUENCE)
LINK_RULES = (OWN_LINKS, LEAD_IN, ANNOUNCED_LINKS, BARE_ADDRESS, AFTER_PROMOTION)
# requests are within this number of blocks from the end
TAIL_BLOCKS = 14
READ_MORE = re.compile(
    r"[\W_]*(?:延伸(?:阅读|閱讀)|相关(?:阅读|文章|报道|推荐|链接|内容|言论|新闻|动态)|相關(?:閱讀|文章|報導|報道|推薦|連結|內容|言論|新聞|動態)|最[近新](?:动态|動態|文章|新闻|新聞|消息|更新)|(?:其他|其它)(?:文章|新闻|新聞|报道|報導)|推荐(?:阅读|文章)|推薦(?:閱讀|文章)|往期.{0,10}|更多(?:文章|阅读|閱讀|内容|推荐|报道|報導|精彩).{0,10}|精彩(?:推荐|推薦|回顾|回顧)|拓展阅读|扩展阅读|系列(?:文章|报道|報導)|热门(?:文章|推荐)|熱門文章|不要错过|不要錯過|猜你喜欢|你可能(?:也)?(?:会|會)?(?:对|對|喜欢|喜歡|想|感).{0,16}|前情提要|上一篇|下一篇|上期.{0,6}|下期.{0,6}|前文(?:链接|連結|回顾|回顧)?|看更多.{0,8}|您(?:也许|也許|可能)(?:会|會|还|還)?(?:喜欢|喜歡|感兴趣|感興趣).{0,6}|看本.{0,20}|同場加映|同场加映|延伸"
    r"|related(?: (?:reading|articles?|posts?|stories|content|links?))?|read (?:more|next|also)|further reading|see also|more (?:from|on|stories|articles|reading).{0,40}|you (?:may|might) also (?:like|enjoy)|recommended(?: reading| for you)?|previously|in this series|also in this series|elsewhere on .{1,30}|popular posts|don.t miss)[\W_]*",
    re.IGNORECASE,
)
# the longest line in the corpus that announces a list of links and has no other content
MAX_INTRO_CHARS, MAX_LABEL_CHARS = 60, 12
# a sentence that ends in a colon and has none of these words has content of its own
ANNOUNCEMENT = re.compile(
    r"[↓👇]|错过|錯過|回顾|回顧|阅读|閱讀|链接|連結|这里|這裡|此处|此處|以下|下面|下列|文章|系列|前文|上文|上篇|上一|前一|往期|点击|點擊|参见|參見|详见|詳見|参考|參考|这篇|這篇|推荐|推薦|更多|[请請可]看|全文|原文|报道|報導"
    r"|\b(?:read|reading|here|see|previous(?:ly)?|parts?|earlier|posts?|articles?|links?|more|series|related|also|below|stor(?:y|ies))\b",
    re.IGNORECASE,
)
# a date beside a link does not make it a text
DATE_BESIDE_LINK = re.compile(
    r"(?:19|20)\d\d ?[-./年] ?\d{1,2} ?[-./月] ?\d{1,2} ?日?|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d|\b\d{1,2}:\d\d\b"
)
# the URL of an image is not an article
IMAGE_PATH = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|avif|bmp|tiff?)\Z", re.IGNORECASE)
BARE_URL = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+")

SOURCES_LABEL = re.compile(
    r"参考|參考|来源|來源|出处|出處|资料|資料|原文|文献|文獻|注释|註|sources?|references?|bibliography|original|via",
    re.IGNORECASE,
)


def internal_links(blocks: list[Block], page: PageContext) -> RuleHits:
    """Yield blocks that contain only links to other articles of the same site."""
    linked_blocks = [
        block
        for block in blocks
        if block.hrefs and block.element not in HEADINGS and block.signature != FOOTNOTE_SIGNATURE
    ]
    site = page.site if linked_blocks else ""
    internal_blocks = (
        [block for block in linked_blocks if _is_internal_links(block, page, site)] if site else []
    )
    # in an index or a weekly list, the links are the content of the post
    if internal_blocks and 2 * sum(len(block.text) for block in internal_blocks) < sum(
        len(block.text) for block in blocks
    ):
        yield from ((block, OWN_LINKS.name) for block in internal_blocks)


def _is_internal_links(block: Block, page: PageContext, site: str) -> bool:
    if len(block.text) > MAX_LINE_CHARS or not _is_all_links(block):
        return False
    # a link with content of its own that announces what follows it
    if block.text.rstrip()[-1] in ":：" and not _announces_links(block):
        return False
    return all(leads_to_own_site(href, page, site) for href in block.hrefs)


def _is_all_links(block: Block) -> bool:
    """Return whether a block contains links and almost no other text: numbers, dates, `《》`, `见`, `Part 2:`."""
    if not block.hrefs:
        return False
    spare_chars = 6 + 0.15 * block.linked_chars
    other_chars = len(block.text) - block.linked_chars
    return other_chars <= spare_chars or (
        other_chars <= spare_chars + MAX_LABEL_CHARS
        and len(DATE_BESIDE_LINK.sub("", block.text)) - block.linked_chars <= spare_chars
    )


def leads_to_own_site(href: str, page: PageContext, site: str) -> bool:
    try:
        target = urlsplit(href.strip())
        host = target.hostname or ""
    except ValueError:
        return False
    if page.url and href.partition("#")[0].rstrip("/") == page.url.partition("#")[0].rstrip("/"):
        return False
    if IMAGE_PATH.search(target.path):
        return False
    if not host:
        return not target.scheme and bool(target.path)
    return site_name(host) == site


def link_intros(blocks: list[Block], _: PageContext) -> RuleHits:
    """Yield lines that only announce dropped links, and the links after a line such as `further reading`."""
    for index, block in enumerate(blocks):
        if block.rule is None and blocks[index + 1 : index + 2] and is_label_only(block.text):
            # the name after the label is a link to the page of the author
            if blocks[index + 1].rule in {OWN_LINKS.name, "byline_element"}:
                yield block, CREDITS.name
            continue
        if block.rule is not None or len(block.text) > MAX_INTRO_CHARS or not _announces_links(block):
            continue
        next_blocks = blocks[index + 1 : index + 16]
        link_blocks = list(takewhile(lambda b: b.rule is not None or _is_all_links(b), next_blocks))
        is_read_more = READ_MORE.fullmatch(block.text) is not None
        if any(b.rule == OWN_LINKS.name for b in link_blocks[:1]) or (
            is_read_more and (link_blocks or not next_blocks)
        ):
            yield block, LEAD_IN.name
            if is_read_more:
                yield from ((b, ANNOUNCED_LINKS.name) for b in link_blocks if b.rule is None)


def _announces_links(block: Block) -> bool:
    if READ_MORE.fullmatch(block.text):
        return True
    if block.text.rstrip()[-1:] not in ":：↓👇":
        return False
    return len(block.text) <= MAX_LABEL_CHARS or ANNOUNCEMENT.search(block.text) is not None


def bare_urls(blocks: list[Block], _: PageContext) -> RuleHits:
    """Yield blocks that contain only a URL, unless they are in a list of sources, or items of a list."""
    is_in_source_list = False
    for block in blocks:
        text = block.text
        if text[0] in "hw" and BARE_URL.fullmatch(text):
            if not is_in_source_list and block.element != "li":
                yield block, BARE_ADDRESS.name
        elif text[-1] in ":：" or block.element in HEADINGS:
            is_in_source_list = SOURCES_LABEL.search(text) is not None
        elif len(text) > MAX_LINE_CHARS:
            is_in_source_list = False


def trailing_links(blocks: list[Block], _: PageContext) -> RuleHits:
    """Yield the lines of links between and after requests at the end of the text."""
    tail = blocks[-TAIL_BLOCKS:]
    promotion_indexes = [
        index
        for index, block in enumerate(tail)
        if block.rule in {"promotion", "contact_line", "picture_of_a_code"}
    ]
    trailing_blocks = tail[promotion_indexes[0] :] if len(promotion_indexes) > 1 else []
    if any(block.rule is None and len(block.text) > MIN_PARAGRAPH_CHARS for block in trailing_blocks):
        return
    for block in trailing_blocks:
        if block.rule is None and _is_all_links(block):
            yield block, AFTER_PROMOTION.name
