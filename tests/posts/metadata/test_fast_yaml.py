"""The fast YAML parser gives the same values as the loader of YAML, or leaves the text to it."""

import pytest
import yaml
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from posts.metadata.fast_yaml import load_simple
from posts.metadata.scalars import Literal
from posts.metadata.yaml_text import TextLoader
from tiers import examples

KEYS = st.sampled_from(["title", "date", "y", "_", "a1", "Title"])
ODD_KEYS = st.sampled_from(
    ["on", "yes", "No", "null", "NULL", "True", "1a", "塔", "<<", "a-b", "~", "", " a", "a "]
)
EDGES = [
    *["a", "塔 ab", "a b c", '"a: b # c"', "[ a b ]", "http://a/b", "true", "False", "TRUE", "yes", "On", "null", "Null", "~", "12", "0x1F", "1_000", "1e3", ".inf", "NaN", "1:30", "="],
    *["2024-03-05", "2024-03-05T01:20:00Z", "2024-03-05T01:20:00.5+08:00", "2024-03-05T24:00:00Z", "0000-01-01T00:00:00Z"],
    *["2024-03-05T01:20:60Z", "2024-03-05T01:20:00-00:00", "2024-03-05T01:20:00+25:00", "2024-13-05T01:20:00Z"],
    *["https://lamp.example/a?b=c#d", "http://lamp.example:80/", "https://a:", "[ a ]", "[ a, b ]", "[ true ]", "[ null ]"],
    *["[ a? ]", "[ a ? ]", "[ a - b ]", "[ a", "[a]", "[ ]", "{a: b}", '"q"', '"a\\n"', '""', "'q'", "|", ">", "- a", "? a", "!!str a"],
    *["&a b", "*a", "%a", "@a", "`a", "a: b", "a:", "a :b", "a #b", "a#b", "---", "...", "e1", "O'Hara", 'say "x"', "a, b"],
]  # fmt: skip
ODD = "\x00\x07\t\x1f\x7f\x85\x9f\xa0\xad\u200b\u2028\u2029\u3000\ufeff\ufffd\ufffe\uffff\ud800\U0001f6a2\U0010ffff塔éªʰ²Ⅷ"
CHARS = st.sampled_from(ODD + "aZ09 :#'\"[]{},&*!|>%@`\\-?=~_./")
# characters that can stand inside a value: most of these lines are read by the fast parser
INNER = st.lists(
    st.sampled_from(
        [*"aZ09塔é -?=~_./'&*!|>%@,[]{}`ʰⅧ", " - ", " ? ", "\u200b", "\u3000", "\ufffd", "\U0001f6a2"]
    ),
    max_size=6,
)
FORMS = st.sampled_from(["{}", "a{}b", "a{}", '"{}"', "[ {} ]", "[ a{}b ]", "https://{}", "https://a{}b"])
VALUES = st.one_of(
    st.sampled_from(EDGES),
    st.tuples(FORMS, INNER.map("".join)).map(lambda pair: pair[0].replace("{}", pair[1])),
    st.tuples(FORMS, st.text(CHARS, max_size=6)).map(lambda pair: pair[0].replace("{}", pair[1])),
)
ENDS = st.sampled_from([""] * 9 + [" ", "\t", " # note", "\u3000"])
PLAIN_LINES = st.tuples(KEYS, st.just(": "), VALUES).map("".join)
ODD_LINES = st.tuples(
    KEYS | ODD_KEYS | st.text(CHARS, max_size=4), st.sampled_from([": ", ":", ":  ", " : "]), VALUES, ENDS
).map("".join)
LINES = st.lists(PLAIN_LINES, min_size=1, max_size=2) | st.lists(PLAIN_LINES | ODD_LINES, max_size=3)


@settings(max_examples=examples(200, 1500))
@given(LINES.map("\n".join), st.sampled_from(["", "\n", "\n\n"]))
@example("a: [ b? ]", "\n")
@example("a: b\na: c", "\n")
@example("a" * 1025 + ": b", "\n")
def test_what_is_read_is_what_yaml_reads(lines, end):
    fields = load_simple(lines + end)
    event("read" if fields else "left to YAML")
    if fields is not None:
        assert with_types(fields) == with_types(yaml.load(lines + end, Loader=TextLoader))


def with_types(fields):
    """Return the fields with types, so that the number 1 differs from the text."""
    return [(key, type(value), value, [type(each) for each in value]) for key, value in fields.items()]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('title: "修船人的早晨"', "修船人的早晨"),
        ("date: 2024-03-05T01:20:00.000Z", "2024-03-05T01:20:00.000Z"),
        ("from: https://lamp.example/a?b=c", "https://lamp.example/a?b=c"),
        ("tags: [ 潮汐日报 ]", ["潮汐日报"]),
        ("comments: True", Literal("True")),
        ("date: 2024-03-05 08:00:00 +0800", "2024-03-05 08:00:00 +0800"),
        ("author: Ida Holm", "Ida Holm"),
    ],
    ids=["quoted", "time", "url", "only", "boolean", "time with spaces", "word"],
)
def test_the_five_forms_and_booleans_are_read(line, value):
    fields = load_simple(f"{line}\n")
    assert with_types(fields) == with_types({line.partition(":")[0]: value})
