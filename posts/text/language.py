"""Detect the language and the script of a text from its characters and its function words."""

import re
import sys

import numpy as np
from zhon import cedict

# Hong Kong writes 着 too. The added characters are traditional in dictionaries, but hardly in texts (于 for 於).
HANS = frozenset(cedict.simplified) - frozenset(cedict.traditional) - {"着"} | frozenset(
    "么于几万据确划适筑厂"
)
HANT = frozenset(cedict.traditional) - frozenset(cedict.simplified) | {"於"}
# Words of written Chinese that other languages with Han characters hardly use.
MANDARIN = frozenset("的了是他她那呢吧很你")
CANTONESE = frozenset("嘅咗喺唔冇嚟哋啲嗰咁嘢佢㗎噉瞓嘥攞")
HANS_ONLY, HANS_KANJI, HANT_ONLY, HANT_KANJI, MANDARIN_WORD, YUE, KANJI, HAN = "sStTcyjh"
HIRAGANA, KATAKANA, HIRAGANA_NO, HANGUL, LATIN, ACCENTED, OTHER, NO_LETTER = "kKngldo."


UNKNOWN_KIND = "\0"
# The kind of letter of each code point, one byte each; filled when a character first occurs. `str.translate` takes
# three times as long with a dict: its keys and values are scattered over the memory.
LETTER_KINDS = np.zeros(sys.maxunicode + 1, np.uint8)
# Words that occur in code (for, if, import, not, with, as, from, i) are excluded.
ENGLISH = frozenset(
    "the of and in to a an that this it its is was were are be been by on at have has had will would can could you he"
    " she we they my your his her our their me us them who what when why how there which but or than into about don't".split()
)
FOREIGN = frozenset(
    "le la les des du et est une dans pour qui que sur el los las del por con una para der die das und ist nicht ein"
    " den von mit zu dem wurde il di che per della sono o os um uma não todas na da em het een van de en dan yang ke"
    " itu se al".split()
)
# A URL, a path, a call, an assignment; a hashtag or a name after an @.
NON_PROSE = re.compile(
    r"(?<![!-~])(?=[!-~]*?(?:://|[0-9A-Za-z][._/@=\\(:][0-9A-Za-z]|\(\)|[#@][0-9A-Za-z]))[!-~]+|[#@]\w+"
)
WORD = re.compile(r"[a-zß-öø-ɏḁ-ỿ]+(?:['’][a-z]+)?")
SENTENCE_END = re.compile("[。！？!?\\n]")
QUOTATION = re.compile("[「『“‘（(《〈][^」』”’）)》〉]{1,40}[」』”’）)》〉]")
# Minimum number of words of a second language; fewer are a name or a term: "The Keeper", 红楼梦.
MIN_WORDS = 4
# The length of a long title. In so few letters one Cantonese word is enough; a longer text has several.
MAX_TITLE_LETTERS = 24


def detect_language(text: str) -> tuple[str, str | None]:
    """Return the language (zh, yue, ja, ko, en, mixed, und, none) and the script of its Chinese.

    `yue` is written Cantonese, not a text that quotes it. `mixed` has two languages, each with more than a
    quarter of the words: a Chinese title above a long English text is `en`, a Chinese text with English names
    is `zh`. `und` is any other language. URLs, hashtags in Latin letters and code have no language; a text of
    nothing else is `none`. The script is Hans or Hant. It is None for other languages, and if no character
    determines it.
    """
    sample = _sample(text, 40)
    kinds = _kinds_of_letters(sample)
    letters = _count_letters(kinds)
    # One English word among three Chinese ones is one space in eleven characters. With fewer spaces, Latin
    # letters are names or URLs; most posts take this short path.
    if text.count(" ") * 11 < len(text) and kinds.count(OTHER) < letters:
        return _detect_eastern(sample, kinds, letters)
    prose = NON_PROSE.sub(" ", _sample(text, 150))
    # the language of a post that contains only hashtags is that of the hashtags
    return (
        _detect_by_words(prose) if prose.strip() or not letters else _detect_eastern(sample, kinds, letters)
    )


def _detect_by_words(prose: str) -> tuple[str, str | None]:
    """Detect the language from the ratio of words in Han, kana or Hangul to other words."""
    kinds = _kinds_of_letters(prose)
    words = WORD.findall(prose.lower())
    english, foreign = (sum(map(vocabulary.__contains__, words)) for vocabulary in (ENGLISH, FOREIGN))
    letters, others = _count_letters(kinds), kinds.count(OTHER)
    western_words, eastern_words = len(words) + others / 5, letters / 1.5
    if not western_words + eastern_words:
        return "none", None
    is_prose = others > 0 or (english + foreign) * 5 >= len(words)
    if western_words * 5 < eastern_words * 2 or (eastern_words * 5 >= western_words * 2 and not is_prose):
        return _detect_eastern(prose, kinds, letters)
    if eastern_words * 5 < western_words * 2 or (
        western_words >= eastern_words and eastern_words < MIN_WORDS
    ):
        return _detect_western(kinds, words, english, foreign), None
    language, script = _detect_eastern(prose, kinds, letters)
    return "mixed" if min(western_words, eastern_words) >= MIN_WORDS else language, script


