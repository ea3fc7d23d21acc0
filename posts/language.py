"""Language and script of a text, told from its characters."""

from collections import Counter

from zhon import cedict

# Enough characters to tell: one paragraph of Chinese, two of English.
SAMPLE = 500
HANS = frozenset(cedict.simplified) - frozenset(cedict.traditional)
HANT = frozenset(cedict.traditional) - frozenset(cedict.simplified)
ENGLISH = frozenset("the of and to in is that for it with as was on be by this are from at have not".split())
HAN, KANA, HANGUL, LATIN, OTHER = "han", "kana", "hangul", "latin", "other"


class Kinds(dict[str, str | None]):
    """Character -> kind of letter, None for what is no letter; filled as characters are met."""

    def __missing__(self, char: str) -> str | None:
        self[char] = kind = _kind(char)
        return kind


KINDS = Kinds()


def language_of(text: str) -> tuple[str, str | None]:
    """Give language (zh, ja, ko, en, und, none) and, for Chinese, the script (Hans, Hant or None).

    `none` is a text without letters, `und` one in a language that is not told apart.
    """
    kinds = dict.fromkeys((HAN, "Hans", "Hant", KANA, HANGUL, LATIN, OTHER, None), 0)
    for char, times in Counter(text[:SAMPLE]).items():
        kinds[KINDS[char]] += times
    han = kinds[HAN] + kinds["Hans"] + kinds["Hant"]
    cjk = han + kinds[KANA] + kinds[HANGUL]
    if not cjk + kinds[LATIN] + kinds[OTHER]:
        return "none", None
    # one Han character says as much as a Latin word of three letters
    if cjk * 3 < kinds[LATIN] + kinds[OTHER]:
        return ("und" if kinds[OTHER] > kinds[LATIN] else _latin(text)), None
    if kinds[KANA] * 5 > cjk:
        return "ja", None
    if kinds[HANGUL] * 2 > cjk:
        return "ko", None
    return "zh", max("Hans", "Hant", key=kinds.__getitem__) if kinds["Hans"] != kinds["Hant"] else None


def _kind(char: str) -> str | None:
    if not char.isalpha():
        return None
    if char < "\u0250":
        return LATIN
    if "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or "\U00020000" <= char <= "\U000323af":
        return "Hans" if char in HANS else "Hant" if char in HANT else HAN
    if "\u3041" <= char <= "\u30fa":
        return KANA
    return HANGUL if "\uac00" <= char <= "\ud7a3" else OTHER


def _latin(text: str) -> str:
    words = text[:SAMPLE].lower().split()
    return "en" if sum(word in ENGLISH for word in words) * 12 >= len(words) else "und"
