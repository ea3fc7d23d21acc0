"""Bad input: each file gives a post or a reason, never an exception, and only text that a column can contain."""

import json
import os
import subprocess
import sys
from dataclasses import asdict

import pytest

from paths import ROOT
from posts.parse import parse, parse_file
from posts.post import NotAPost, Post
from posts.sources.files import MAX_POST_BYTES, RawFile
from schemas.enums import HtmlParser
from schemas.keys import blob_id

HEAD = "title: Lamp\ndate: 2024-03-05\n"


def parse_bytes(content, name="2024-03-05-x.md", engine=HtmlParser.LEXBOR):
    return parse(RawFile("/blog", name, content, blob_id(content)), engine)


def post(front_matter=HEAD, body="Text.\n", **options):
    return parse_bytes(f"---\n{front_matter}---\n{body}".encode(), **options)


def strings(value):
    """Return every text within a post."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return [value] if isinstance(value, str) else []


def is_valid(outcome):
    """Assert that an outcome is a refusal, or a post with texts that are valid UTF-8 and an `extra` that is strict JSON."""
    assert isinstance(outcome, Post | NotAPost)
    "".join(strings(asdict(outcome))).encode()
    if isinstance(outcome, Post) and outcome.extra is not None:
        json.loads(outcome.extra, parse_constant=pytest.fail)
    return True


def parse_in_subprocess(front_matter, body="Text.\n"):
    """Parse a post in a new process, since the C library may crash, and return the printed outcome."""
    script = (
        "import sys; from posts.parse import *; c = sys.stdin.buffer.read();"
        "print(parse(RawFile('/blog', 'x.md', c, '')))"
    )
    file = f"---\n{front_matter}---\n{body}".encode()
    return subprocess.check_output([sys.executable, "-c", script], input=file, cwd=ROOT).decode()


FILES = {
    "empty": b"",
    "one byte": b"-",
    "binary": bytes(range(256)) * 40,
    "NUL bytes only": b"\0" * 1000,
    "NUL bytes in front matter": b"---\ntitle: a\0b\ndate: 2024-03-05\n---\n\0\n",
    "binary body": b"---\ntitle: a\ndate: 2024-03-05\n---\n" + bytes(range(256)) * 40,
    "binary front matter": b"---\n" + bytes(range(256)) * 4 + b"\n---\nText.\n",
    "BOM only": b"\xef\xbb\xbf",
    "two BOMs": b"\xef\xbb\xbf\xef\xbb\xbf---\ntitle: a\n---\n",
    "UTF-16 BOM only": b"\xff\xfe",
    "half a UTF-16 character": b"\xff\xfe-\0-\0-\0\n",
    "UTF-16 with lone surrogates": b"\xff\xfe" + "---\ntitle: a\n---\n".encode("utf-16-le") + b"\x00\xd8a\0",
    "CR only": b"---\rtitle: a\rdate: 2024-03-05\r---\rText.\r",
    "fence only": b"---",
    "prose between rules": b"---\n*Once* upon a time: in: a tower.\n---\nText.\n",
    "quotation between rules": b'---\n"Once\n---\nText.\n',
    "two fences": b"---\n---\n",
    "no closing fence": b"---\ntitle: a\ndate: 2024-03-05\nText.\n",
    "no closing plus signs": b'+++\ntitle = "a"\n',
    "JSON cut short": b'{"title": "a", ',
    "JSON list": b'["title"]',
    "JSON lone surrogates": rb'{"title": "\ud800", "tags": ["\udfff"], "x\ud800": "\ud800", "url": "http://\ud800/"}',
    "JSON lone surrogate as date": rb'{"title": "a", "date": "\ud800"}',
    "JSON NaN": b'{"title": "a", "x": NaN, "date": Infinity}',
    "JSON number of 10,000 digits": b'{"title": "a", "x": ' + b"9" * 10_000 + b"}",
    "JSON 600 nested lists": b'{"title": "a", "x": ' + b"[" * 600 + b"]" * 600 + b"}",
    "JSON 600 nested titles": b'{"title": ' + b"[" * 600 + b"]" * 600 + b"}",
    "JSON 100,000 nested lists": b'{"title": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "TOML dotted key of 900 parts": b'+++\ntitle = "a"\n' + b".".join([b"k"] * 900) + b" = 1\n+++\n",
    "TOML 100,000 nested lists": b"+++\nx = " + b"[" * 100_000 + b"]" * 100_000 + b"\n+++\n",
    "TOML number of 5,000 hex digits": b'+++\ntitle = "a"\nx = 0x' + b"f" * 5000 + b"\n+++\n",
    "page with paragraphs deep within it": b"<!DOCTYPE html><title>a</title><h1>a</h1>"
    + b"<div class=title>" * 3000
    + b"<p>A day, again.</p>" * 5000,
    "page with days deep within it": b"<!DOCTYPE html><title>a</title>"
    + b"<div>" * 3000
    + b"<i class=pubtime>2021-03-04</i>" * 5000,
    "page with articles deep within it": b"<!DOCTYPE html><title>a</title>"
    + b"<div>" * 3000
    + b"<article>a</article>" * 5000,
    "TOML odd types": b'+++\ntitle = "a"\nx = nan\ny = 07:32:00\ndate = 07:32:00\n+++\n',
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_bad_file_is_a_post_or_a_refusal(content):
    assert is_valid(parse_bytes(content))


FRONTS = {
    "lone surrogate": r'x: "\ud800"',
    "NUL escaped": r'author: "a\0b"',
    "number of 5,000 hex digits": "x: 0x" + "f" * 5000,
    "title of 5,000 hex digits": "title: 0x" + "f" * 5000,
    "number of 10,000 digits": "x: " + "9" * 10_000,
    "sexagesimal number": "x: 1" + ":59" * 3000,
    "infinity": "x: .inf",
    "not a number": "x: .nan",
    "tag that is no boolean": "x: !!bool maybe",
    "tag that is no number": "x: !!int ''",
    "tag that is no fraction": "x: !!float ''",
    "tag that is no time": "x: !!timestamp noon",
    "tag that is no base 64": "x: !!binary ä",
    "bytes": "x: !!binary aGk=",
    "Python object": "x: !!python/object/apply:os.system ['true']",
    "set": "tags: !!set {a, b}",
    "ordered pairs": "x: !!omap [a: 1, b: 2]",
    "list as key": "? [a, b]\n: 1",
    "merge of nothing": "<<: 5",
    "keys of all types": "1: a\n1.5: b\ntrue: c\nnull: d\n2024-01-01: e",
    "many documents": "x: 1\n--- \ny: 2",
    "directive": "%YAML 9.9",
    "tab": "\tx: 1",
    "490 lists on a line": "x:\n " + "- " * 490 + "a",
    "490 lists and an alias": "x: &a 1\ny:\n " + "- " * 490 + "*a",
    "100,000 flow brackets": "x: " + "[" * 100_000,
    "50,000 levels of indentation": "\n".join(" " * i + "x:" for i in range(3000)),
    "dates of other worlds": "published: 99999-99-99\ncreated: -1\npubdate: {a: b}",
}


@pytest.mark.parametrize("front", FRONTS.values(), ids=FRONTS)
def test_hostile_front_matter_is_a_post_or_a_refusal(front):
    assert is_valid(post(f"{HEAD}{front}\n"))


@pytest.mark.parametrize("anchor", ["a", "1", "_", "-", "-a", "A-"])
def test_aliases_that_unfold_to_a_flood_are_refused(anchor):
    bomb = f"x0: &{anchor}0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    bomb += "".join(f"x{i}: &{anchor}{i} [{', '.join([f'*{anchor}{i - 1}'] * 10)}]\n" for i in range(1, 5))
    assert post(f"{HEAD}{bomb}").reason == "front_matter_hostile"


@pytest.mark.parametrize("anchor", ["a", "1", "-", "-a"])
def test_a_value_within_itself_is_refused(anchor):
    assert post(f"{HEAD}x: &{anchor} [*{anchor}]\n").reason == "front_matter_hostile"


DATES = [
    "0000-01-01",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "99999-01-01",
]
DATES += [
    "2024-13-01",
    "2024-02-30",
    "2024-03-05T25:00:00Z",
    "2024-03-05T01:20:00+99:99",
    '"0000/01/01"',
    "[2024]",
]
DATES += [
    "99999年1月1日",
    '"२०२४-०३-०५"',
    "2024",
    ".inf",
    "1e400",
    "true",
    "''",
    "~",
    '"\\0"',
    "2024-03-05 T",
]


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("name", ["0000-00-00-x.md", "9999-99-99-x.md", "२०२४-०३-०५-x.md"])
def test_an_impossible_date_is_a_post_or_a_refusal(date, name):
    assert is_valid(post(f"title: Lamp\ndate: {date}\n", name=name))


@pytest.mark.parametrize(
    "epoch", ["-1", "0", "9" * 30, "253402300800000", "1709601600", "-" + "9" * 400, "NaN", "٣"]
)
def test_an_impossible_epoch_is_a_post_or_a_refusal(epoch):
    assert is_valid(post(body=f"<!--{epoch}-->\nText.\n"))


BODIES = {
    "100,000 nested div": "<div>" * 100_000 + "deep",
    "9,999 nested div": "<div>" * 9_999 + "deep",
    "100,000 nested b": "<b>" * 100_000 + "deep",
    "3,000 nested tables": "<table><tr><td>" * 3_000 + "deep",
    "3,000 nested lists": "<ul><li>" * 3_000 + "deep",
    "100,000 nested quotes in Markdown": ">" * 100_000 + " deep",
    "100,000 siblings": "<p>a</p>" * 100_000,
    "100,000 open brackets": "[" * 100_000,
    "attribute of 1 MB": f'<p title="{"a" * 1_000_000}">Text.</p>',
    "500,000 classes": f'<p class="{"a " * 500_000}">Text.</p>',
    "line of 5 MB": "word " * 1_000_000,
    "line of 5 MB in a div": f"<div>{'word ' * 1_000_000}</div>",
    "line of 5 MB without a space": "塔" * 1_700_000,
    "only end tags": "</div></p></body></html>" * 1000,
    "end of body first": "</body></html><p>Text.</p>",
    "frames": "<frameset><frame src=x></frameset>",
    "numbered entities": "&#0;&#xD800;&#x110000;&#11;&#13;&#x80;&#xFFFE; x",
    "entities in addresses": '<a href="http://&#xD800;/&#0;">x</a><img src="http://[" alt="&#xD800;">',
    "unclosed tag": "<div class='",
    "unclosed comment": "<div>a<!-- b",
    "doctype and CDATA": "<!DOCTYPE x [<!ENTITY a 'b'>]><![CDATA[a]]><?php echo 1 ?>&a; x",
    "plaintext": "<div><plaintext>a</div><p>b",
    "20,000 nested div closed beside twins": "<div>" * 20_000 + "a" + "<b></b></div>" * 20_000,
    "20,000 open b in paragraphs": "<p><b>a</p>" * 20_000,
    "20,000 links in links": "<a href=x>a" * 20_000,
    "50,000 attributes": f"<p {' '.join(f'a{i}={i}' for i in range(50_000))}>a</p><p>b</p>",
    "50,000 times one attribute": f"<p {'a=1 ' * 50_000}>a</p><p>b</p>",
    "50,000 bodies": "<body class=x>" * 50_000 + "a",
    "500,000 opening brackets": "<" * 500_000,
    "100,000 tags never ended": "<a" * 100_000,
    "100,000 end tags never ended": "</" * 100_000,
    "100,000 comments never ended": "<!--" * 100_000,
    "comment of 2,000,000 dashes": f"<p>a<!--{'-' * 2_000_000}",
    "quotes never ended": '<p title=">' * 50_000,
    "script cut short": "<p>a</p><script>" + '"</scr"' * 100_000 + "</script>b",
    "scripts that open comments": '<script>x = "<!--"</script><p>a</p>' * 5_000,
    "script in a drawing": '<svg><script>"</scr"</script></svg>a' * 10_000,
    "drawings in drawings": "<svg><g>" * 3_000 + "a",
    "tags in xmp": "<p>a</p><xmp>" + "<b></p>" * 10_000 + "</xmp>b",
    "tags in plaintext": "<p>a</p><plaintext>" + "<b></plaintext>" * 10_000,
    "tags in noembed": "<noembed><p></noembed>a" * 10_000,
    "tags in textarea": "<textarea><p></textarea>a" * 10_000,
    "tags in iframe": "<iframe></p></iframe>a" * 10_000,
    "20,000 ends of paragraphs": "</p>a" * 20_000,
    "100,000 ampersands": "<b>" + "&" * 100_000 + "&#" + "9" * 100_000,
    "an import of nothing": "a\nimport " + " " * 20_000 + "x\n",
    "comments of MDX": "{/*" * 20_000,
    "days of a chronicle": "2021-03-04\n\n" * 5_000,
    "marks of the walk": "<table><tr><td>a\x0bb\x00c<td>d</table>",
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("body", BODIES)
def test_a_hostile_body_is_a_post_and_the_engines_agree(body):
    lexbor, soup = (post(body=BODIES[body], engine=engine) for engine in HtmlParser)
    assert is_valid(lexbor)
    assert is_valid(soup)
    assert (lexbor.text, lexbor.images) == (soup.text, soup.images)


@pytest.mark.parametrize(
    "body", ["<br>\n", "<p>a\n", "<hr>\n", '<img src="a.png">\n'], ids=["br", "p", "hr", "img"]
)
def test_many_elements_side_by_side_are_not_called_deep(body):
    assert "deeply_nested_html" not in post(body=f"<div>{body * 11_000}</div>").warnings


NAMES = [
    "a/b",
    "..",
    "../../etc/passwd",
    '"a\\nb"',
    "塔" * 300,
    "' '",
    '"\\u200b"',
    '"\\0"',
    "CON",
    "a" * 5000,
    "🚢",
    "=",
    "%2e%2e",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:16])
def test_any_source_name_is_a_safe_partition(name):
    outcome = post(f"{HEAD}source: {name}\n")
    assert is_valid(outcome)
    assert len(outcome.source_id) <= 51
    assert set(outcome.source_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize(
    ("one", "other"), [("Foo Bar", "foo-bar"), ("北京", "背景"), ("塔" * 99, "塔" * 98), ("a", "A")]
)
def test_sources_that_slug_alike_stay_apart(one, other):
    assert post(f"{HEAD}source: {one}\n").source_id != post(f"{HEAD}source: {other}\n").source_id


@pytest.mark.parametrize(
    "twin",
    ["Cafe\u0301", "  Café ", '"Caf\\u00e9"', "Ca\u200bfé\ufeff"],
    ids=["decomposed", "blanks", "escaped", "invisible"],
)
def test_spellings_of_one_source_are_one_partition(twin):
    assert post(f"{HEAD}source: {twin}\n").source_id == post(f"{HEAD}source: Café\n").source_id


def test_a_sparse_file_of_50_mb_is_refused_unread(tmp_path):
    (tmp_path / "x.md").touch()
    os.truncate(tmp_path / "x.md", 50_000_000)
    detail = f"50000000 bytes; the limit is {MAX_POST_BYTES}"
    assert parse_file(bytes(tmp_path / "x.md")) == NotAPost("rejected", "too_large", None, detail)


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("missing.md", ("rejected", "unreadable")),
        ("folder.md", ("ignored", "not_a_file")),
        ("dangling.md", ("rejected", "unreadable")),
        ("loop.md", ("rejected", "unreadable")),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, name, refusal):
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "dangling.md").symlink_to("nothing")
    (tmp_path / "loop.md").symlink_to("loop.md")
    outcome = parse_file(bytes(tmp_path / name))
    assert (outcome.outcome, outcome.reason) == refusal


def test_a_fifo_is_refused_without_waiting_for_a_writer(tmp_path):
    os.mkfifo(tmp_path / "x.md")
    script = "import sys; from posts.parse import parse_file; print(parse_file(sys.argv[1].encode()).reason)"
    command = [sys.executable, "-c", script, tmp_path / "x.md"]
    assert subprocess.check_output(command, cwd=ROOT, timeout=60) in {b"unreadable\n", b"not_a_file\n"}


HOSTILE_TO_LIBYAML = {
    "flow brackets": "x: " + "[" * 100_000 + "\n",
    "flow braces": "x: " + "{a: " * 50_000 + "\n",
    "lists on a line": "x:\n " + "- " * 100_000 + "a\n",
    "keys on a line": "? " * 100_000 + "a\n",
    "deep indentation": "".join(" " * i + "x:\n" for i in range(700)),
    "list in list by lines": "".join(" " * i + "-\n" for i in range(700)),
    "brackets behind tabs": "x:\t" + "[\t" * 100_000 + "\n",
    "brackets in brackets closed": "x: " + "[" * 50_000 + "]" * 50_000 + "\n",
    "lists behind an anchor": "x: &a 1\ny:\n " + "- " * 100_000 + "*a\n",
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("front", HOSTILE_TO_LIBYAML.values(), ids=HOSTILE_TO_LIBYAML)
def test_nesting_that_crashes_libyaml_is_refused_in_time(front):
    assert "front_matter_hostile" in parse_in_subprocess(HEAD + front)


def test_a_set_of_tags_is_in_the_order_of_the_file():
    assert post(HEAD + "tags: !!set {sea, light, fog}\n").tags == ["sea", "light", "fog"]
