import re
from dataclasses import asdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posts.cleaning.clean import clean
from posts.formats import markup_of
from posts.parse import parse
from posts.post import NotAPost, Post
from posts.rules.context import PageContext
from posts.sources.files import RawFile
from schemas.enums import HtmlParser
from schemas.keys import blob_id

SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
FENCES = [
    b"---\n",
    b"---",
    b"+++\n",
    b"{",
    b"}",
    b"title: ",
    b"date: ",
    b"2024-03-05",
    b"\n",
    b"\r\n",
    b'"',
    b"\\",
]
FENCES += [
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\0",
    b"<!--",
    b"NaN",
    b"-->",
    b"[a](b)\n------\n",
    b"&a ",
    b"*a",
    b"<<: ",
]
BYTES = st.binary() | st.lists(st.sampled_from(FENCES) | st.binary(max_size=3), max_size=30).map(b"".join)

PIECES = [
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<br>",
    "<br/>",
    "<table>",
    "<tr>",
    "<td>",
    "</table>",
    "<pre>",
    "</pre>",
    "<li>",
]
PIECES += [
    "<a href='b?utm_id=1'>",
    "</a>",
    "<img src=i.png alt='a'>",
    "<b>",
    "</b>",
    "<div hidden>",
    "<p class=share>",
    "<!--",
    "-->",
]
PIECES += [
    "\n",
    "\n\n",
    "    ",
    "\t",
    "```",
    "~~~\n",
    "# ",
    "> ",
    "- ",
    "1. ",
    "|",
    "---\n",
    "*",
    "_",
    "`",
    "[",
    "](",
    ")",
    "{:.a}",
]
PIECES += [
    "a",
    "塔",
    "，",
    "&nbsp;",
    "&#13;",
    "&#11;",
    "&lt;",
    "\u200b",
    "\u3000",
    "\xad",
    "\x0b",
    "\x0c",
    "\x1f",
    "\u2028",
    "\x85",
]
BODIES = st.text(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)

WORDS = st.sampled_from(
    [
        "lamp",
        "the sea",
        "灯塔",
        "，",
        " ",
        "\n",
        "&amp;",
        "&nbsp;",
        "<br>",
        "<br><br>",
        "<b>x</b>",
        "<i> y </i>",
    ]
)
INLINE = st.lists(WORDS, min_size=1, max_size=6).map("".join)
LINK = INLINE.map(lambda text: f'<a href="/b">{text}</a><img src="i.png" alt="a">')


def _wrap(tag, inner):
    return inner.map(lambda html: f"<{tag}>{html}</{tag}>")


LEAF = st.one_of(
    *(_wrap(tag, INLINE | LINK) for tag in ("p", "h2", "pre", "figcaption", "div", "div hidden"))
)
ROW = st.lists(_wrap("td", INLINE), min_size=1, max_size=3).map(lambda cells: f"<tr>{''.join(cells)}</tr>")
TABLE = st.lists(ROW, min_size=1, max_size=3).map(
    lambda rows: f"<table><tbody>{''.join(rows)}</tbody></table>"
)


def _nested(inner):
    several = st.lists(inner, max_size=3).map("\n".join)
    boxes = [_wrap(tag, several) for tag in ("div", "blockquote", "section", "article", "figure")]
    return st.one_of(*boxes, _wrap("ul", _wrap("li", several)))


HTML = st.lists(st.recursive(LEAF | TABLE | INLINE, _nested, max_leaves=8), max_size=4).map("".join)


def raw_file(content, name="2024-03-05-lamp.md"):
    return RawFile("/blog", name, content, blob_id(content))


def post(body, engine=HtmlParser.LEXBOR, name="2024-03-05-lamp.md"):
    head = "---\ntitle: Lamp\ndate: 2024-03-05T01:20:00Z\nfrom: https://lamp.example/a\n---\n"
    return parse(raw_file(f"{head}{body}".encode(), name), engine)


@SLOW
@given(BYTES, st.sampled_from(HtmlParser))
def test_any_bytes_are_a_post_or_a_refusal_the_same_each_time(content, engine):
    outcome = parse(raw_file(content), engine)
    assert isinstance(outcome, Post | NotAPost)
    assert parse(raw_file(content), engine) == outcome


@SLOW
@given(BODIES, st.sampled_from(HtmlParser), st.sampled_from(["x.md", "x.html"]))
def test_any_body_behind_front_matter_is_a_post_the_same_each_time(body, engine, name):
    outcome = post(body, engine, name)
    assert isinstance(outcome, Post)
    assert post(body, engine, name) == outcome


@SLOW
@given(BODIES, st.sampled_from(HtmlParser), st.sampled_from(["x.md", "x.html"]))
def test_every_block_has_a_letter_or_digit_and_no_blank_line(body, engine, name):
    text = clean(body, markup_of(name), PageContext("Lamp"), engine).text
    for block in text.split("\n\n") if text else ():
        assert re.search(r"\w", block)
        assert all(line.strip() for line in block.split("\n"))


@SLOW
@given(HTML)
def test_both_engines_give_the_same_post(html):
    assert asdict(post(html, HtmlParser.LEXBOR, "x.html")) == asdict(
        post(html, HtmlParser.BEAUTIFULSOUP, "x.html")
    )


@SLOW
@given(HTML)
def test_html_in_a_markdown_file_reads_as_html(html):
    boxed = f"<div>{html}</div>"
    assert post(boxed).text == post(boxed, name="x.html").text
