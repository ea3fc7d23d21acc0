"""Blocks told by where they link: to other pieces of the site, to nowhere but an address, beside what is left out."""

import re
from collections.abc import Iterator
from itertools import takewhile
from urllib.parse import urlsplit

from posts.html.blocks import A_PARAGRAPH, HEADINGS, LONGEST_LINE, Block
from posts.rules.context import Page, site_of
from posts.rules.credits import LABEL_ALONE

Judged = Iterator[tuple[Block, str | None]]
# a page of a person is no piece
PROFILE = re.compile(
    r"/?[@~][^/]+/?|/?(?:contributors?|authors?|people|user|users|profile|u)/[^/]+/?", re.IGNORECASE
)
# so near to the end pleas stand
TAIL = 14
READ_MORE = re.compile(
    r"[\W_]*(?:延伸(?:阅读|閱讀)|相关(?:阅读|文章|报道|推荐|链接|内容)|相關(?:閱讀|文章|報導|報道|推薦|連結|內容)|推荐(?:阅读|文章)|推薦(?:閱讀|文章)|往期.{0,10}|更多(?:文章|阅读|閱讀|内容|推荐|报道|報導|精彩).{0,10}|精彩(?:推荐|推薦|回顾|回顧)|拓展阅读|扩展阅读|系列(?:文章|报道|報導)|热门(?:文章|推荐)|熱門文章|不要错过|不要錯過|猜你喜欢|你可能(?:也)?(?:会|會)?(?:对|對|喜欢|喜歡|想|感).{0,16}|前情提要|上一篇|下一篇|上期.{0,6}|下期.{0,6}|前文(?:链接|連結|回顾|回顧)?|看更多.{0,8}|您(?:也许|也許|可能)(?:会|會|还|還)?(?:喜欢|喜歡|感兴趣|感興趣).{0,6}|看本.{0,20}|同場加映|同场加映|延伸"
    r"|related(?: (?:reading|articles?|posts?|stories|content|links?))?|read (?:more|next|also)|further reading|see also|more (?:from|on|stories|articles|reading).{0,40}|you (?:may|might) also (?:like|enjoy)|recommended(?: reading| for you)?|previously|in this series|also in this series|elsewhere on .{1,30}|popular posts|don.t miss)[\W_]*",
    re.IGNORECASE,
)
# the longest line seen that announces a list of links and says nothing else
A_LEAD_IN, A_LABEL = 60, 12
# a sentence that ends in a colon and has none of these has something of its own to say
ANNOUNCING = re.compile(
    r"[↓👇]|错过|錯過|回顾|回顧|阅读|閱讀|链接|連結|这里|這裡|此处|此處|以下|下面|下列|文章|系列|前文|上文|上篇|上一|前一|往期|点击|點擊|参见|參見|详见|詳見|参考|參考|这篇|這篇|推荐|推薦|更多|[请請可]看|全文|原文|报道|報導"
    r"|\b(?:read|reading|here|see|previous(?:ly)?|parts?|earlier|posts?|articles?|links?|more|series|related|also|below|stor(?:y|ies))\b",
    re.IGNORECASE,
)
# an address of a file that is shown is no piece
A_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|avif|bmp|tiff?)\Z", re.IGNORECASE)
ADDRESS = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+")
SOURCES = re.compile(
    r"参考|參考|来源|來源|出处|出處|资料|資料|原文|文献|文獻|注释|註|sources?|references?|bibliography|original|via",
    re.IGNORECASE,
)


def own_links(blocks: list[Block], page: Page) -> Judged:
    """A block that is nothing but links to other pieces of the same site."""
    linked = [block for block in blocks if block.hrefs and block.element not in HEADINGS]
    site = page.site if linked else ""
    found = [block for block in linked if _is_own_links(block, page, site)] if site else []
    # an index, a weekly list: the links are what the post is about
    if found and 2 * sum(len(block.text) for block in found) < sum(len(block.text) for block in blocks):
        yield from ((block, "own_links") for block in found)


def _is_own_links(block: Block, page: Page, site: str) -> bool:
    if len(block.text) > LONGEST_LINE or not _is_all_links(block):
        return False
    # a link that says something, and announces what follows it
    if block.text.rstrip()[-1] in ":：" and not _announces(block):
        return False
    return all(_is_other_piece(href, page, site) for href in block.hrefs)


def _is_all_links(block: Block) -> bool:
    """Tell a block of links with next to no words around them: numbers, `《》`, `见`, `Part 2:`."""
    return bool(block.hrefs) and len(block.text) - block.linked_chars <= 6 + 0.15 * block.linked_chars


def _is_other_piece(href: str, page: Page, site: str) -> bool:
    try:
        target = urlsplit(href.strip())
        host = target.hostname or ""
    except ValueError:
        return False
    if page.url and href.partition("#")[0].rstrip("/") == page.url.partition("#")[0].rstrip("/"):
        return False
    if A_PICTURE.search(target.path):
        return False
    if not host:
        return not target.scheme and bool(target.path)
    return site_of(host) == site


def lead_in(blocks: list[Block], _: Page) -> Judged:
    """A line that only announces links that are left out, and the links that such a line announces."""
    for at, block in enumerate(blocks):
        if block.rule is None and blocks[at + 1 : at + 2] and LABEL_ALONE.fullmatch(block.text):
            # the name beside it is a link to its page
            if blocks[at + 1].rule in {"own_links", "byline_element"}:
                yield block, "credit_line"
            continue
        if block.rule is not None or len(block.text) > A_LEAD_IN or not _announces(block):
            continue
        following = blocks[at + 1 : at + 16]
        links = list(takewhile(lambda b: b.rule is not None or _is_all_links(b), following))
        is_read_more = READ_MORE.fullmatch(block.text) is not None
        if any(b.rule == "own_links" for b in links[:1]) or (is_read_more and (links or not following)):
            yield block, "lead_in"
            if is_read_more:
                yield from ((b, "announced_links") for b in links if b.rule is None)


def _announces(block: Block) -> bool:
    if READ_MORE.fullmatch(block.text):
        return True
    if block.text.rstrip()[-1:] not in ":：↓👇":
        return False
    return len(block.text) <= A_LABEL or ANNOUNCING.search(block.text) is not None


def bare_address(blocks: list[Block], _: Page) -> Judged:
    """A block that is nothing but an address, where it stands in no list of sources."""
    is_listed = False
    for block in blocks:
        text = block.text
        if text[0] in "hw" and ADDRESS.fullmatch(text):
            if not is_listed:
                yield block, "bare_address"
        elif text[-1] in ":：" or block.element in HEADINGS:
            is_listed = SOURCES.search(text) is not None
        elif len(text) > LONGEST_LINE:
            is_listed = False


def after_promotion(blocks: list[Block], _: Page) -> Judged:
    """Short lines among and after pleas at the end of the text."""
    tail = blocks[-TAIL:]
    pleas = [
        at
        for at, block in enumerate(tail)
        if block.rule in {"promotion", "contact_line", "picture_of_a_code"}
    ]
    following = tail[pleas[0] :] if len(pleas) > 1 else []
    if any(block.rule is None and len(block.text) > A_PARAGRAPH for block in following):
        return
    for block in following:
        if block.rule is None and _is_all_links(block):
            yield block, "after_promotion"
