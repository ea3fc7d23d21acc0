"""Cleaning takes linear time: each of these texts would take minutes if the time were quadratic."""

import time
from itertools import product

import pytest

from posts.cleaning.block_rules import PageContext, apply_rules
from posts.cleaning.flat import clean_flat_text
from posts.html.extract import Block, Content
from posts.parse import parse
from posts.sources.files import RawFile
from schemas.keys import blob_id

SIZE = 300_000
FLAT = {
    "a line without spaces": "a" * SIZE,
    "a line without spaces before a domain": "a" * SIZE + ",.com",
    "tags": "#a" * (SIZE // 2),
    "tags amid a sentence": "#a，" * (SIZE // 3),
    "accounts": "a@" * (SIZE // 2),
    "domains": ".com" * (SIZE // 4),
    "domains without a host": "，.com" * (SIZE // 5),
    "addresses without spaces": "http://a" * (SIZE // 8),
    "addresses that run into labels": "a.com/fb:" * (SIZE // 9),
    "addresses that words follow": "x http://a.b/Cd e " * (SIZE // 18),
    "labels": "x: y: z:" * (SIZE // 8),
    "long labels of addresses": "a sentence that is longer than any label of a link http://a.b/c "
    * (SIZE // 60),
    "times": "0:01 " * (SIZE // 5),
    "pleas": "请订阅。" * (SIZE // 4),
    "rulers": "---- a " * (SIZE // 7),
    "closing quotation marks": "”" * SIZE,
    "slashes": "/ a" * (SIZE // 3),
    "question marks": f"a {'?' * SIZE} b",
    "wide question marks": f"a {'？' * SIZE} b",
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("text", FLAT.values(), ids=FLAT.keys())
def test_a_long_text_without_line_breaks_is_cut_in_seconds(text):
    assert "".join(passage for passage, _ in clean_flat_text(text, "a title")) == text


def test_many_runs_that_recur_are_cut_in_seconds():
    text, spans = (
        "一二三四五六七八九十。甲乙" * 50_000,
        [(start, start + 11) for start in range(0, 650_000, 13)],
    )
    assert len(clean_flat_text(text, "a title", lambda _: spans)) == 100_000


@pytest.mark.parametrize("text", ["点击关注 http://a.b", "x" + "/" * 219, "read" + "\u3000" * 216])
def test_many_blocks_are_judged_in_seconds(text):
    blocks = [Block(text, None, "p", "", len(text), ["/a"]) for _ in range(2_000)]
    apply_rules(Content(blocks), PageContext("a title", "https://example.com/a"))
    assert len({block.rule for block in blocks[20:-20]}) == 1


FIELDS = "title date url author tags categories source other".split()
RUNS = {
    "spaces": " ",
    "tabs": "\t",
    "digits": "1",
    "dots": "a.",
    "hyphens": "2024-",
    "colons": ":",
    "sexagesimal places": ":59",
    "slashes": "/",
    "percent signs": "%25",
    "escaped percent signs": "25",
    "ampersands": "&amp;",
    "brackets": "[",
    "commas": "a,",
    "dates": "1 Jan ",
    "ideographic spaces": "\u3000",
}
DIALECTS = {
    "YAML": '---\ntitle: a\nx: 1\n{field}: "{start}{run}b"\n---\nText.\n',
    "plain YAML": "---\ntitle: a\n{field}: {start}{run}b\n---\nText.\n",
    "key of YAML": "---\n{start}{run}: {field}\n---\nText.\n",
    "TOML": '+++\n{field} = "{start}{run}b"\n+++\nText.\n',
    "key of TOML": "+++\n{start}{run}b = 1 # {field}\n+++\nText.\n",
    "table of TOML": "+++\n[{start}{run}b]\n{field} = 1\n+++\nText.\n",
    "JSON": '{{"{field}": "{start}{run}b"}}\nText.\n',
}
STARTS = {"date": "2024-03-05", "url": "http://a.example/%"}
BODIES = {
    "brackets": "[",
    "brackets of pictures": "![",
    "links never ended": "[x![![](u)",
    "links in links": "[a](",
    "brackets beside code": "[`]`",
    "definitions amid HTML": "[a]: b\n\n<hr>\n\n",
    "listings never ended": "{% highlight a %}",
    "backticks": "`",
    "emphasis": "*a_",
    "quotations": ">",
    "lists": "- ",
    "tables": "|a|\n|-|\n",
    "comments": "<!--",
    "instructions": "<?",
    "entities": "&#",
    "question marks": "?",
    "shortcodes": "{{< a ",
    "shortcodes of several names": "{{% a %}}b{{% /c %}}",
    "tags of Liquid": "{% a ",
    "raw tags": "{% raw %}",
    "comments of Liquid": "{% comment %}",
    "arguments": '{{< a b="c" >}}',
    "quotations of Hexo": "{% blockquote a %}",
    "output": "{{ a ",
    "attributes": "{: .a ",
    "attributes of code": "`a`{b=c ",
    "wiki links": "[[a",
    "wiki links with text": "[[a|b]]",
    "embeds": "![[a|",
    "marks": "==a",
    "marked": "==a== ",
    "hidden comments": "%%a",
    "ids of blocks": " ^a",
    "footnotes": "[^a",
    "footnotes in footnotes": "^[a",
    "dollars": "$a_",
    "formulas": "$a_b$ ",
    "double dollars": "$$a_\n",
    "formulas in brackets": "\\(a_",
    "displayed formulas": "\\[a^",
    "environments": "\\begin{align}\n",
    "containers": "::: a\n",
    "admonitions": "!!! note\n",
    "callouts": "[!note] a\n",
    "subscripts": "a~b~",
    "asterisks": "“a”**",
    "definitions of notes": "[^a]: b\n",
    "code of unlike length": "`a``b```c",
    "elements": "<div>\n\na\n\n",
    "elements in text": "<details>\na\n\n- b\n",
    "elements never closed": "<pre>",
}
# the start of a text, and of its further lines
CONTAINERS = {
    "a paragraph": ("a ", "\n"),
    "a quotation": ("> ", "\n> "),
    "a list": ("- ", "\n  "),
    "a table": ("|a|b|\n|-|-|\n|", " "),
}
ATTRIBUTES = {
    "class": ["a ", "a-", "Aa0"],
    "id": ["a-"],
    "style": ["a:b;", "display:none;", "display : ", "/*"],
    "href": ["/a", "?a=b&", "%25", "#", "http://a/"],
    "src": ["/a", "data:"],
    "srcset": ["a 1x, ", " "],
    "alt": ["a ", "&amp;"],
}
FILES = {f"{dialect}, {field}": (text, field) for dialect, text in DIALECTS.items() for field in FIELDS}
SMALL, LARGE = 4_000, 64_000
# Sixteen times the size takes sixteen times the time if it is linear, and 256 times if it is quadratic.
MAX_GROWTH = 64
# shorter times are too inexact to compare, and do no harm
NEGLIGIBLE_SECONDS = 0.5


def seconds(content):
    """Return the CPU time for parsing a file, which hardly depends on other processes."""
    started_at = time.process_time()
    parse(RawFile("/blog", "2024-03-05-x.md", content.encode(), blob_id(b"")))
    return time.process_time() - started_at


def is_linear(file):
    """Return whether the time is linear in the size, in one of three tries."""
    return any(
        (large := seconds(file(LARGE))) < NEGLIGIBLE_SECONDS or large < MAX_GROWTH * seconds(file(SMALL))
        for _ in range(3)
    )


@pytest.mark.sampled(13)
@pytest.mark.parametrize(("file_kind", "run"), list(product(FILES, RUNS)))
def test_front_matter_takes_time_as_its_size(file_kind, run):
    text, field = FILES[file_kind]
    start, piece = STARTS.get(field, "a"), RUNS[run]
    assert is_linear(lambda size: text.format(field=field, start=start, run=piece * (size // len(piece))))


@pytest.mark.sampled(5)
@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("run", BODIES)
def test_markdown_takes_time_as_its_size(run, container):
    start, lines = CONTAINERS[container]
    piece = BODIES[run].replace("\n", lines)
    assert is_linear(lambda size: f"---\ntitle: a\n---\n{start}{piece * (size // len(piece))} b\n")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("attribute", "run"), [(name, run) for name, runs in ATTRIBUTES.items() for run in runs]
)
def test_attributes_take_time_as_their_size(attribute, run):
    assert is_linear(
        lambda size: f'---\ntitle: a\n---\n<div><a {attribute}="{run * (size // len(run))}">text</a></div>\n'
    )


@pytest.mark.parametrize("name", ["js-", "post-", "box-", "Aa0 "])
def test_names_of_classes_take_time_as_their_size(name):
    assert is_linear(lambda size: f"---\ntitle: a\n---\n<div class='{name * (size // len(name))}'>b</div>\n")


def test_what_is_nested_too_deep_in_markdown_is_text():
    post = parse(RawFile("/b", "2024-03-05-x.md", f"---\ntitle: a\n---\n{'>' * 9_000} deep\n".encode(), ""))
    assert post.text == "deep"
