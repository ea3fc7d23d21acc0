"""Every text that the pattern of a rule matches contains a keyword of the rule; otherwise the rule would not be applied."""

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from keyword_proof import find_matches_without
from posts.rules.calls_to_action import CALLS_TO_ACTION
from posts.rules.credits import CREDIT, CREDITS, REVERSED_CREDIT
from posts.rules.text_index import ALL_TEXT_RULES
from posts.rules.wordings import TEXT_RULES

# Words that the patterns match but that are not keywords, so the rule is not applied. To apply it, add a word to the
# keywords of the rule; this changes texts, and needs a new CLEANER_VERSION.
MISSING_KEYWORDS = {
    "photo_credit": "封面 associated imagine",
    "rights_notice": "原创 独家 独立观点 异议 使用本網站",
    "picture_of_a_code": "小程序码",
    "widget_words": "post embed copied 人关注",
}
CASES = [(rule, words) for rule in ALL_TEXT_RULES if rule.pattern for words in rule.keywords]


@pytest.mark.parametrize(("rule", "words"), CASES, ids=[f"{rule.name} {words[:12]}" for rule, words in CASES])
def test_all_that_a_pattern_matches_holds_a_keyword(rule, words):
    assert find_matches_without(rule.pattern, f"{words} {MISSING_KEYWORDS.get(rule.name, '')}") == []


@pytest.mark.parametrize("name", MISSING_KEYWORDS)
def test_what_is_known_to_be_unread_is_so(name):
    rule = next(rule for rule in TEXT_RULES if rule.name == name)
    for missing in MISSING_KEYWORDS[name].split():
        others = MISSING_KEYWORDS[name].replace(missing, "")
        assert find_matches_without(rule.pattern, f"{rule.keywords[0]} {others}") != []


@pytest.mark.parametrize("pattern", [CREDIT, REVERSED_CREDIT], ids=["label", "name first"])
def test_a_line_of_credits_holds_a_separator(pattern):
    assert find_matches_without(pattern.pattern, CREDITS.keywords[0]) == []


@pytest.mark.parametrize("rule", ALL_TEXT_RULES, ids=lambda rule: rule.name)
def test_a_rule_of_text_has_keywords_in_lower_case(rule):
    assert rule.keywords
    assert [words for words in rule.keywords if not words.split() or words != words.lower()] == []


@pytest.mark.parametrize(
    ("pattern", "keywords", "missed"),
    [
        ("read|see more", "read", ["see more"]),
        ("(?:read|see) more", "more", []),
        ("re[ae]d", "read", ["reed"]),
        ("a{2,3}b?", "aa", []),
        ("a{1,3}b?", "aa", ["a", "ab"]),
        (".{0,9}(?:read|see)", "read see", []),
        ("read.more", "readmore", ["read?more"]),
        (r"\d\d", "0 1 2 3 4 5 6 7 8 9", []),
        ("(?=.*more).*", "more", []),
        ("(?!more).", "more", ["?"]),
        ("(?:ab)*+c", "ab", ["c"]),
    ],
)
def test_a_proof_finds_what_is_matched_without_a_keyword(pattern, keywords, missed):
    assert find_matches_without(pattern, keywords) == missed


def _is_simple(pattern):
    """Return whether a pattern has no lookaround and no possessive quantifier, for which hypothesis finds no texts."""
    return "(?=" not in pattern and "(?<" not in pattern and "++" not in pattern and "*+" not in pattern


@pytest.mark.parametrize(
    "rule", [rule for rule in (*TEXT_RULES, *CALLS_TO_ACTION) if _is_simple(rule.pattern)]
)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_made_up_matches_hold_a_keyword(rule, data):
    text = data.draw(st.from_regex(re.compile(rule.pattern, re.ASCII), fullmatch=True))
    assume(rule.text_test(text))
    missing = MISSING_KEYWORDS.get(rule.name, "").split()
    for words in rule.keywords:
        assert any(word in text.lower() for word in (*words.split(), *missing))
