"""Lines of JSONL: which field is the body, in which markup, and which is the URL."""

import json

import pytest

from posts.formats import Markup
from posts.parse import parse
from posts.settings import ParseSettings
from posts.sources.files import RawFile

FIELDS = {"id": 1, "title": "Rain again", "date": "2024-03-05"}


def parse_line(line, path="1.json", **settings):
    return parse(
        RawFile("/a.jsonl", path, json.dumps(FIELDS | line).encode(), "0" * 40),
        settings=ParseSettings(**settings),
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"content_html": "<p>a</p><p>b *c*</p>", "content_text": "no"}, "a\n\nb *c*"),
        ({"content": "a *b*\n\nc"}, "a b\n\nc"),
        ({"body": "a<br>b *c*"}, "a\nb *c*"),
        ({"html": "one < two"}, "one < two"),
        ({"text": "a *b*\nc <i>\r\n\r\nd"}, "a *b*\n\nc <i>\n\nd"),
        ({"text": "<p>a</p>"}, "a"),
        ({"markdown": "a *b*\n\n<div>c</div>"}, "a b\n\nc"),
        ({"articleBody": "a", "description": "no"}, "a"),
        ({"content": " ", "article_body": None, "summary": "a"}, "a"),
        ({"content": {"rendered": "<p>a</p>"}, "excerpt": {"rendered": "no"}}, "a"),
        ({"content": [{"type": "text/html", "value": "<p>a</p>"}], "summary": "no"}, "a"),
        ({"content": ["a", "b"]}, "a\n\nb"),
        ({"text": ["The ", {"type": "bold", "text": "lamp"}, " stays."]}, "The lamp stays."),
        ({"content": "第一段。\r\n第二段 *b*。"}, "第一段。\n\n第二段 *b*。"),
        ({"content": "a\nb\n\nc"}, "a b\n\nc"),
        ({"content": "## a\nb\nc"}, "a\n\nb c"),
        ({"maintext": "a\nb", "description": "no"}, "a\n\nb"),
        ({"selftext": "a **b**\nc"}, "a b c"),
        ({"正文": "一\n二"}, "一\n\n二"),
        ({}, ""),
    ],
    ids=str,
)
def test_the_body_is_the_first_field_that_has_one(fields, text):
    assert parse_line(fields).text == text


def test_the_markup_of_the_place_counts():
    assert parse_line({"content": "<p>a</p>\n\n*b*"}, markup=Markup.MARKDOWN).text == "a\n\nb"
    assert parse_line({"content": "*b*"}, markup=Markup.HTML).text == "*b*"
    assert parse_line({"text": "a\n*b*\n\nc"}, markup=Markup.MARKDOWN).text == "a b\n\nc"


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"link": "https://a.example/1"}, "https://a.example/1"),
        ({"url": "https://a.example/2", "link": "https://a.example/1"}, "https://a.example/2"),
        ({"id": "https://a.example/3", "external_url": ""}, "https://a.example/3"),
        ({"guid": {"rendered": "https://a.example/?p=4"}}, "https://a.example/?p=4"),
        ({"guid": "tag:4"}, None),
    ],
    ids=str,
)
def test_the_url_is_also_the_link(fields, url):
    assert parse_line(fields).url == url


def test_an_item_of_json_feed_needs_no_settings():
    post = parse_line({
        "id": "https://a.example/5", "url": "https://a.example/5", "date": None, "date_published": "2024-03-05T10:00:00+08:00",
        "authors": [{"name": "Ida Holm"}], "tags": ["sea"], "content_html": "<p>a</p>", "summary": "s",
    })  # fmt: skip
    assert (post.author, post.published_at.isoformat(), post.tags, json.loads(post.extra), post.format) == (
        "Ida Holm", "2024-03-05T02:00:00+00:00", ["sea"], {"id": "https://a.example/5", "summary": "s"}, "json_lines",
    )  # fmt: skip


def test_front_matter_in_json_is_still_that_in_files_of_other_names():
    content = json.dumps(FIELDS | {"content": "a"}).encode() + b"\nb"
    post, refused = (parse(RawFile("/blog", name, content, "0" * 40)) for name in ("a.md", "a.json"))
    assert (post.text, post.format) == ("b", "json")
    assert refused.reason == "front_matter_broken"


@pytest.mark.parametrize(
    ("content", "reason"), [(b"[1]", "front_matter_not_a_mapping"), (b'{"a": ' * 5000, "front_matter_broken")]
)
def test_what_is_no_object_is_rejected(content, reason):
    assert parse(RawFile("/a.jsonl", "1.json", content, "0" * 40)).reason == reason