def _detect_western(kinds: str, words: list[str], english: int, foreign: int) -> str:
    accented, others = kinds.count(ACCENTED), kinds.count(OTHER)
    latin = kinds.count(LATIN) + accented
    if others > latin or foreign > english:
        return "und"
    if accented * 20 > latin and english * 6 < len(words):
        return "und"
    return "und" if len(words) // 16 > english else "en"


def _detect_eastern(sample: str, kinds: str, letters: int) -> tuple[str, str | None]:
    hangul = kinds.count(HANGUL)
    if hangul * 4 > letters:
        is_mixed = min(hangul, letters - hangul) / 1.5 >= MIN_WORDS and (letters - hangul) * 4 > letters
        return ("mixed", _detect_script(kinds)) if is_mixed else ("ko", None)
    kana = kinds.count(HIRAGANA) + kinds.count(KATAKANA) + kinds.count(KANJI)
    if kana * 16 > letters:
        return _japanese_or_chinese(QUOTATION.sub(" ", sample), kinds)
    if YUE in kinds and _is_cantonese(QUOTATION.sub(" ", sample), letters):
        return "yue", _detect_script(kinds)
    return "zh", _detect_script(kinds)


def _japanese_or_chinese(unquoted: str, kinds: str) -> tuple[str, str | None]:
    unquoted_kinds = _kinds_of_letters(unquoted)
    letters, hiragana = _count_letters(unquoted_kinds), unquoted_kinds.count(HIRAGANA)
    if hiragana * 8 > letters:
        chinese = "".join(
            filter(_is_chinese, (_kinds_of_letters(part) for part in SENTENCE_END.split(unquoted)))
        )
        if _count_letters(chinese) * 4 > letters:
            return "mixed", _detect_script(chinese)
    japanese_weight = hiragana + unquoted_kinds.count(KATAKANA) / 2 + unquoted_kinds.count(KANJI)
    is_japanese = japanese_weight > sum(
        map(unquoted_kinds.count, (HANS_ONLY, HANT_ONLY))
    ) * 2 + unquoted_kinds.count(MANDARIN_WORD)
    return ("ja", None) if is_japanese else ("zh", _detect_script(kinds))


def _is_chinese(kinds: str) -> bool:
    """Return whether a sentence contains characters that only Chinese has, and no kana."""
    return any(kind in kinds for kind in (HANS_ONLY, HANT_ONLY, MANDARIN_WORD)) and not (
        HIRAGANA in kinds or KATAKANA in kinds
    )


def _is_cantonese(unquoted: str, letters: int) -> bool:
    cantonese = [char for char in unquoted if char in CANTONESE]
    standard_count = sum(map(unquoted.count, "的了是他她們们這这那沒没"))
    return (
        len(cantonese) > standard_count
        and len(cantonese) * 25 >= letters
        and (len(set(cantonese)) > 1 or letters < MAX_TITLE_LETTERS)
    )


def _detect_script(kinds: str) -> str | None:
    hans = kinds.count(HANS_ONLY) + kinds.count(HANS_KANJI)
    hant = kinds.count(HANT_ONLY) + kinds.count(HANT_KANJI)
    return None if hans == hant else "Hans" if hans > hant else "Hant"


def _count_letters(kinds: str) -> int:
    """Return the number of Han, kana and Hangul characters."""
    return len(kinds) - sum(map(kinds.count, (NO_LETTER, LATIN, ACCENTED, OTHER)))


def _kinds_of_letters(text: str) -> str:
    """Return the kind of each character of a text."""
    code_points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = LETTER_KINDS[code_points].tobytes().decode("ascii")
    if UNKNOWN_KIND in kinds:
        for char, kind in zip(text, kinds, strict=True):
            if kind == UNKNOWN_KIND:
                LETTER_KINDS[ord(char)] = ord(_kind_of_letter(char))
        kinds = LETTER_KINDS[code_points].tobytes().decode("ascii")
    return kinds


def _kind_of_letter(char: str) -> str:
    if not char.isalpha():
        return NO_LETTER
    if "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or "\U00020000" <= char <= "\U000323af":
        return _kind_of_han(char)
    if "\u3041" <= char <= "\u30fa":
        return HIRAGANA_NO if char == "の" else HIRAGANA if char < "\u30a0" else KATAKANA
    if "\uac00" <= char <= "\ud7a3":
        return HANGUL
    if char < "\u0250" or "\u1e00" <= char <= "\u1eff":
        return LATIN if char.isascii() else ACCENTED
    return OTHER


def _kind_of_han(char: str) -> str:
    is_kanji = _can_write("shift_jis", char)
    if char in CANTONESE:
        return YUE
    if char in HANS:
        return HANS_KANJI if is_kanji else HANS_ONLY
    if char in HANT:
        return HANT_KANJI if is_kanji else HANT_ONLY
    if char in MANDARIN:
        return MANDARIN_WORD
    return KANJI if is_kanji and not _can_write("gb2312", char) and not _can_write("big5", char) else HAN


def _can_write(encoding: str, char: str) -> bool:
    return bool(char.encode(encoding, "ignore"))


def _sample(text: str, size: int) -> str:
    """Return four parts of a text at equal distances, or the whole of a short text.

    The beginning alone is misleading: in 400 of 6,000 posts its script differs from that of most of the text.
    The script of this sample differs in 130.
    """
    if len(text) <= 4 * size:
        return text
    step = len(text) // 4
    return " ".join([text[start : start + size] for start in (0, step, 2 * step, 3 * step)])
