"""Language and script of a text, told from its characters."""

import re

from zhon import cedict

# Enough characters to tell: a title and three sentences of Chinese, thirty words of English.
SAMPLE = 200
ADDRESS = re.compile(r"https?://[\x21-\x7e]+")
HANS = frozenset(cedict.simplified) - frozenset(cedict.traditional)
HANT = frozenset(cedict.traditional) - frozenset(cedict.simplified)
ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "is",
        "that",
        "for",
        "it",
        "with",
        "as",
        "was",
        "on",
        "be",
        "by",
        "this",
        "are",
        "from",
        "at",
        "have",
        "not",
    ]
)
ONLY_HANS, ONLY_HANT, HAN, KANA, HANGUL, LATIN, OTHER, NO_LETTER = "stakhlo."


class Kinds(dict[int, str]):
    """Code point -> kind of letter, for `str.translate`; filled as characters are met."""

    def __missing__(self, point: int) -> str:
        self[point] = kind = _kind(chr(point))
        return kind


KINDS = Kinds()


def language_of(text: str) -> tuple[str, str | None]:
    """Give language (zh, ja, ko, en, und, none) and, for Chinese, the script (Hans, Hant or None).

    `none` is a text without letters, `und` one in a language that is not told apart.
    """
    sample = _sample(text)
    kinds = sample.translate(KINDS)
    hans, hant, kana, hangul = map(kinds.count, (ONLY_HANS, ONLY_HANT, KANA, HANGUL))
    latin, other = kinds.count(LATIN), kinds.count(OTHER)
    cjk = hans + hant + kinds.count(HAN) + kana + hangul
    if not cjk + latin + other:
        return "none", None
    # one Han character says as much as a Latin word of three letters
    if cjk * 3 < latin + other:
        return ("und" if other > latin else _latin(sample)), None
    if kana * 5 > cjk:
        return "ja", None
    if hangul * 2 > cjk:
        return "ko", None
    return "zh", None if hans == hant else "Hans" if hans > hant else "Hant"


def _kind(char: str) -> str:
    if not char.isalpha():
        return NO_LETTER
    if char < "\u0250":
        return LATIN
    if "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or "\U00020000" <= char <= "\U000323af":
        return ONLY_HANS if char in HANS else ONLY_HANT if char in HANT else HAN
    if "\u3041" <= char <= "\u30fa":
        return KANA
    return HANGUL if "\uac00" <= char <= "\ud7a3" else OTHER


def _sample(text: str) -> str:
    """Take the beginning, addresses left out: their letters are nobody's language."""
    if "://" not in text[: 2 * SAMPLE]:
        return text[:SAMPLE]
    return ADDRESS.sub(" ", text[: 2 * SAMPLE])[:SAMPLE]


def _latin(sample: str) -> str:
    words = sample.lower().split()
    return "en" if sum(word in ENGLISH for word in words) * 12 >= len(words) else "und"
