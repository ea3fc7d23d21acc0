"""BeautifulSoup and lexbor read the same text, links and images, except where libxml2 differs from HTML."""

import os
import re
from dataclasses import dataclass
from html import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpora import unpack_sample
from paths import CORPORA
from posts.html.extract import parse_content
from posts.html.parser import normalize_html
from posts.parse import parse_file
from posts.post import Post
from schemas.enums import HtmlParser
from tiers import examples

# Every k-th post of these is read, by `make test-all` every 10k-th. POSTLAKE_ALL=1 reads all.
SAMPLE_STEPS = {"teahouse.tar.zst": 10, "oped2-dev.tar.zst": 1, "society-history.bundle": 24}
MAX_DIFFERING = 0.001


@dataclass(frozen=True)
class Difference:
    """A difference of libxml2 from HTML, and a pattern of the markup that can cause it."""

    reason: str
    markup: str
    example: str


TABLE = "table|thead|tbody|tfoot|tr"
INLINE = "a|abbr|b|big|cite|code|em|font|i|q|s|small|span|strike|strong|sub|sup|tt|u"
BLOCK = "address|article|blockquote|center|dd|div|dl|dt|figure|form|h[1-6]|li|ol|p|pre|section|table|td|th|ul"
DIFFERENCES = {
    "text astray in a table": Difference(
        "HTML moves what stands in a table outside its cells before the table; libxml2 leaves it",
        rf"<(?:{TABLE})\b[^>]*>\s*(?:[^<\s]|<(?!!|/|(?:{TABLE}|t[dh]|caption|col)))|</t[dhr]>\s*(?:[^<\s]|<(?!!|/?t|/?col))",
        "<table>a<tr><td>b</table>",
    ),
    "cells without a row": Difference(
        "HTML puts the row around them; libxml2 does not",
        r"<(?:table|thead|tbody|tfoot)\b[^>]*>\s*<t[dh]\b",
        "<table><td>a<td>b</table>",
    ),
    "cells without a table": Difference(
        "HTML passes over the tags; libxml2 keeps them",
        r"\A(?:(?!<table\b).)*<(?:tbody|t[rdh])\b",
        "a<td>b</td>c",
    ),
    "inline element ended in a block it began around": Difference(
        "HTML ends formatting alone and the block stays open; libxml2 ends the block as well",
        rf"<({INLINE})\b[^>]*>(?:(?!</\1\b).)*<({BLOCK})\b(?:(?!</\2\b).)*</\1\b",
        "<em>a<p>b</em>c</p>",
    ),
    "block in a heading or in formatting": Difference(
        "libxml2 ends a heading, <a>, <b>, <i>, <u> and the like before some blocks, as HTML 4 did",
        rf"<(h[1-6]|{INLINE})\b[^>]*>(?:(?!</\1\b).)*<(?:{BLOCK})\b",
        "<h2>a<p>b</h2>c",
    ),
    "formatting left open around blocks": Difference(
        "HTML opens it again in every block that follows; libxml2 nests the blocks in it",
        rf"<({INLINE})\b[^>]*>(?:(?!</\1\b).)*</?(?:{BLOCK})\b",
        '<a id="share">a<p>b</a>c',
    ),
    "heading ended by the end of another": Difference(
        "HTML ends a heading at the end tag or the start of any other",
        r"<(h[1-6])\b(?:(?!</\1\b).)*</?(?!\1)h[1-6]\b",
        "<h2>a</h3>b",
    ),
    "link in a link": Difference(
        "HTML ends the outer link wherever it is; libxml2 only where no other element is open in it",
        r"<a\b(?:(?!</a\b).)*<a\b",
        "<a href=1>a<div>b<a href=2>c</a></div></a>",
    ),
    "element of HTML 5 in a paragraph": Difference(
        "HTML ends the paragraph before it; libxml2 knows no more of it than of any other name",
        r"<p\b(?:(?!</p\b).)*<(?:plaintext|xmp|search|dialog|listing)\b",
        "<p>a<plaintext>b",
    ),
    "control in a control": Difference(
        "HTML ends a <button> before another and a <select> before an <input>",
        r"<(?:button\b(?:(?!</button\b).)*<button|select\b(?:(?!</select\b).)*<(?:input|textarea))\b",
        "<button>a<button>b</button>c</button>d",
    ),
    "HTML in a drawing or a formula": Difference(
        "HTML ends <svg> and <math> before an HTML element; libxml2 takes all within for HTML",
        r"<(?:svg|math)\b",
        "<svg><p>a</svg>b",
    ),
    "NUL in a tag": Difference(
        "HTML makes U+FFFD of it; NUL is taken out of what libxml2 reads, where it is text as HTML asks",
        r"<[^>]*\0",
        "<p class='share\0'>a</p>",
    ),
}


