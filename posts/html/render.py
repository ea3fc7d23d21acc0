"""Convert the body of a post to HTML: remove the header lines of the feed, render Markdown."""

import re

from posts.formats import Markup
from posts.html.markdown import render_markdown
from posts.html.mdx import is_mdx, strip_mdx
from posts.html.obsidian import strip_comments
from posts.html.raw_html import RawHtml, is_one_element
from posts.html.shortcodes import replace_shortcodes, restore_in_code
from posts.html.tags import is_single_run

EPOCH_COMMENT = re.compile(r"\s*<!--\s*(-?\d+|NaN)\s*-->")
# a shorter line marks a heading
HEADER_LINE = re.compile(
    r"\s*\[(?P<title>[^\n]{0,2000})\]\((?P<url>\S{0,8000})\)[ \t]*\n-{6,}[ \t]*(?:\n|\Z)"
)


def split_header(body: str) -> tuple[str | None, str | None, str | None, str]:
    """Return the epoch, the title and the URL in the header of a body, each None if missing, and the rest."""
    epoch = EPOCH_COMMENT.match(body)
    start = epoch.end() if epoch else 0
    header = HEADER_LINE.match(body, start)
    rest = body[header.end() if header else start :]
    return epoch and epoch[1], header and header["title"], header and header["url"], rest


def to_html(body: str) -> str:
    """Return a Markdown body as HTML. Its block-level HTML is not changed."""
    body = replace_shortcodes(body.strip())
    if is_single_run(body) or (body.startswith("<") and is_one_element(body)):
        return body
    raw_html = RawHtml(strip_comments(body))
    return raw_html.put_back(restore_in_code(render_markdown(raw_html.markdown))) if raw_html.markdown else ""


def render(body: str, markup: Markup) -> str:
    """Return a body as HTML."""
    if markup is Markup.HTML:
        return replace_shortcodes(body, is_html=True)
    return to_html(strip_mdx(body) if markup is Markup.MDX or is_mdx(body) else body)
