"""The compared cleaners, each as a function from a page to its text."""

import logging
import sys
from collections.abc import Callable
from dataclasses import replace

import charset_normalizer
from bs4 import BeautifulSoup
from selectolax.lexbor import LexborHTMLParser

from clean_pages import Page

# readability-lxml imports chardet to guess the encoding of bytes, but here it only gets text. chardet itself
# is not in the lock: if it is installed, bs4 prefers it to charset-normalizer and decodes some posts
# differently.
sys.modules.setdefault("chardet", charset_normalizer)

import lxml.html  # noqa: E402
import readability  # noqa: E402
import trafilatura  # noqa: E402
from resiliparse.extract.html2text import extract_plain_text  # noqa: E402

Cleaner = Callable[[Page], str | None]
BLOCKS = ("p", "div", "li", "h1", "h2", "h3", "h4", "blockquote", "pre", "br", "tr", "figcaption")
FLOOR, MARKDOWN = "floor: lexbor, naive text", "postlake, Markdown rendered"
OURS, TRAFILATURA, READABILITY = "postlake", "trafilatura", "readability-lxml"
RESILIPARSE, GET_TEXT = "resiliparse", "get_text (BeautifulSoup, lxml)"


def none_on_failure(cleaner: Cleaner) -> Cleaner:
    """Return the cleaner with None as the result if it raises, as some do on a page without text.

    It is not used for our own cleaner, which must not raise.
    """

    def text_or_none(page: Page) -> str | None:
        try:
            return cleaner(page)
        except Exception:  # noqa: BLE001 - exceptions of other programs are counted in the report
            return None

    return text_or_none


def ours(page: Page) -> str:
    """Return the text of our cleaner for the body as written; Markdown is rendered if it is no HTML file."""
    from posts.cleaning.block_rules import PageContext as Post
    from posts.cleaning.clean import clean
    from posts.formats import markup_of
    from schemas.enums import HtmlParser

    return clean(page.body, markup_of(page.name), Post(page.title, page.url), HtmlParser.LEXBOR).text


def ours_of_html(page: Page) -> str:
    """Return the text of our cleaner for the HTML that the other cleaners get."""
    return ours(replace(page, body=page.html, name="page.html"))


def lexbor_text(page: Page) -> str:
    """Return all text of the parsed document: the least that any cleaner must do."""
    body = LexborHTMLParser(page.document).body
    return body.text(separator="\n") if body else ""


def all_text(page: Page) -> str:
    return BeautifulSoup(page.html, "lxml").get_text("\n")


def trafilatura_text(page: Page) -> str:
    return trafilatura.extract(page.document) or ""


def resiliparse_text(page: Page) -> str:
    return str(extract_plain_text(page.document, main_content=True))


def readability_text(page: Page) -> str:
    """Return the text that readability keeps; it returns HTML, so a line feed is added after each block."""
    tree = lxml.html.fromstring(readability.Document(page.document).summary(html_partial=True))
    for block in tree.iter(*BLOCKS):
        block.tail = "\n" + (block.tail or "")
    return str(tree.text_content())


def disable_logs() -> None:
    """Disable the logs of the cleaners: failures are counted."""
    logging.disable(logging.CRITICAL)


OTHERS: dict[str, Cleaner] = {
    TRAFILATURA: none_on_failure(trafilatura_text),
    READABILITY: none_on_failure(readability_text),
    RESILIPARSE: none_on_failure(resiliparse_text),
    GET_TEXT: none_on_failure(all_text),
}
TIMED: dict[str, Cleaner] = {FLOOR: lexbor_text, OURS: ours_of_html, MARKDOWN: ours}
# 50 and 200 times the floor
SLOW = {TRAFILATURA, READABILITY}
