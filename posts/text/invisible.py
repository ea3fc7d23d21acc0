"""Replace or remove invisible and misleading characters, by rules with reasons."""

import re
from typing import NamedTuple


class CharacterRule(NamedTuple):
    """Characters (the inside of a regex class), their replacement, and the reason."""

    characters: str
    replacement: str
    reason: str


# Tab, line feed, vertical tab, NUL and U+3000 are in no rule: the code that extracts text uses the first four
# as markers, and Chinese uses the ideographic space to indent and to separate names.
# Hangul fillers and variation selectors are in no rule either: they are parts of letters and emoji.
CHARACTER_RULES = (
    CharacterRule("\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f", "", "C0 and C1 controls: no browser shows them"),
    CharacterRule("\xad", "", "soft hyphen: where a word may be broken"),
    CharacterRule("\u200b\u200c\u200d\u2060\ufeff", "", "zero width: where a line may break, letters join, a file begins"),
    CharacterRule("\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f", "", "direction of writing, for the eye only"),
    CharacterRule("\u2061-\u2065", "", "invisible operators of formulas"),
    CharacterRule("\u180e", "", "a Mongolian vowel separator, no space since Unicode 6.3"),
    CharacterRule("\ufff0-\ufffb", "", "unassigned, and the marks around annotations; the annotation is text and stays"),
    CharacterRule("\ufffc", "", "stands for an object that a copied text has lost"),
    CharacterRule("\U0001d173-\U0001d17a", "", "beams and slurs of music, which begin and end unseen"),
    CharacterRule("\U000e0000-\U000e00ff\U000e01f0-\U000e0fff", "", "tags and what else Unicode says to ignore"),
    CharacterRule("\ufdd0-\ufdef\ufffe\uffff", "", "noncharacters: Unicode keeps them out of texts"),
    CharacterRule("".join(f"{chr(p << 16 | 0xFFFE)}-{chr(p << 16 | 0xFFFF)}" for p in range(1, 17)), "", "noncharacters"),
    CharacterRule("\f\r\xa0\u1680\u2000-\u200a\u202f\u205f", " ", "spaces that differ in width, or in where a line breaks"),
    CharacterRule("\u2800", " ", "a Braille cell without dots, which social networks do not trim"),
    CharacterRule("\x85\u2028\u2029", "\n", "line and paragraph separators: white space, as a line feed of the source"),
    CharacterRule("\uf000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd", " ", "icon fonts, Word's Symbol and Wingdings, Apple's logo: a picture without a meaning"),
)  # fmt: skip

PICTOGRAPHS = (
    "\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff"
)
# Arabic, Syriac, N'Ko, Mandaic, the scripts of India, Sinhala, Myanmar, Khmer, Mongolian
JOINING_SCRIPTS = (
    "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
)
HAN_RANGES = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
# Exceptions to the rules: here the character changes what a reader sees.
KEPT_PATTERNS = (
    (f"(?<=[{PICTOGRAPHS}])\u200d(?=[{PICTOGRAPHS}])", "joins two emoji into one: a family, a profession"),
    (
        f"(?<=[{JOINING_SCRIPTS}])[\u200c\u200d]",
        "shapes the letter before it, and can part two words of Persian",
    ),
    ("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f", "the flag of a region: England, Scotland, Wales"),
)

# Characters that GBK and GB18030-2000 mapped to the private use area, and that Unicode added in 3.0 to 4.1.
# glibc and ICU decode GB18030 in the same way:
# https://sourceware.org/legacy-ml/libc-alpha/2016-02/msg00761.html
GBK_PRIVATE_ROWS = {
    0xE78D: "︐︒︑︓︔︕︖︗︘︙",
    0xE7C7: "ḿǹ",
    0xE7E7: "〾⿰⿱⿲⿳⿴⿵⿶⿷⿸⿹⿺⿻",
    0xE815: "⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱䎬⺻䏝䓖䙡䙌龹䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻",
}
FROM_GBK = {chr(first + at): char for first, row in GBK_PRIVATE_ROWS.items() for at, char in enumerate(row)}

