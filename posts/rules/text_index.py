"""Indexes of the rules about text, one for each scope, to find the rules that can match a text."""

from collections.abc import Callable

from posts.rules.calls_to_action import CALLS_TO_ACTION
from posts.rules.credits import CREDITS
from posts.rules.keyword_index import KeywordIndex
from posts.rules.rule import Rule, Scope
from posts.rules.wordings import TEXT_RULES

# a rule and the function that tests a text, see `Rule.text_test`
RuleTest = tuple[Rule, Callable[[str], object]]
# the order matters: the first rule that matches drops the text
ALL_TEXT_RULES = (*TEXT_RULES, CREDITS, *CALLS_TO_ACTION)
_TESTS: list[RuleTest] = [(rule, rule.text_test) for rule in ALL_TEXT_RULES]


def _index_of(scope: Scope) -> KeywordIndex[RuleTest]:
    return KeywordIndex([(test, test[0].keywords) for test in _TESTS if scope in test[0].scope])


EDGE_RULES = _index_of(Scope.EDGE)
INNER_RULES = _index_of(Scope.INNER)
PARAGRAPH_RULES = _index_of(Scope.PARAGRAPH)
SINGLE_TEXT_RULES = _index_of(Scope.SINGLE_TEXT)
