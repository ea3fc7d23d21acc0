"""Language and script of a text, told from its characters."""

from collections import Counter

from zhon import cedict

# Enough characters to tell: one paragraph of Chinese, two of English.
SAMPLE = 800
HANS = frozenset(cedict.simplified) - frozenset(cedict.traditional)
HANT = frozenset(cedict.traditional) - frozenset(cedict.simplified)
ENGLISH = frozenset("the of and to in is that for it with as was on be by this are from at have not".split())
HAN, KANA, HANGUL, LATIN, OTHER = "han", "kana", "hangul", "latin", "other"


def language_of(text: str) -> tuple[str, str | None]:
    """Give language (zh, ja, ko, en, und, none) and, for Chinese, the script (Hans, Hant or None).

    `none` is a text without letters, `und` one in a language that is not told apart.
    """
    characters = Counter(text[:SAMPLE])
    kinds = Counter[str]()
    for char, times in characters.items():
        kind = _kind(char)
        if kind:
            kinds[kind] += times
    if not kinds:
        return "none", None
    cjk = kinds[HAN] + kinds[KANA] + kinds[HANGUL]
    # one Han character says as much as a Latin word of three letters
    if cjk * 3 < kinds[LATIN] + kinds[OTHER]:
        return _latin(text, kinds), None
    if kinds[KANA] * 5 > cjk:
        return "ja", None
    if kinds[HANGUL] * 2 > cjk:
        return "ko", None
    return "zh", _script(characters)


def _kind(char: str) -> str | None:
    if char < "\u0250":
        return LATIN if char.isalpha() else None
    if "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or "\U00020000" <= char <= "\U000323af":
        return HAN
    if "\u3041" <= char <= "\u30fa":
        return KANA
    if "\uac00" <= char <= "\ud7a3":
        return HANGUL
    return OTHER if char.isalpha() else None


def _latin(text: str, kinds: Counter[str]) -> str:
    if kinds[OTHER] > kinds[LATIN]:
        return "und"
    words = text[:SAMPLE].lower().split()
    return "en" if sum(word in ENGLISH for word in words) * 12 >= len(words) else "und"


def _script(characters: Counter[str]) -> str | None:
    hans = sum(times for char, times in characters.items() if char in HANS)
    hant = sum(times for char, times in characters.items() if char in HANT)
    if hans == hant:
        return None
    return "Hans" if hans > hant else "Hant"
