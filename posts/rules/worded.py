"""Which rules of wording concern a text: all their triggers are looked up at once."""

import re
from collections.abc import Callable

from posts.rules.credits import CREDIT_TRIGGERS, is_credits_line
from posts.rules.keyword_index import KeywordIndex
from posts.rules.promotions import CALL_TO_ACTION_TRIGGERS, has_call_to_action
from posts.rules.wordings import TEXT_RULES

# the rules of wording that judge a text without line breaks as a whole
SINGLE_TEXT_RULE_NAMES = frozenset(
    {"tag_line", "photo_credit", "rights_notice", "syndication_notice", "dateline", "player_times"}
)
# name of a rule, and what tells whether a text is one of its own
RuleTest = tuple[str, Callable[[str], object]]


def _index_entry(name: str, triggers: str, matches: Callable[[str], object]) -> tuple[RuleTest, tuple[str]]:
    return (name, matches), (triggers,)


_TEXT_RULE_ENTRIES = [
    _index_entry(rule.name, rule.triggers, re.compile(rule.pattern, re.IGNORECASE | re.DOTALL).fullmatch)
    for rule in TEXT_RULES
]
_CREDIT_ENTRY = _index_entry("credit_line", CREDIT_TRIGGERS, is_credits_line)
_PROMOTION_ENTRY = _index_entry("promotion", CALL_TO_ACTION_TRIGGERS, has_call_to_action)
_INNER_ENTRIES = [
    rule for rule, wording in zip(_TEXT_RULE_ENTRIES, TEXT_RULES, strict=True) if not wording.is_edge_only
]
# of short lines near the beginning or end of a text, of others, of longer blocks, of texts without line breaks
EDGE_RULES = KeywordIndex([*_TEXT_RULE_ENTRIES, _CREDIT_ENTRY, _PROMOTION_ENTRY])
INNER_RULES = KeywordIndex([*_INNER_ENTRIES, _PROMOTION_ENTRY])
PARAGRAPH_RULES = KeywordIndex([_PROMOTION_ENTRY])
SINGLE_TEXT_RULES = KeywordIndex(
    [rule for rule in _TEXT_RULE_ENTRIES if rule[0][0] in SINGLE_TEXT_RULE_NAMES]
)
