"""Normalized HTML: every element is closed, and `<` only begins a tag or comment, with each engine."""

import pytest

from posts.html.extract import parse_content
from posts.html.parser import normalize_html
from posts.html.tags import parse_attributes
from schemas.enums import HtmlParser

# the tests put <i>_</i> first, since a single <div> would not be parsed
HTML_AND_TEXT = {
    "script that opens a comment": ('<script>x = "<!--"</script><p>a</p>', "_\n\na"),
    "script within a script": ("<script><!-- <script></script> --></script><p>a</p>", "_\n\na"),
    "script whose text holds its end cut short": ('<script>"</scr" + "ipt>"</script>a', "_a"),
    "style": ("<style>a > b { } <p></style>a", "_a"),
    "xmp": ("<xmp><p>a</xmp>b", "_<p>ab"),
    "plaintext": ("<plaintext>a</b></plaintext>", "_a</b></plaintext>"),
    "iframe": ("<div><iframe></div><p></iframe>a</div>", "_\n\na"),
    "noembed": ("<noembed></p><b></noembed>a", "_</p><b>a"),
    "element named in a comment": ("<!-- <xmp> --><p>a</p><!-- </xmp> -->", "_\n\na"),
    "textarea": ("<textarea><p>a</textarea>b", "_b"),
    "end of a paragraph that is not open": ("<p>a<div>b</p>c</div>d", "_\n\na\n\nb\n\nc\n\nd"),
    "end of a line break": ("a</br>b</BR >c", "_a\nb\nc"),
    "what follows the end of the page": ("a</body></html><p>b</p>", "_a\n\nb"),
    "NUL": ("a\0b<b>c\0</b>", "_abc"),
    "source that is not void to HTML 4": (
        '<figure class="x"><picture><source srcset="x"></picture>a</figure>b',
        "_\n\na\n\nb",
    ),
    "attribute that holds tags": ('<p title="<b>a</b>">b</p>', "_\n\nb"),
    "upper case": ("<P CLASS=a>b<BR>c</P>", "_\n\nb\nc"),
}


@pytest.mark.parametrize("engine", HtmlParser)
@pytest.mark.parametrize(("html", "text"), HTML_AND_TEXT.values(), ids=HTML_AND_TEXT)
def test_both_engines_read(html, text, engine):
    assert parse_content(normalize_html(f"<i>_</i>{html}", engine)[0]).text == text


@pytest.mark.parametrize("engine", HtmlParser)
def test_an_image_by_its_other_name_is_an_image(engine):
    assert parse_content(normalize_html("a<image src=x>b</image>c", engine)[0]).images == [{"src": "x"}]


@pytest.mark.parametrize("engine", HtmlParser)
def test_attributes_stay_in_order_and_the_first_of_a_name_counts(engine):
    markup, _ = normalize_html(
        "<i>_</i><p title=\"a > 'b'\" CLASS='x  y' class=z hidden data-a=&quot;>c</p>", engine
    )
    tag = markup.partition("<p ")[2].partition(">")[0]
    expected = {"title": "a > 'b'", "class": "x  y", "hidden": "", "data-a": '"'}
    assert list(parse_attributes(f"p {tag}").items()) == list(expected.items())


@pytest.mark.parametrize("shape", ["<div>", '<div class="a">', "<span>"])
def test_beautifulsoup_writes_nested_twins_without_recursion(shape):
    name = shape[1:].partition(" ")[0].strip(">")
    html = shape * 3_000 + "a" + f"<b></b></{name}>" * 3_000
    assert parse_content(normalize_html(html, HtmlParser.BEAUTIFULSOUP)[0]).text == "a"


NOT_FOR_LEXBOR = {
    "deep": "<div>" * 20_000,
    "shallow but for one deep place": "<div>" * 9_000 + "<p>a</p>" * 9_000,
    "much formatting": "<b>a" * 301,
    "many attributes": f"<p {' '.join(f'a{i}' for i in range(501))}>",
    "many quoted attributes": "<p" + "".join(f' a{i}="b c"' for i in range(501)) + ">",
}


@pytest.mark.parametrize("html", NOT_FOR_LEXBOR.values(), ids=NOT_FOR_LEXBOR)
def test_lexbor_is_spared(html):
    assert normalize_html(html)[1]


FOR_LEXBOR = {
    "list left open": "<ul>" + "<li>a" * 11_000,
    "table left open": "<table>" + "<tr><td>a<td>b" * 11_000,
    "long text": f"<p>{'word ' * 10_000}</p><p>b</p>",
    "long attribute": f'<p title="{"word " * 10_000}">a</p><p>b</p>',
    "elements side by side": "<p><b>a</b></p>" * 11_000,
}


@pytest.mark.parametrize("html", FOR_LEXBOR.values(), ids=FOR_LEXBOR)
def test_lexbor_reads(html):
    assert not normalize_html(html)[1]
