"""Find the date of publication in the elements of a page, where its head has none.

htmldate 1.11, made for this, gave a day to 52 of 657 pages of documentation that have none, and knows no times: here a day must be
the whole text of an element that is named for it, or stand below the title of the article.
"""

import re
from collections.abc import Iterator
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from posts.html.page_body import is_in_other_part
from posts.metadata.dates import parse_date
from posts.text.whitespace import alphanumeric_key

TIME_SELECTORS = (
    "[itemprop=datePublished]",
    "time[pubdate]",
    "article header time[datetime]",
    "article time[datetime]",
    "main time[datetime]",
    "time.published[datetime], time.entry-date[datetime]",
)
# names of the date of publication among ids and classes: `pubTime`, `publish_time`, `post-date`, `a_time`, `date-pub`
PUBLICATION_NAME = re.compile(
    r"(?:pub(?:lish(?:ed)?|lication|dt)?|posted|post|entry|article|art|a|news|story|blog|info|create|issue)[-_]?(?:date|time|on|at)(?:[-_]?baidu)?"
    r"|(?:date|time)[-_]?(?:pub(?:lished|lication)?|posted|created|line|header)|\w*with[-_]?date",
    re.IGNORECASE,
)
# what may stand behind a day: the source, the author
AFTER_DAY = re.compile(
    r"\s*(?:[|｜·•\u3000]|来源|來源|作者|发布|發布|发表|發表|\bby\b|\d+ min(?:ute)? read).*",
    re.DOTALL | re.IGNORECASE,
)
# a label stands before it: `Published on:`, `发布/`, `Ida 发表于`
MAX_LABEL_CHARS = 24
WORD_START = re.compile(r"(?:(?<=[\s:：/／(（|])|(?<=[^\W\d])(?=\d))(?=\w)")
CHANGE = re.compile(r"updat|modif|edited|更新|修改|编辑于|最后|最後", re.IGNORECASE)
# more are a list of posts
MAX_NAMED_ELEMENTS = 100
# below the title, before the first paragraph
MAX_BYLINE_ELEMENTS, MAX_BYLINE_CHARS, MAX_DATE_CHARS = 24, 80, 60
MIN_SENTENCE_CHARS, SENTENCE_ENDS = 30, "。！？.!?…”"
TITLE_SELECTOR = "h1, h2, [id*=title], [class*=title], [class*=Title]"


def find_publication_date(tree: LexborHTMLParser, title: str) -> str | None:
    """Return the date of publication as elements of a page spell it; None without one. `title` is that of the article."""
    for selector in TIME_SELECTORS:
        if (node := tree.css_first(selector)) is not None:
            names = map(node.attributes.get, ("datetime", "content", "title"))
            return next(filter(None, names), node.text()).strip()
    times = {
        node.attributes["datetime"] or ""
        for node in tree.css("time[datetime]")[:MAX_NAMED_ELEMENTS]
        if not is_in_other_part(node)
    }
    if len(times) == 1:
        return times.pop()
    below_title = filter(None, map(_date_in, _texts_below_title(tree, title)))
    # those of several days are of a list of posts
    named = list(filter(None, map(_date_in, islice(_named_texts(tree), MAX_NAMED_ELEMENTS))))
    days = {parsed.time.date() for date in named if (parsed := parse_date(date))}
    return next(below_title, named[0] if len(days) == 1 else None)


def _named_texts(tree: LexborHTMLParser) -> Iterator[str]:
    """Yield the texts of the elements of the article with an id or a class of the date of publication."""
    for node in tree.css("[id*=ub], [id*=ate], [id*=ime], [class*=ub], [class*=ate], [class*=ime]"):
        attributes = node.attributes
        names = f"{attributes.get('id') or ''} {attributes.get('class') or ''}".split()
        if any(map(PUBLICATION_NAME.fullmatch, names)) and not is_in_other_part(node):
            yield node.text()


def _texts_below_title(tree: LexborHTMLParser, title: str) -> Iterator[str]:
    """Yield the texts of the elements between the heading of the article and its first paragraph."""
    key = alphanumeric_key(title)
    heading = (
        next(
            (
                node
                for node in tree.css(TITLE_SELECTOR)[:MAX_NAMED_ELEMENTS]
                if alphanumeric_key(node.text()) == key
            ),
            None,
        )
        if key
        else None
    )
    if heading is None:
        return
    is_below, count = False, 0
    for node in tree.root.traverse(include_text=True) if tree.root is not None else ():
        if node.mem_id == heading.mem_id:
            is_below = True
        elif is_below and node.tag == "-text" and (text := node.text().strip()):
            count += 1
            if count > MAX_BYLINE_ELEMENTS or len(text) > MAX_BYLINE_CHARS:
                return
            yield text
            if len(text) > MIN_SENTENCE_CHARS and text[-1] in SENTENCE_ENDS:
                return


def _date_in(text: str) -> str | None:
    """Return the date that is the whole of a text, but for a label before it and the author or source behind it."""
    text = " ".join(text.split())
    if not text or len(text) > MAX_BYLINE_CHARS or CHANGE.search(text) or not any(map(str.isdigit, text)):
        return None
    first_digit = next(index for index, char in enumerate(text) if char.isdigit())
    starts = [0, *(match.start() for match in WORD_START.finditer(text, 0, first_digit + 1))]
    dates = [_without_end(text[start:]) for start in starts if start <= MAX_LABEL_CHARS]
    parsed = [(date, parse_date(date, None)) for date in dates if len(date) <= MAX_DATE_CHARS]
    first = next((result for _, result in parsed if result), None)
    return next((date for date, result in reversed(parsed) if result and result == first), None)


def _without_end(text: str) -> str:
    first_digit = re.search(r"\d", text)
    text = (
        AFTER_DAY.sub("", text)
        if first_digit is None
        else text[: first_digit.end()] + AFTER_DAY.sub("", text[first_digit.end() :])
    )
    text = text.strip(" .,，。:：-–—/／")
    return (
        text.strip("()（）") if text.count("(") != text.count(")") or text.startswith(("(", "（")) else text
    )
