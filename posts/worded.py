"""Which rules of wording concern a text: all their triggers are looked up at once."""

import re
from collections import defaultdict
from collections.abc import Callable

from ahocorasick_rs import AhoCorasick

from posts.credits import CREDIT_TRIGGERS, credits_line
from posts.pleas import PLEA, PLEA_TRIGGERS
from posts.wordings import WORDINGS

# the rules of wording that judge a text without line breaks as a whole
WHOLE = frozenset(
    {"tag_line", "photo_credit", "rights_notice", "syndication_notice", "dateline", "player_times"}
)
# name of a rule, and what tells whether a text is one of its own
Test = tuple[str, Callable[[str], object]]


class Lookup:
    """Rules that are looked up together, in order."""

    def __init__(self, rules: list[tuple[str, str, Callable[[str], object]]]) -> None:
        self._tests = [(name, test) for name, _, test in rules]
        self._concerning = dict[int, list[Test]]()
        bits = defaultdict[str, int](int)
        for number, (_, triggers, _) in enumerate(rules):
            for trigger in triggers.split():
                bits[trigger] |= 1 << number
        self._bits = list(bits.values())
        self._matcher = AhoCorasick(list(bits))

    def concerning(self, text: str) -> list[Test]:
        """Give the rules that may leave a text out: those of which it holds a trigger."""
        bits, of = 0, self._bits
        for number, _, _ in self._matcher.find_matches_as_indexes(text.lower(), overlapping=True):
            bits |= of[number]
        if bits not in self._concerning:
            self._concerning[bits] = [test for number, test in enumerate(self._tests) if bits >> number & 1]
        return self._concerning[bits]


_WORDINGS = [
    (rule.name, rule.triggers, re.compile(rule.pattern, re.IGNORECASE | re.DOTALL).fullmatch)
    for rule in WORDINGS
]
_CREDITS = ("credit_line", CREDIT_TRIGGERS, credits_line)
_PROMOTION = ("promotion", PLEA_TRIGGERS, PLEA.search)
_ANYWHERE = [rule for rule, wording in zip(_WORDINGS, WORDINGS, strict=True) if not wording.at_edges]
# of short lines near the beginning or end of a text, of others, of longer blocks, of texts without line breaks
AT_EDGES = Lookup([*_WORDINGS, _CREDITS, _PROMOTION])
AMID = Lookup([*_ANYWHERE, _PROMOTION])
OF_PARAGRAPHS = Lookup([_PROMOTION])
OF_WHOLE_TEXTS = Lookup([rule for rule in _WORDINGS if rule[0] in WHOLE])
