"""Which of many rules concern a text: all words that they need are looked up at once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick

T = TypeVar("T")
# more kinds of texts than an archive has, as told by which rules concern them
MOST_KINDS = 10_000


class Lookup(Generic[T]):
    """Rules in order, each with what it needs: for every list of words (lower case), one of them in the text."""

    def __init__(self, rules: Sequence[tuple[T, tuple[str, ...]]]) -> None:
        lists = list(dict.fromkeys(words for _, needs in rules for words in needs))
        bit_of = {words: 1 << number for number, words in enumerate(lists)}
        self._rules = [(rule, sum({bit_of[words] for words in needs})) for rule, needs in rules]
        bits = defaultdict[str, int](int)
        for words in lists:
            for word in words.split():
                bits[word] |= bit_of[words]
        self._bits = list(bits.values())
        self._matcher = AhoCorasick(list(bits))
        self._concerning = dict[int, list[T]]()

    def concerning(self, text: str) -> list[T]:
        """Return the rules that may say something of a text: those of which it holds all that they need."""
        held, bits = 0, self._bits
        for number, _, _ in self._matcher.find_matches_as_indexes(text.lower(), overlapping=True):
            held |= bits[number]
        known = self._concerning.get(held)
        return self._of_kind(held) if known is None else known

    def _of_kind(self, held: int) -> list[T]:
        if len(self._concerning) >= MOST_KINDS:
            self._concerning.clear()
        self._concerning[held] = [rule for rule, needed in self._rules if held & needed == needed]
        return self._concerning[held]
