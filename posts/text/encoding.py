"""Decode bytes of an unknown encoding."""

import logging
import re
from codecs import BOM_UTF8
from typing import NamedTuple

from schemas.enums import ParseWarning

# Up to one bad byte in 200 is a damaged file (a cut character, a stray byte); more mean another encoding.
MAX_DAMAGE_SHARE = 0.005
# The Han characters that make up half of any Chinese text (the 240 most frequent of each script in teahouse,
# oped2 and society), and frequent ones of Japanese.
FREQUENT_HAN = (
    "的一是国中在人不有了大这年和为个上以会我美对来到家新出他之可能们时发也政要自地生多成经下就行主于过方而后最日与公说作事学者全分民用如法本现道文月业但前得动其力都明制同还情被开实面关持外理当高工子所重些"
    "天平体看市然种性表特度此部意因机资将加期么内数进战世产场没信员利史通更里治从代小化已老定长题正无济去好心应社入间斯很问目那起至位台论并果想相三界近电司影音着共第提比次安由支等收样或各两网系解及金何点件"
    "名权反知國時會為這頻個對來們直片播過經論開於與結後請間說現點報連學發關歡動內員資當實每合你並北網將種戰討未權無體業給題兩友思還立局創放接歷書專流習沒視二聲做應問場常身進海麼感著變完長只即從樣處記十見東"
    "四今気話先電語発手物経実関対取言使京"
)
FREQUENT_HANGUL = "이다는의을에가고하지로한은를도기자사서해있스시정인어나리아대일수그라과보전들만부상원장제주으게했며면할것여니"
ALL_KANA = "".join(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30F7), 0x30FC)))
# punctuation in languages of East Asia and in languages with Latin letters
PUNCTUATION = "，。、：；？！（）「」『』《》〈〉【】“”‘’…—·•–«»„ "
LATIN_LETTERS = "éèêëàâáäãåæçîïíìñôöóòõøœùûúüßÉÀÄÖÜÅØ"
FREQUENT_CHARS = frozenset(FREQUENT_HAN + FREQUENT_HANGUL + ALL_KANA + PUNCTUATION)
# Encodings that are detected by the frequency of characters. Of equal scores the first is used: they are
# sorted by their use on the web.
ENCODINGS = ("gb18030", "big5hkscs", "cp1252", "cp932", "euc_jp", "cp949")
SAMPLE_CHARS = 20_000
# Measured on a title and two sentences of 1,211 posts: the right encoding has a score of at least 0.31, a
# wrong one of at most 0.26.
MIN_SCORE = 0.25
SURROGATES = re.compile("[\ud800-\udfff]")
# front matter in UTF-16 without a byte order mark
UTF16_OPENING = re.compile(rb"(?:[-+]\0){3}|(?:\0[-+]){3}")
ASCII = re.compile(r"[\x00-\x7f]+")
# the charset that a page of HTML names at its beginning
PAGE = re.compile(rb"\s*(?:<!--.{0,1000}?-->\s*)*<(?:[!?]|html|head)", re.IGNORECASE | re.DOTALL)
META_CHARSET = re.compile(rb"<meta\b[^>]{0,200}?\bcharset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
MAX_META_BYTES = 4096
# browsers read these as their supersets: https://encoding.spec.whatwg.org/#names-and-labels
BROWSER_ENCODINGS = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932", "sjis": "cp932",
    "x-sjis": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252",
}  # fmt: skip
# letters and marks of windows-1252, in positions where languages with Latin letters have them
LATIN_WORD = re.compile(
    f"(?<=[A-Za-z])[{LATIN_LETTERS}’]+|[{LATIN_LETTERS}]+(?=[a-z])|(?<=[\\s\\w.,!?])[“”‘’…—–«»]|[“‘«—–](?=[\\s\\w])"
)


class Candidate(NamedTuple):
    """Bytes decoded in one encoding, and the share of plausible non-ASCII characters, from 0 to 1."""

    text: str
    score: float


def decode_bytes(content: bytes) -> tuple[str, list[ParseWarning]]:
    """Return the text of bytes, and warnings about what was guessed.

    Without a byte order mark, bytes are UTF-16 if every other byte of the opening is NUL, or UTF-8 with up to
    0.5 % of bad characters. Others are decoded in the encoding with the highest score. If only some lines are
    UTF-8, these are decoded as UTF-8 and the rest in one other encoding. If no encoding fits, the bytes are
    decoded as UTF-8 with U+FFFD for the bad ones.
    """
    if named := _decode_as_named(content):
        return _with_warnings(named, ParseWarning.NOT_UTF8)
    # first, because UTF-16 of Latin letters (letters and NUL bytes) can be valid UTF-8
    if utf16 := _detect_utf16(content):
        return _with_warnings(content.decode(utf16, "replace"), ParseWarning.NOT_UTF8)
    try:
        return content.removeprefix(BOM_UTF8).decode(), []
    except UnicodeDecodeError:
        return _decode_non_utf8(content)


