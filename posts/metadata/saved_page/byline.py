"""Find the date of publication in the elements of a page, where its head has none.

htmldate 1.11, made for this, gave a day to 52 of 657 pages of documentation that have none, and knows no times: here a day must be
the whole text of an element that is named for it, or stand below the title of the article.
"""

import re
from collections.abc import Iterator

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
    r"|(?:date|time)[-_]?(?:pub(?:lished|lication)?|posted|created|line)|bottomattributionwithdate",
    re.IGNORECASE,
)
# what stands before a day, and after it
LABEL = re.compile(
    r"[\W_]*(?:(?:date )?(?:published|posted|created|publication date|issued)(?: on| at)?|date|发布时间|發布時間|發佈時間|发表时间|發表時間|发布日期|发布于|發佈於|发表于|發表於|时间|時間|日期|"
    r"publié le|veröffentlicht am|publicado el|投稿日|公開日)?[\W_]*",
    re.IGNORECASE,
)
AFTER_DAY = re.compile(
    r"\s*(?:[|｜·•)）\u3000]|来源|來源|作者|\bby\b|\d+ min(?:ute)? read).*", re.DOTALL | re.IGNORECASE
)
CHANGE = re.compile(r"updat|modif|edited|更新|修改|编辑于|最后|最後", re.IGNORECASE)
# below the title, before the first paragraph
MAX_BYLINE_ELEMENTS, MAX_BYLINE_CHARS, MAX_DATE_CHARS = 24, 80, 60
MIN_SENTENCE_CHARS, SENTENCE_ENDS = 30, "。！？.!?…”"
TITLE_SELECTOR = "h1, h2, [id*=title], [class*=title], [class*=Title]"


def find_publication_date(tree: LexborHTMLParser, title: str) -> str | None:
    """Return the date of publication as elements of a page spell it; None without one. `title` is that of the article."""
    for selector in TIME_SELECTORS:
        if (node := tree.css_first(selector)) is not None:
            attributes = node.attributes
            return attributes.get("datetime") or attributes.get("content") or node.text().strip()
    below_title = filter(None, map(_date_in, _texts_below_title(tree, title)))
    if date := next(below_title, None):
        return date
    # those of several days are of a list of posts
    named = [date for text in _named_texts(tree) if (date := _date_in(text))]
    days = {parsed.time.date() for date in named if (parsed := parse_date(date))}
    return named[0] if len(days) == 1 else None


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
        next((node for node in tree.css(TITLE_SELECTOR) if alphanumeric_key(node.text()) == key), None)
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
    """Return the date that is the whole of a text, but for a label before it and the author or source after it."""
    text = " ".join(text.split())
    if not text or len(text) > MAX_BYLINE_CHARS or CHANGE.search(text) or not any(map(str.isdigit, text)):
        return None
    start = LABEL.match(text)
    text = text[start.end() if start else 0 :]
    date = AFTER_DAY.sub("", text).strip(" .,，。-–—")
    return date if date and len(date) <= MAX_DATE_CHARS and parse_date(date) is not None else None