REMOVED_CHARS, SPACE_CHARS, LINE_CHARS = (
    "".join(rule.characters for rule in CHARACTER_RULES if rule.replacement == becomes)
    for becomes in ("", " ", "\n")
)
REPLACED_CHAR = re.compile(f"[{REMOVED_CHARS}{SPACE_CHARS}{LINE_CHARS}]")
KEPT_OR_REPLACED_CHAR = re.compile(
    f"({'|'.join(pattern for pattern, _ in KEPT_PATTERNS)})|[{REMOVED_CHARS}{SPACE_CHARS}{LINE_CHARS}]"
)
REMOVED_CHAR, LINE_CHAR = re.compile(f"[{REMOVED_CHARS}]"), re.compile(f"[{LINE_CHARS}]")
PRIVATE_USE_CHAR = re.compile("[\ue000-\uefff]")
# The ranges have gaps where the numbers of icon fonts begin: Glyphicons (U+E000), Alibaba's iconfont (U+E600)
# and IcoMoon (U+E900).
HKSCS_CANDIDATE = re.compile(
    f"(?<=[{HAN_RANGES}])[\ue300-\ue5ff\ue700-\ue8ff\uea00-\ueeb7](?=[{HAN_RANGES}，。、；：？！）」』”’》])"
)
PRIVATE_USE_ICON = re.compile(r"(?<![^\W\d_])[\ue000-\uefff]")
# Microsoft's user-defined characters in Big5: first code point, first lead byte. Each row has 157 characters.
# https://android.googlesource.com/platform/libcore/+/369f436bcaf/make/data/charsetmapping/MS950.map
BIG5_PRIVATE_ROWS = ((0xEEB8, 0x81), (0xE311, 0x8E), (0xE000, 0xFA))
BIG5_TRAIL_BYTES = (*range(0x40, 0x7F), *range(0xA1, 0xFF))


def strip_invisible(text: str) -> str:
    """Return a text without invisible characters, and with plain spaces for all spaces except U+3000.

    A private use character becomes the character that it had in GBK or, between Han characters, in HKSCS.
    Others are kept after a letter: there they are letters of a special font of the publisher. The rest are
    icons and become a space. Call `fix_mojibake` before this function: soft hyphens and controls in mojibake
    are bytes of characters.
    """
    if _is_plain(text):
        return text
    text = text.replace("\xa0", " ")
    if _is_plain(text.replace("\n", "").replace("\u3000", "")):
        return text
    if "\u200c" in text or "\u200d" in text or "\U0001f3f4" in text:
        text = KEPT_OR_REPLACED_CHAR.sub(lambda match: match[1] or _replace_char(match), text)
    else:
        text = REPLACED_CHAR.sub(_replace_char, text)
    return _replace_private_use(text) if PRIVATE_USE_CHAR.search(text) else text


def _is_plain(text: str) -> bool:
    return text.isprintable() and "\ufffc" not in text and "\u2800" not in text


def _replace_char(match: re.Match[str]) -> str:
    if REMOVED_CHAR.match(match[0]):
        return ""
    return "\n" if LINE_CHAR.match(match[0]) else " "


def _replace_private_use(text: str) -> str:
    text = PRIVATE_USE_CHAR.sub(lambda match: FROM_GBK.get(match[0], match[0]), text)
    text = HKSCS_CANDIDATE.sub(lambda match: _decode_hkscs(match[0]), text)
    return PRIVATE_USE_ICON.sub(" ", text)


def _decode_hkscs(char: str) -> str:
    """Return the character of HKSCS before 2004 at a private use code point; `char` if there is none."""
    first, lead_byte = next((first, lead) for first, lead in BIG5_PRIVATE_ROWS if ord(char) >= first)
    row, column = divmod(ord(char) - first, len(BIG5_TRAIL_BYTES))
    return bytes((lead_byte + row, BIG5_TRAIL_BYTES[column])).decode("big5hkscs", "ignore") or char