def _decode_as_named(content: bytes) -> str | None:
    """Return the text of a page in the charset that it names; None if it names none, UTF-8, or a wrong one."""
    if not PAGE.match(content):
        return None
    charset = META_CHARSET.search(content, 0, MAX_META_BYTES)
    name = charset[1].decode("ascii", "replace").lower() if charset else "utf-8"
    # the escapes of ISO-2022-JP are valid UTF-8
    if name in {"utf-8", "utf8"} or (b"\x1b" not in content and _is_utf_8(content)):
        return None
    try:
        text = content.decode(BROWSER_ENCODINGS.get(name, name), "replace")
    except (LookupError, UnicodeError):
        return None
    return text if _is_damaged_utf8(text) else None


def _decode_non_utf8(content: bytes) -> tuple[str, list[ParseWarning]]:
    lossy_text = content.decode("utf-8-sig", "replace")
    by_line = _decode_line_by_line(content)
    if _is_damaged_utf8(lossy_text):
        is_mixed = by_line.score > MIN_SCORE and "\ufffd" not in by_line.text
        return (
            (by_line.text, [ParseWarning.MIXED_ENCODINGS])
            if is_mixed
            else (lossy_text, [ParseWarning.BAD_BYTES])
        )
    best = _best_candidate(content)
    if by_line.score > max(best.score, MIN_SCORE):
        return _with_warnings(by_line.text, ParseWarning.MIXED_ENCODINGS)
    if best.score > MIN_SCORE:
        return _with_warnings(best.text, ParseWarning.NOT_UTF8)
    guess = _guess_by_library(content)
    return _with_warnings(guess, ParseWarning.NOT_UTF8) if guess else (lossy_text, [ParseWarning.BAD_BYTES])


def _with_warnings(text: str, warning: ParseWarning) -> tuple[str, list[ParseWarning]]:
    return text, [warning, ParseWarning.BAD_BYTES] if "\ufffd" in text else [warning]


def _is_damaged_utf8(lossy_text: str) -> bool:
    return lossy_text.count("\ufffd") <= MAX_DAMAGE_SHARE * len(lossy_text)


def _detect_utf16(content: bytes) -> str | None:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if not UTF16_OPENING.match(content):
        return None
    return "utf-16-be" if content.startswith(b"\0") else "utf-16-le"


def _best_candidate(content: bytes) -> Candidate:
    candidates = (_try_encoding(content, encoding) for encoding in ENCODINGS)
    return max(candidates, key=lambda reading: reading.score)


def _try_encoding(content: bytes, encoding: str) -> Candidate:
    text = content.decode(encoding, "replace")
    if not _is_damaged_utf8(text):
        return Candidate(text, 0.0)
    return Candidate(text, _latin_score(text) if encoding == "cp1252" else frequency_score(text))


def frequency_score(text: str) -> float:
    """Return the share of frequent characters of East Asia among the non-ASCII characters, from 0 to 1."""
    letters = ASCII.sub("", text[:SAMPLE_CHARS])
    return sum(map(FREQUENT_CHARS.__contains__, letters)) / len(letters) if letters else 0.0


def _latin_score(text: str) -> float:
    text_start = text[:SAMPLE_CHARS]
    letters = ASCII.sub("", text_start)
    return sum(map(len, LATIN_WORD.findall(text_start))) / len(letters) if letters else 0.0


def _decode_line_by_line(content: bytes) -> Candidate:
    """Decode lines of UTF-8 as such, the rest in one other encoding. The score is 0 if there are not both."""
    lines = content.split(b"\n")
    other_indices = [at for at, line in enumerate(lines) if not _is_utf_8(line)]
    other_index_set = set(other_indices)
    if all(line.isascii() for at, line in enumerate(lines) if at not in other_index_set):
        return Candidate("", 0.0)
    best = _best_candidate(b"\n".join(lines[at] for at in other_indices))
    decoded_lines = best.text.split("\n")
    if best.score <= MIN_SCORE or len(decoded_lines) != len(other_indices):
        return Candidate("", 0.0)
    text_by_index = dict(zip(other_indices, decoded_lines, strict=True))
    text = "\n".join(
        text_by_index[at] if at in text_by_index else line.decode() for at, line in enumerate(lines)
    )
    return Candidate(text.removeprefix("\ufeff"), frequency_score(text))


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _guess_by_library(content: bytes) -> str | None:
    """Return the guess of the libraries, or None. They know more encodings but are worse for short texts."""
    # imported here because one file in thousands needs it, and every worker would import it
    from bs4.dammit import UnicodeDammit

    # its messages are not needed: the row has a warning
    logging.getLogger("bs4.dammit").setLevel(logging.ERROR)
    guess = UnicodeDammit(content, smart_quotes_to=None)
    if guess.contains_replacement_characters or not guess.unicode_markup:
        return None
    # a wrong guess of UTF-16 can contain halves of surrogate pairs
    return SURROGATES.sub("\ufffd", guess.unicode_markup)
