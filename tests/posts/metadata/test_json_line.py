"""Lines of JSONL: which field is the body, in which markup, and which is the URL."""

import json

import pytest

from posts.formats import Markup
from posts.parse import parse
from posts.settings import ParseSettings
from posts.sources.files import RawFile

FIELDS = {"id": 1, "title": "Rain again", "date": "2024-03-05"}


def parse_line(fields, path="1.json", **settings):
    return parse(
        RawFile("/a.jsonl", path, json.dumps(FIELDS | fields).encode(), "0" * 40),
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
        ({}, ""),
    ],
    ids=str,
)
def test_the_body_is_the_first_field_that_has_one(fields, text):
    assert parse_line(fields).text == text


def test_the_markup_of_the_place_counts():
    assert parse_line({"content": "<p>a</p>\n\n*b*"}, markup=Markup.MARKDOWN).text == "a\n\nb"
    assert parse_line({"content": "*b*"}, markup=Markup.HTML).text == "*b*"


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
