"""What each rule cuts from a post is counted: `explain` shows the same cuts, and they add up to the boilerplate."""

from collections import defaultdict
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paths import EXAMPLES, GOLDEN
from posts.cleaning.flat import clean_flat_text
from posts.explain import explain
from posts.parse import parse
from posts.post import NotAPost, Post
from posts.sources.files import RawFile
from schemas.enums import HtmlParser
from schemas.keys import blob_id

CASES = sorted(
    path for folder in (GOLDEN, EXAMPLES) for path in folder.rglob("*.*") if path.suffix != ".json"
)
FLAT_PIECES = st.sampled_from(
    ["灯塔亮了，船回来了。", "网站：", "https://a.b/c", "#海", " ", "\u3000", "----", "请订阅本频道。", "a."]
)


def explained(case):
    content = case.read_bytes()
    return explain(RawFile("/", case.name, content, blob_id(content)), HtmlParser.LEXBOR)


def cuts_of(passages):
    lengths = defaultdict(list)
    for passage in passages:
        if passage.rule is not None:
            lengths[passage.rule].append(len(passage.text))
    return [
        {"rule": rule, "count": len(chars), "chars": sum(chars)} for rule, chars in sorted(lengths.items())
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_cuts_of_a_post_are_those_that_explain_shows(case):
    explanation = explained(case)
    if not isinstance(explanation, NotAPost):
        assert explanation.post.cuts == cuts_of(explanation.passages)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cuts_add_up_to_the_boilerplate(case):
    content = case.read_bytes()
    post = parse(RawFile("/", case.name, content, blob_id(content)))
    if isinstance(post, Post):
        assert sum(cut["chars"] for cut in post.cuts) == post.boilerplate_chars


def test_explain_totals_the_cuts_with_the_most_characters_first():
    explanation = explained(GOLDEN / "cuts.md")
    totals = [asdict(total) for total in explanation.rule_totals]
    assert [(total["rule"], total["blocks"], total["characters"]) for total in totals] == [
        ("site_chrome_element", 3, 8),
        ("share_element", 1, 5),
    ]


@settings(deadline=None)
@given(st.lists(FLAT_PIECES, min_size=1, max_size=12).map("".join))
def test_white_space_is_no_cut_of_its_own(text):
    passages = clean_flat_text(text.strip() or "灯", "")
    assert "".join(passage for passage, _ in passages) == (text.strip() or "灯")
    assert [passage for passage, _ in passages[1:] if passage.isspace()] == []
