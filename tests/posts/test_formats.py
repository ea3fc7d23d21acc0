"""Every file format has a golden case and a handler."""

import json

import pytest

from paths import GOLDEN
from posts.formats import (
    ENDINGS,
    FORMATS,
    FRONT_MATTER_FORMATS,
    GENERATORS,
    Markup,
    markup_of,
    without_ending,
)
from posts.metadata.dialects import HANDLERS
from posts.metadata.front_matter import load, split
from posts.parse import parse
from posts.sources.files import RawFile, is_post
from schemas.enums import Dialect

CASES = sorted(path for path in GOLDEN.rglob("*.*") if path.suffix != ".json")


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_has_a_golden_case(ending):
    assert [case for case in CASES if case.name.endswith(ending)] != []


EXAMPLES = [(each.dialect, example) for each in FRONT_MATTER_FORMATS for example in each.examples]
WITH_FIELDS = [
    (dialect, example) for dialect, example in EXAMPLES if dialect not in (Dialect.FEED, Dialect.JSON_LINES)
]


@pytest.mark.parametrize(
    ("dialect", "example"), EXAMPLES, ids=[example.split("\n")[0] or dialect for dialect, example in EXAMPLES]
)
def test_the_example_of_each_dialect_is_a_post_of_it(dialect, example):
    name = "a.json" if dialect is Dialect.JSON_LINES else "a.md"
    post = parse(RawFile("/blog", name, example.encode(), "0" * 40))
    assert (post.title, str(post.date), post.text, post.format) == (
        "Rain again",
        "2024-03-05",
        "Text.",
        dialect,
    )


def test_each_dialect_has_a_handler_a_row_and_a_golden_case():
    golden = {
        json.loads(case.read_text("utf-8")).get("format") for case in (GOLDEN / "dialects").glob("*.json")
    }
    handled = {handler.dialect for handler in HANDLERS} | {Dialect.JSON_LINES}
    assert handled == {each.dialect for each in FRONT_MATTER_FORMATS} == golden
    assert golden == set(Dialect)


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: generator.name)
def test_each_program_has_a_golden_case(generator):
    assert list((GOLDEN / "dialects").glob(f"{generator.name.lower()}*.*")) != []


@pytest.mark.parametrize(("dialect", "example"), WITH_FIELDS)
def test_each_dialect_is_found_behind_a_comment_and_marks(dialect, example):
    handler, front_matter, _ = split(f"\ufeff\n<!-- exported -->\n\u200b{example}")
    fields, warnings = load(handler, front_matter)
    assert (fields, warnings) == ({"title": "Rain again", "date": "2024-03-05"}, [])


@pytest.mark.parametrize("ending", [each for form in FORMATS for each in form.endings])
def test_a_name_of_a_format_is_a_post_in_any_case(ending):
    name = f"a{ending.upper()}"
    assert (is_post(name.encode()), without_ending(name)) == (True, "a")


def test_the_ending_tells_the_markup():
    names = ["a.md", "a.MARKDOWN", "a.html", "a.html.md", "a.txt"]
    assert [markup_of(name) for name in names] == [Markup.MARKDOWN] * 2 + [Markup.HTML] + [
        Markup.MARKDOWN
    ] * 2
