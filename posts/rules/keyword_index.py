"""Find the rules that can match a text: the keywords of all rules are looked up in one pass."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick, Implementation

T = TypeVar("T")
# an archive has fewer combinations of keyword lists than this
MAX_CACHED_MASKS = 10_000


class KeywordIndex(Generic[T]):
    """An index of rules in order, each with lists of lower-case words.

    A rule can match a text only if the text contains one word of each of its lists.
    """

    def __init__(self, rules: Sequence[tuple[T, tuple[str, ...]]]) -> None:
        lists = list(dict.fromkeys(words for _, requirements in rules for words in requirements))
        bit_of = {words: 1 << index for index, words in enumerate(lists)}
        self._rules = [(rule, sum({bit_of[words] for words in needs})) for rule, needs in rules]
        mask_of_word = defaultdict[str, int](int)
        for words in lists:
            for word in words.split():
                mask_of_word[word] |= bit_of[words]
        self._mask_of_word = dict(mask_of_word)
        # a DFA takes up to 3 MB, and half of the time of an NFA
        self._matcher = AhoCorasick(list(mask_of_word), implementation=Implementation.DFA)
        self._candidates_by_mask: dict[int, list[T]] = {}

    def candidates(self, text: str) -> list[T]:
        """Return the rules that can match a text: it contains one word of each of their lists."""
        mask, mask_of_word = 0, self._mask_of_word
        for word in self._matcher.find_matches_as_strings(text.lower(), overlapping=True):
            mask |= mask_of_word[word]
        cached = self._candidates_by_mask.get(mask)
        return self._cache_candidates(mask) if cached is None else cached

    def _cache_candidates(self, mask: int) -> list[T]:
        if len(self._candidates_by_mask) >= MAX_CACHED_MASKS:
            self._candidates_by_mask.clear()
        self._candidates_by_mask[mask] = [
            rule for rule, required_mask in self._rules if mask & required_mask == required_mask
        ]
        return self._candidates_by_mask[mask]
