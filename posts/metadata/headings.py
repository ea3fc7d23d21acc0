"""The heading at the beginning of a text, which is the title of a post that names none."""

import re
from html import unescape
from typing import NamedTuple

from posts.html.markdown import render_markdown

# comments, also of kramdown, before the heading
BEFORE_HEADING = (
    r"(?:[\s\ufeff\u200b-\u200d\u2060]|<!--.{0,10000}?-->|\{::comment\}.{0,10000}?\{:/(?:comment)?\})*+"
)
# `{#id}` of Pandoc and Hugo, `{: .class}` of kramdown
ATTRIBUTES = r"(?:[ \t]*\{:?[^{}\n]{0,200}\})?"
UNDERLINED = r"(?P<underlined>(?![-+*>#|`<\[{=])[^\n]{1,500})\n[ ]{0,3}"
END = r"[ \t]*(?:\n|\Z)"
FIRST_HEADING = re.compile(
    rf"{BEFORE_HEADING}(?:[ ]{{0,3}}\#[ \t]+(?P<text>[^\n]{{1,500}}?)[ \t]*\#*{ATTRIBUTES}{END}"
    rf"|{UNDERLINED}={{2,}}{END}|<h1\b[^>]{{0,500}}>(?P<html>.{{1,500}}?)</h1>)",
    re.DOTALL | re.IGNORECASE,
)
# of any level
ANY_HEADING = re.compile(
    rf"{BEFORE_HEADING}(?:[ ]{{0,3}}\#{{1,6}}[ \t]+(?P<text>[^\n]{{1,500}}?)[ \t]*\#*{ATTRIBUTES}{END}"
    rf"|{UNDERLINED}(?:={{2,}}|-{{3,}}){END}|<h[1-6]\b[^>]{{0,500}}>(?P<html>.{{1,500}}?)</h[1-6]>)",
    re.DOTALL | re.IGNORECASE,
)
TAG = re.compile(r"<[^<>]*>")


class Heading(NamedTuple):
    """A heading as plain text, and its place in the source."""

    text: str
    start: int
    end: int


def first_heading(body: str, pattern: re.Pattern[str] = FIRST_HEADING) -> Heading | None:
    """Return the heading of the first level with which a body begins; None if it begins otherwise."""
    match = pattern.match(body)
    if match is None:
        return None
    group = match.lastgroup or "text"
    html = match[group] if group == "html" else render_markdown(match[group])
    text = " ".join(unescape(TAG.sub("", html)).split())
    return Heading(text, match.start(group), match.end()) if text else None