@pytest.mark.parametrize(
    ("fields", "mapping", "expected"),
    [
        ({"headline": "a", "title": "b"}, {"title": "headline"}, {"title": "a"}),
        ({"crawled": {"at": "2021-02-03"}}, {"date": "crawled.at"}, {"date": "2021-02-03"}),
        ({"og.title": "a"}, {"title": "og.title"}, {"title": "a"}),
        ({"a.b": {"c.d": "a"}}, {"title": "a.b.c.d"}, {"title": "a"}),
        ({"by": [{"name": "Ida"}, {"name": "Per"}, 3]}, {"author": "by.name"}, {"author": "Ida, Per"}),
        ({"kw": ["sea", "fog"]}, {"tags": "kw"}, {"tags": ["sea", "fog"]}),
        ({"page": {"href": "https://a.example/9"}, "url": "https://b.example/x"}, {"url": "page.href"}, {"url": "https://a.example/9"}),
        ({"outlet": "旧刊", "source": "spider"}, {"source": "outlet"}, {"source": "旧刊"}),
        ({"story": "a\n\nb", "text": "no"}, {"text": "story"}, {"text": "a\n\nb"}),
        ({"data": {"html": "a<br>b"}, "content": "no"}, {"text": "data.html"}, {"text": "a\nb"}),
        ({"lead": "a", "text": "a"}, {"title": "text", "text": "text"}, {"title": "a", "text": ""}),
        ({"text": "b"}, {"title": "missing", "text": "missing"}, {"title": "Rain again", "text": ""}),
    ],
    ids=str,
)  # fmt: skip
def test_a_mapping_names_the_keys_of_fields(fields, mapping, expected):
    post = parse_line(fields, fields=tuple(mapping.items()))
    got = {name: str(post.date) if name == "date" else getattr(post, name) for name in expected}
    assert got == expected


def test_what_a_mapping_names_is_in_no_other_field():
    post = parse_line(
        {"data": {"html": "a", "n": 2}, "headline": "b"},
        fields=(("title", "headline"), ("text", "data.html")),
    )
    assert json.loads(post.extra) == {"id": 1, "data": {"n": 2}}


MOJIBAKE = "渡口的红绿灯照常亮着".encode().decode("latin-1")


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_mojibake_is_repaired_in_every_text_whether_it_is_escaped_or_not(ensure_ascii):
    fields = FIELDS | {"title": MOJIBAKE, "text": f"b{MOJIBAKE}\na", "tags": [MOJIBAKE], "n": 1}
    content = json.dumps(fields, ensure_ascii=ensure_ascii).encode()
    post = parse(RawFile("/a.jsonl", "1.json", content, "0" * 40))
    fixed = "渡口的红绿灯照常亮着"
    assert (post.title, post.text, post.tags, post.warnings.count("mojibake_repaired")) == (
        fixed,
        f"b{fixed}\n\na",
        [fixed],
        1,
    )


def test_a_lost_character_behind_an_escape_is_told():
    post = parse(RawFile("/a.jsonl", "1.json", json.dumps(FIELDS | {"text": "a\ufffdb"}).encode(), "0" * 40))
    assert (post.text, post.warnings) == ("a\ufffdb", ["characters_lost_before_this_file"])


def test_a_post_of_wordpress_has_its_date_in_utc_and_numbers_are_no_names():
    post = parse_line({
        "date": "2021-03-04T05:06:07", "date_gmt": "2021-03-04T10:06:07", "link": "https://a.example/rain", "author": 3,
        "title": {"rendered": "Rain &amp; fog&#8217;s end"}, "content": {"rendered": "<p>a</p>"}, "categories": [4, 7], "tags": [],
    })  # fmt: skip
    assert (post.title, post.published_at.isoformat(), post.author, post.source, post.categories, post.warnings) == (
        "Rain & fog’s end", "2021-03-04T10:06:07+00:00", None, "a.example", [], [],
    )  # fmt: skip
    assert json.loads(post.extra) == {
        "id": 1, "date_gmt": "2021-03-04T10:06:07", "link": "https://a.example/rain", "author_id": 3, "categories_id": [4, 7],
    }  # fmt: skip


@pytest.mark.parametrize("key", ["publish_time", "pubTime", "date_publish", "created_utc"])
def test_dates_of_crawlers_have_these_keys_too(key):
    assert str(parse_line({"date": None, key: "2021-03-04 10:00:00"}).date) == "2021-03-04"
