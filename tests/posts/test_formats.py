"""Every file format has a golden case and a handler."""

import pytest

from paths import GOLDEN
from posts.formats import ENDINGS, FORMATS, FRONT_MATTER_FORMATS, Markup, markup_of, without_ending
from posts.metadata.dialects import HANDLERS
from posts.metadata.front_matter import split
from posts.sources.files import is_post

CASES = sorted(path for path in GOLDEN.rglob("*.*") if path.suffix != ".json")


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_has_a_golden_case(ending):
    assert [case for case in CASES if case.name.endswith(ending)] != []


@pytest.mark.parametrize("dialect", [each.dialect for each in FRONT_MATTER_FORMATS])
def test_every_dialect_has_a_handler_and_a_golden_case(dialect):
    opening = next(each.opening for each in FRONT_MATTER_FORMATS if each.dialect == dialect)
    assert HANDLERS[dialect].detect(f'{opening}\n"a": "b"}}\n')
    assert [case for case in CASES if case.read_bytes().lstrip().startswith(opening.encode())] != []


def test_each_dialect_is_detected_by_its_own_handler_alone():
    texts = {"yaml": "---\na: b\n---\nc", "toml": "+++\na = 1\n+++\nc", "json": '{"a": 1}\nc'}
    assert {dialect: split(text)[0] for dialect, text in texts.items()} == {each: each for each in texts}


@pytest.mark.parametrize("ending", [each for form in FORMATS for each in form.endings])
def test_a_name_of_a_format_is_a_post_in_any_case(ending):
    name = f"a{ending.upper()}"
    assert (is_post(name.encode()), without_ending(name)) == (True, "a")


def test_the_ending_tells_the_markup():
    names = ["a.md", "a.MARKDOWN", "a.html", "a.html.md", "a.txt"]
    assert [markup_of(name) for name in names] == [Markup.MARKDOWN] * 2 + [Markup.HTML] + [
        Markup.MARKDOWN
    ] * 2
