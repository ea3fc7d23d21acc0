"""Which rules of wording concern a text: all their triggers are looked up at once."""

import re
from collections.abc import Callable

from posts.rules.credits import CREDIT_TRIGGERS, credits_line
from posts.rules.keyword_index import Lookup
from posts.rules.promotions import PLEA_TRIGGERS, asks
from posts.rules.wordings import WORDINGS

# the rules of wording that judge a text without line breaks as a whole
WHOLE = frozenset(
    {"tag_line", "photo_credit", "rights_notice", "syndication_notice", "dateline", "player_times"}
)
# name of a rule, and what tells whether a text is one of its own
Test = tuple[str, Callable[[str], object]]


def _rule(name: str, triggers: str, is_one: Callable[[str], object]) -> tuple[Test, tuple[str]]:
    return (name, is_one), (triggers,)


_WORDINGS = [
    _rule(rule.name, rule.triggers, re.compile(rule.pattern, re.IGNORECASE | re.DOTALL).fullmatch)
    for rule in WORDINGS
]
_CREDITS = _rule("credit_line", CREDIT_TRIGGERS, credits_line)
_PROMOTION = _rule("promotion", PLEA_TRIGGERS, asks)
_ANYWHERE = [rule for rule, wording in zip(_WORDINGS, WORDINGS, strict=True) if not wording.at_edges]
# of short lines near the beginning or end of a text, of others, of longer blocks, of texts without line breaks
AT_EDGES = Lookup([*_WORDINGS, _CREDITS, _PROMOTION])
AMID = Lookup([*_ANYWHERE, _PROMOTION])
OF_PARAGRAPHS = Lookup([_PROMOTION])
OF_WHOLE_TEXTS = Lookup([rule for rule in _WORDINGS if rule[0][0] in WHOLE])
