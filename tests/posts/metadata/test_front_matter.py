"""Front matter of people: spelled values, broken lines, drafts, names of sites."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.metadata.scalars import Literal, as_boolean, literal_value
from posts.metadata.site_name import without_site_name
from posts.metadata.yaml_text import repair, unquote
from posts.parse import parse, parse_head
from posts.post import Head, NotAPost
from posts.settings import ParseSettings
from posts.sources.files import RawFile
from schemas.enums import Outcome, Reason
from schemas.keys import blob_id

DATE = "date: 2024-03-05\n"


def raw(text, path="a.md"):
    return RawFile("/blog", path, text.encode(), blob_id(text.encode()))


def head(front_matter, path="a.md", settings=None):
    return parse_head(raw(f"---\n{front_matter}---\nText.\n", path), settings or ParseSettings())


@pytest.mark.parametrize(
    "title",
    [
        "12:30", "20:20", "007", "010", "0x10", "1_000", "1e3", "yes", "NO", "2021-09-01", "1.10", "+86", "3:25:45",
        "2021-09-01 08:00:00", "0b11", ".5", "1984", "1:1", "=", "<<", "6:5.5", "true", "False", ".inf", "1e999", "-0", "9" * 400,
    ],
)  # fmt: skip
def test_a_title_is_text_as_it_is_spelled(title):
    assert head(f"title: {title}\n{DATE}").title == title


@pytest.mark.parametrize("dialect", ["yaml", "toml", "json"])
def test_numbers_of_extra_are_numbers_where_nothing_is_lost(dialect):
    text = {
        "yaml": "---\ntitle: a\ndate: 2024-03-05\na: 3\nb: 1.5\nc: 1.10\nd: true\ne: '3'\n---\n",
        "toml": '+++\ntitle = "a"\ndate = 2024-03-05\na = 3\nb = 1.5\nc = 1.10\nd = true\ne = "3"\n+++\n',
        "json": '{"title": "a", "date": "2024-03-05", "a": 3, "b": 1.5, "c": 1.10, "d": true, "e": "3"}\n',
    }[dialect]
    assert json.loads(parse_head(raw(text)).extra) == {"a": 3, "b": 1.5, "c": "1.10", "d": True, "e": "3"}


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,5})?", fullmatch=True))
def test_a_number_is_stored_as_one_only_if_json_writes_it_in_the_same_way(text):
    assert json.dumps(literal_value(Literal(text))).strip('"') == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("Yes", True), ("OFF", False), ("no", False), ("n", None), ("", None), (None, None)],
)
def test_words_of_yes_and_no_are_booleans(text, expected):
    assert as_boolean(text) is expected


@pytest.mark.parametrize("toml_date", ["2024-03-05", "2024-03-05T08:00:00Z", "2024-03-05 08:00:00.5+08:00"])
def test_a_date_of_toml_is_recorded_as_it_is_spelled(toml_date):
    post = parse_head(
        raw(f'+++\ntext = """\ndate = 2020-01-01\n"""\ntitle = "a"\ndate = {toml_date} # day\n+++\n')
    )
    assert (post.published_raw, json.loads(post.extra)) == (toml_date, {"text": "date = 2020-01-01\n"})


@pytest.mark.parametrize(
    ("front_matter", "path"),
    [
        ("draft: true\n", "a.md"),
        ("Draft: yes\n", "a.md"),
        ("published: false\n", "a.md"),
        ("publish: false\n", "a.md"),
        ("status: Draft\n", "a.md"),
        ("", "_drafts/a.md"),
        ("", "blog/_drafts/2024/a.md"),
    ],
)
def test_a_draft_is_ignored_unless_the_settings_keep_drafts(front_matter, path):
    front_matter = f"title: a\n{DATE}{front_matter}"
    assert head(front_matter, path) == NotAPost(Outcome.IGNORED, Reason.DRAFT)
    assert isinstance(head(front_matter, path, ParseSettings(keep_drafts=True)), Head)


@pytest.mark.parametrize(
    ("front_matter", "path"),
    [
        ("draft: false\n", "a.md"),
        ("published: true\n", "a.md"),
        ("published: 2024-03-05\n", "a.md"),
        ("status: published\n", "a.md"),
        ("", "my_drafts/a.md"),
        ("", "a_drafts.md"),
    ],
)
def test_what_is_no_draft_is_a_post(front_matter, path):
    assert isinstance(head(f"title: a\n{DATE}{front_matter}", path), Head)


def test_a_section_page_with_a_date_is_a_post():
    assert isinstance(head(f"title: a\n{DATE}", "essays/_index.md"), Head)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"Foo" bar', '"Foo" bar'),
        ('"Foo" and "bar"', '"Foo" and "bar"'),
        ('"He said "soon""', 'He said "soon"'),
        ("'It's late'", "It's late"),
        ('"open', "open"),
        ('"a \\"b\\" c"', 'a "b" c'),
        ("plain", "plain"),
        ('"', ""),
        ("", ""),
    ],
)
def test_quotes_around_all_of_a_value_are_removed(value, expected):
    assert unquote(value) == expected


@pytest.mark.parametrize(
    ("front_matter", "expected"),
    [
        ("a:b", "a: b"),
        ("a：b", "a: b"),
        ("a: b\n c: d", "a: b\nc: d"),
        ("a:\n c:d", "a: \n  c: d"),
        ("\ta: b\n\tc: d", "a: b\nc: d"),
        ("a: |\n  b:c\nd:e", "a: |\n  b:c\nd: e"),
        ("a: b\n  https://c.example", "a: b\n  https://c.example"),
        ("- a:b", "- a:b"),
    ],
)
def test_lines_of_keys_are_repaired(front_matter, expected):
    assert repair(front_matter) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Rain - Harbour Post", "Rain"),
        ("Rain | harbour post", "Rain"),
        ("雨_Harbour Post", "雨"),
        ("Rain – Radio Harbour International - RHI", "Rain"),
        ("Rain - Fog - RHI", "Rain - Fog"),
        ("Rain-Harbour Post", "Rain-Harbour Post"),
        ("Rain - Interview", "Rain - Interview"),
        ("Harbour Post - Rain", "Harbour Post - Rain"),
        ("Harbour Post", "Harbour Post"),
        (" - RHI", " - RHI"),
    ],
)
def test_the_name_of_the_site_behind_a_title_is_removed(title, expected):
    assert without_site_name(title, ["Harbour Post", None], "https://www.rhi.example/rain") == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("—\ntitle: a\n—\n", Reason.MALFORMED_FENCE),
        ("－－－\ntitle: a\n－－－\n", Reason.MALFORMED_FENCE),
        ("- - -\ntitle: a\n- - -\n", Reason.MALFORMED_FENCE),
        ("Date: 2024-03-05\n\nThe ferry.\n", Reason.MALFORMED_FENCE),
        ("```\ntitle: a\n```\n", Reason.MALFORMED_FENCE),
        ("---\ntitle: a\ndate: 2024-03-05\n", Reason.FENCE_NOT_CLOSED),
        (';;;\n"title": "a"\n', Reason.FENCE_NOT_CLOSED),
        ("+++\ntitle = 'a'\n", Reason.FENCE_NOT_CLOSED),
        (';;;\n"title": "a" "date"\n;;;\n', Reason.BROKEN_FRONT_MATTER),
        ("# A heading\n\nThe ferry.\n", Reason.NO_FRONT_MATTER),
        ("# A heading\ntitle: a\n", Reason.NO_FRONT_MATTER),
        ('"The ferry": a story\n', Reason.NO_FRONT_MATTER),
        ("Note: the ferry\n---\n\nText.\n", Reason.NO_FRONT_MATTER),
        ("<!-- a comment -->\n\nThe ferry.\n", Reason.NO_FRONT_MATTER),
        ("* a list\n* of things\n", Reason.NO_FRONT_MATTER),
        ("------\n\nThe ferry.\n", Reason.NO_FRONT_MATTER),
    ],
)  # fmt: skip
def test_what_is_nearly_front_matter_is_rejected_and_other_text_ignored(text, reason):
    assert parse(raw(text)).reason == reason
