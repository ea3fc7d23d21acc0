"""Rules about the lines around a text that repeat its metadata: date, author, function of the author."""

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from posts.cleaning.date_lines import is_date_alone, split_date
from posts.html.blocks import MIN_PARAGRAPH_CHARS, Block
from posts.rules.context import PageContext
from posts.rules.rule import HEADINGS, Rule, Scope
from posts.text.whitespace import alphanumeric_key

RuleHits = Iterator[tuple[Block, str | None]]
DATE_AT_HEAD = Rule("date_at_head", "the date of the post, above its text", Scope.SEQUENCE)
AUTHOR_LINE = Rule("author_line", "the author of the post, who is a column of its own", Scope.SEQUENCE)
HEAD_RULES = (DATE_AT_HEAD, AUTHOR_LINE)
# a heading begins a part; a date below a picture is when it was taken; a list or a table has others beside it
EXCLUDED_ELEMENTS = HEADINGS | {"figcaption", "li", "td", "th", "tr", "pre", "caption", "dt", "dd"}
MAX_HEAD_BLOCKS, MAX_TAIL_BLOCKS = 4, 3
# below the days of a chronicle is prose; below those of a list of pieces, titles
MIN_ENTRIES, MIN_PROSE_CHARS, SENTENCE_ENDS = 3, 30, "。！？!?….”」"
MAX_NAME_CHARS, MAX_ROLE_CHARS, MAX_ADDRESS_CHARS = 60, 24, 120
# a name has no sentence mark and none of the commonest words of a sentence
SENTENCE = re.compile(
    r"[。！？!?；;…“”「」]|[的是了在这這那我你您他她们們有与與把被]|\b(?:is|are|was|were|has|have|the|this|that)\b"
)
HAS_TIME = re.compile(r"\d{1,2}:\d{2}")
BY = re.compile(r"\A[\W_]*(?:by|from|文|作者|撰文|撰稿|来源|來源|记者|記者)[\W_]+|\A[\W_]+", re.IGNORECASE)
AUTHOR_SEPARATORS = re.compile(r"[,，、;；/&]| and ")
# the line below a name that says what the person is
ROLE_LINE = re.compile(
    r"[^\s，。！？]{0,12}(?:特约|特約|特派|专栏|專欄|驻\w{1,6}|駐\w{1,6})?(?:撰稿人|撰稿员|撰稿員|记者|記者|编辑|編輯|特派员|特派員|通讯员|通訊員|评论员|評論員|专栏作家|專欄作家|主编|主編)"
    r"|(?:[A-Z][\w.&'-]* ){0,4}(?:correspondent|reporter|editor|columnist|contributor|staff writer)(?:,? (?:in )?[A-Z][\w .]{1,20})?",
)
# a label whose value the page has lost
LABEL_WITHOUT_VALUE = re.compile(
    r"[\W_]*(?:分类|分類|标签|標籤|关键词|關鍵詞|作者|来源|來源|日期|时间|時間|发布时间|發布時間|栏目|欄目|阅读数?|閱讀數?|浏览次数|category|categories|tags?|author|source|date|posted (?:on|by|in)|filed under)\s*[:：|｜]\s*",
    re.IGNORECASE,
)


def metadata_lines(blocks: list[Block], page: PageContext) -> RuleHits:
    """Yield the blocks before all other text, and the author after it, that only repeat metadata of the post."""
    if len(blocks) > 1:
        hits = list(_head_lines(blocks, page))
        yield from hits
        yield from _tail_lines(blocks[max(len(hits), len(blocks) - MAX_TAIL_BLOCKS) :], page)


def _head_lines(blocks: list[Block], page: PageContext) -> RuleHits:
    is_role_next = False
    for block, next_block in islice(pairwise(blocks), MAX_HEAD_BLOCKS):
        is_date = not is_role_next and _is_date_line(block, page) and not is_entry_of_chronicle(block, blocks)
        is_author = is_role_next or _is_author_line(block, page)
        is_role_next = not (is_date or is_author) and _is_person(block, next_block)
        if not (is_date or is_author or is_role_next):
            return
        yield block, DATE_AT_HEAD.name if is_date else AUTHOR_LINE.name


def _is_author_line(block: Block, page: PageContext) -> bool:
    """Return whether a short block is contact data, the author of the post, or a label that has lost its value."""
    if len(block.text) > MAX_ADDRESS_CHARS or block.element in HEADINGS:
        return False
    return (
        block.element == "address"
        or _is_author(block.text, page)
        or LABEL_WITHOUT_VALUE.fullmatch(block.text) is not None
    )


def _is_date_line(block: Block, page: PageContext) -> bool:
    if block.element in EXCLUDED_ELEMENTS:
        return False
    date_and_name = split_date(block.text)
    if date_and_name is None:
        return False
    name = date_and_name[1]
    return not name or _is_name_above_date(name, block.text, page)


def _is_name_above_date(name: str, text: str, page: PageContext) -> bool:
    """Return whether the text beside a date is a name: that of the author, or one set apart from a date and time."""
    if _is_author(name, page):
        return True
    names = name.split("\n")
    is_apart = HAS_TIME.search(text) is not None and ("\n" in text or BY.match(name) is not None)
    return is_apart and all(len(each) <= MAX_NAME_CHARS and not SENTENCE.search(each) for each in names)


def is_entry_of_chronicle(block: Block, blocks: list[Block]) -> bool:
    """Return whether a line is one of several dates beside prose. Those in a list of pieces are beside titles."""
    if len(block.text) >= MAX_ADDRESS_CHARS or not is_date_alone(block.text):
        return False
    others = (
        each
        for before, each, after in zip([None, *blocks], blocks, [*blocks[1:], None], strict=False)
        if each is not block
        and len(each.text) < MAX_ADDRESS_CHARS
        and (_is_prose(before) or _is_prose(after))
        and is_date_alone(each.text)
    )
    return len(list(islice(others, MIN_ENTRIES - 1))) == MIN_ENTRIES - 1


def _is_prose(block: Block | None) -> bool:
    return (
        block is not None
        and (len(block.text) >= MIN_PROSE_CHARS or block.text[-1:] in SENTENCE_ENDS)
        and not block.is_mostly_linked()
    )


def _is_person(block: Block, next_block: Block) -> bool:
    """Return whether a block is a name, and the next one the function of that person."""
    return (
        block.element not in HEADINGS
        and block.element == next_block.element
        and len(block.text) <= MAX_NAME_CHARS
        and not SENTENCE.search(block.text)
        and len(next_block.text) <= 2 * MAX_ROLE_CHARS
        and ROLE_LINE.fullmatch(next_block.text) is not None
    )


def _is_author(text: str, page: PageContext) -> bool:
    if not page.author or len(text) > len(page.author) + MAX_ROLE_CHARS:
        return False
    name = BY.sub("", text)
    # a name alone may be the speaker of what follows, in a conversation of several authors
    authors = [page.author] if name == text else [page.author, *AUTHOR_SEPARATORS.split(page.author)]
    return alphanumeric_key(name) in set(map(alphanumeric_key, authors)) - {""}


def _tail_lines(blocks: list[Block], page: PageContext) -> RuleHits:
    for block in reversed(blocks):
        if _is_author_line(block, page):
            yield block, AUTHOR_LINE.name
        elif len(block.text) > MIN_PARAGRAPH_CHARS:
            return
