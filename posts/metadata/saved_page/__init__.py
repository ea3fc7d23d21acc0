"""Saved pages: HTML without front matter, whose fields are in its head."""

import re

from frontmatter.default_handlers import BaseHandler

from posts.metadata.handlers import Fields
from schemas.enums import Dialect

PAGE_START = re.compile(
    r"(?:[\s\ufeff\u200b-\u200d\u2060]|<!--.{0,10000}?-->|<\?xml[^>]{0,200}>)*+<(?:!doctype\s+html|html|head)\b",
    re.DOTALL | re.IGNORECASE,
)


class HtmlPage(BaseHandler):
    """The handler of whole pages of HTML."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(PAGE_START)
        self.dialect = dialect

    def split(self, text: str) -> tuple[str, str]:
        """Return the whole page, which has the fields, and the element that holds the article."""
        # imported here because most workers never see a page
        from posts.html.page_body import find_article

        # no generator reads a saved page: braces are its text
        return text, find_article(text).replace("{%", "&#123;%").replace("{{", "&#123;{")

    def load(self, fm: str, **_: object) -> Fields:
        """Return the fields of a page."""
        from posts.metadata.saved_page.fields import read_fields

        return read_fields(fm)