def read_by_both_engines(html):
    """Return text, links and images as read by each engine."""
    contents = [parse_content(normalize_html(html, engine)[0]) for engine in HtmlParser]
    return [(content.text, content.links, content.images) for content in contents]


def causes(html):
    return [
        cause
        for cause, difference in DIFFERENCES.items()
        if re.search(difference.markup, html, re.IGNORECASE | re.DOTALL)
    ]


@pytest.mark.parametrize("cause", DIFFERENCES)
def test_a_listed_difference_is_one(cause):
    # the prefix ensures that the engine parses the HTML
    lexbor, soup = read_by_both_engines(f"<i>_</i>{DIFFERENCES[cause].example}")
    assert lexbor != soup
    assert cause in causes(DIFFERENCES[cause].example)


def read_with_engine(path, engine):
    """Return text, links and images of a post as read by an engine, or the refusal of a file that is no post."""
    post = parse_file(bytes(path), engine)
    return (post.text, post.links, post.images) if isinstance(post, Post) else post


@pytest.mark.slow
@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not here")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.matrix] if name.endswith(".bundle") else [])
        for name in SAMPLE_STEPS
    ],
)
def test_the_engines_agree_on_every_corpus(tmp_path, name):
    step = 1 if os.environ.get("POSTLAKE_ALL") else SAMPLE_STEPS[name] * examples(10, 1)
    files = unpack_sample(name, tmp_path / "corpus", step)
    differing = [
        path
        for path in files
        if read_with_engine(path, HtmlParser.LEXBOR) != read_with_engine(path, HtmlParser.BEAUTIFULSOUP)
    ]
    assert [path.name for path in differing if not causes(path.read_text("utf-8", "replace"))] == []
    assert len(differing) < MAX_DIFFERING * len(files)


NAMES = st.sampled_from(
    [
        "share",
        "byline",
        "title",
        "nav",
        "pullquote",
        "highlight",
        "x",
        "entry-content",
        "a b",
        "a>b",
        'a"b',
        "a<b",
        "&amp;",
    ]
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["class", "id", "title", "data-x"]), NAMES, max_size=2).map(
    lambda attributes: "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
)
TEXT = st.text("ab 塔。\n\t&<>\"'1\xa0;#x", max_size=8).map(escape)


def element(names, content):
    """Return a strategy for elements with some names and with children from `content`."""
    return st.builds(
        lambda name, attributes, children: f"<{name}{attributes}>{''.join(children)}</{name}>",
        st.sampled_from(names.split()),
        ATTRIBUTES,
        st.lists(content, max_size=4),
    )


def pieces(*elements):
    return st.one_of(
        TEXT, st.sampled_from(["<br>", "<img src=a.png alt=b>", "<!-- c -->", "<br/>"]), *elements
    )


def phrasing(leaf):
    return st.recursive(
        pieces(),
        lambda inner: st.one_of(element("b em span code sup mark", inner), leaf(inner)),
        max_leaves=6,
    )


PHRASING = phrasing(lambda inner: element("i strong small u font", inner))
LINK = st.builds(
    lambda inner: f'<a href="/x?a=1&amp;b=2">{"".join(inner)}</a>', st.lists(PHRASING, max_size=3)
)
LINE = st.one_of(PHRASING, LINK)


def blocks(flow):
    """Return a strategy for elements that contain blocks."""
    items, cells = element("li", flow), element("td th", flow)
    rows = element("tr", cells)
    return st.one_of(
        element("div section article aside header footer nav blockquote figure", flow),
        element("ul ol", items),
        element("dl", element("dt dd", flow)),
        element("table", st.one_of(element("tbody thead", rows))),
    )


FLOW = st.recursive(
    st.one_of(LINE, element("p h2 h3 pre figcaption", LINE)),
    blocks,
    max_leaves=6,
)


@settings(max_examples=examples(20, 100), deadline=None)
@given(st.lists(FLOW, max_size=5).map("".join))
@example('<dl><dt class="share"><dl></dl>1</dt></dl>')
@example('<dl><dt class="share">a<dt>b<dd>c<dd>d</dl>')
@example("<dl><dd>a<dl><dt>n<dd>m</dl>z</dd><dt>q</dl>")
@example("</dl>x<dl><dd>1</dl></dl>y<dt>z")
def test_the_engines_agree_on_whatever_is_well_nested(html):
    lexbor, soup = read_by_both_engines(f"<i>_</i>{html}")
    assert lexbor == soup
