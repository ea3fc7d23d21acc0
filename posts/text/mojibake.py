"""Repair mojibake: text that was decoded in a wrong encoding before it was stored in the file."""

import re

from posts.text.encoding import frequency_score
from schemas.enums import ParseWarning

# Nearly every wrongly decoded sentence contains one of these, and other sentences contain few of them: UTF-8
# as Latin-1 (å æ ã â Ã Â Ð), GBK or Big5 as Latin-1 (£ ¡ Ä Ð), UTF-8 as GBK (， and 的 become 锛 and 鐨),
# sign-extended bytes, windows-1252 as Latin-1, and text that cannot be repaired.
SUSPECTS = "åæãâÃÂÐ£¡Ä锛鐨\uffe7\uffe8\ufff0\x92\ufffd锟"
# U+FFFD in UTF-8 decoded as GBK; uninitialised memory of Visual C++ decoded as GBK; and U+FFFD itself.
UNRECOVERABLE = re.compile("锟斤拷|烫烫烫|屯屯屯|\ufffd")

# https://encoding.spec.whatwg.org/index-windows-1252.txt: browsers decode Latin-1 as windows-1252, in which
# five bytes are controls
BYTE_OF = {bytes((byte,)).decode("cp1252", "ignore") or chr(byte): byte for byte in range(0x80, 0xA0)}
BYTE_OF |= {chr(byte): byte for byte in range(0x100)}
CP1252 = {byte: char for char, byte in BYTE_OF.items() if char > "\xff"}
TRAIL_BYTE = f"[\x80-\xbf{''.join(CP1252.values())}]"
LATIN_1_RUN = re.compile(f"[\x20-\xff{''.join(CP1252.values())}]+")
GBK_RUN = re.compile("([^\x00-\x7f\ufffd]+)([?\ufffd]?)")
NON_ASCII = re.compile("[^\x00-\x7f]")
C1 = re.compile("[\x80-\x9f]")
EAST_ASIAN = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
# marks and emoji: one is enough evidence, because the three or four letters of one have no other meaning
SYMBOL = re.compile("[\u2010-\u2044\u20ac\u2122\ufeff\U0001f000-\U0001faff]")
WESTERN = re.compile(f"[\x80-\xff{''.join(CP1252.values())}]")
OTHER_LETTERS = re.compile("[\u0370-\u06ff\u0e00-\u0e7f]")
EAST_ASIAN_ENCODINGS = ("gb18030", "big5hkscs", "cp932", "cp949")
# Half of the characters of a repaired text are frequent. If a correct text is converted too, hardly any are.
MIN_SCORE = 0.4
# two letters can match by chance
MIN_LETTERS = 3
# No post in the corpus was wrongly decoded three times.
MAX_PASSES = 3


def _utf_8_pattern(lead_ranges: tuple[str, str, str], trail: str) -> re.Pattern[str]:
    """Return the pattern of letters that stand for the bytes of UTF-8, with ranges of those before 1, 2, 3 others.

    It begins with a class of all these, to which `re` skips.
    """
    two, three, four = lead_ranges
    tail = f"(?:(?<=[{two}]){trail}|(?<=[{three}]){trail}{{2}}|(?<=[{four}]){trail}{{3}})"
    return re.compile(f"[{two}{three}{four}]{tail}(?:[{two}{three}{four}]{tail})*")


UTF_8_IN_LATIN_1 = _utf_8_pattern(("Â-ß", "à-ï", "ð-ô"), TRAIL_BYTE)
SIGN_EXTENDED = _utf_8_pattern(("\uffc2-\uffdf", "\uffe0-\uffef", "\ufff0-\ufff4"), "[\uff80-\uffbf]")


def fix_mojibake(text: str) -> tuple[str, list[ParseWarning]]:
    """Return the text with mojibake repaired, and warnings: lines were repaired, characters are lost.

    A part of a line changes only if all its characters are bytes of another text, and that text is more
    plausible. U+FFFD and 锟斤拷 cannot be repaired and are kept.
    """
    if not is_suspect(text):
        return text, []
    fixed = "\n".join(line if line.isascii() else _fix_line(line) for line in text.split("\n"))
    warnings = [ParseWarning.MOJIBAKE] if fixed != text else []
    return fixed, [*warnings, ParseWarning.LOST_CHARACTERS] if UNRECOVERABLE.search(fixed) else warnings


def is_suspect(text: str) -> bool:
    """Return whether a text may contain mojibake. The check takes less than a microsecond per kB."""
    # a search for one character is a memchr; a regex takes three times as long for all of them
    if text.isascii():
        return False
    for suspect in SUSPECTS:  # noqa: SIM110 - a generator costs as much as the searches
        if suspect in text:
            return True
    return False


def _fix_line(line: str) -> str:
    for _ in range(MAX_PASSES):
        fixed = SIGN_EXTENDED.sub(_fix_sign_extended, line)
        fixed = _fix_gbk(fixed)
        fixed = LATIN_1_RUN.sub(_fix_east_asian, fixed)
        fixed = _fix_utf_8_in_latin_1(fixed)
        if fixed == line:
            break
        line = fixed
    return C1.sub(lambda match: CP1252.get(ord(match[0]), match[0]), line)


def _fix_sign_extended(match: re.Match[str]) -> str:
    """Repair sign-extended bytes, such as `ﾟ` after U+FFF0: a language with signed bytes wrote them."""
    return _decode(bytes(ord(char) & 0xFF for char in match[0])) or match[0]


def _fix_utf_8_in_latin_1(line: str) -> str:
    """Repair UTF-8 that was decoded as Latin-1: `ä¸­å›½`, `donâ€™t`, `cafÃ©`."""
    runs = [_decode(bytes(map(BYTE_OF.__getitem__, run))) or "" for run in UTF_8_IN_LATIN_1.findall(line)]
    is_east_asian = any(len(EAST_ASIAN.findall(run)) + len(SYMBOL.findall(run)) > 1 for run in runs)
    is_other_script = any(len(OTHER_LETTERS.findall(run)) >= MIN_LETTERS for run in runs)
    is_western = any(SYMBOL.search(run) for run in runs) or len(WESTERN.findall("".join(runs))) > 1

    def fix_if_plausible(match: re.Match[str]) -> str:
        run = _decode(bytes(map(BYTE_OF.__getitem__, match[0])))
        if not run:
            return match[0]
        scripts = (
            (EAST_ASIAN, is_east_asian),
            (OTHER_LETTERS, is_other_script),
            (WESTERN, is_western or is_east_asian or _is_within_word(match)),
            (SYMBOL, True),
        )
        is_plausible = all(
            any(script.match(char) and is_expected for script, is_expected in scripts) for char in run
        )
        return run if is_plausible else match[0]

    return UTF_8_IN_LATIN_1.sub(fix_if_plausible, line)


def _is_within_word(match: re.Match[str]) -> bool:
    """Return whether a match is inside a word: `cafÃ©` and `SÃ£o`, but not `AÃ«`.

    In a correct word, no capital such as `Ã` follows a small letter, and no capital is next to a symbol.
    """
    previous_char = match.string[match.start() - 1 : match.start()]
    return previous_char.isascii() and (
        previous_char.islower() or (previous_char.isupper() and match[0][0] == "Ã")
    )


def _fix_east_asian(match: re.Match[str]) -> str:
    """Repair GBK, Big5, Shift-JIS or EUC-KR that was decoded as Latin-1: `ÖÐ¹ú`, `¤¤°ê`."""
    # each letter of East Asia has a byte that is not ASCII
    if match[0].isascii() or len(NON_ASCII.findall(match[0])) < MIN_LETTERS:
        return match[0]
    content = bytes(map(BYTE_OF.__getitem__, match[0]))
    best = max((_decode(content, encoding) for encoding in EAST_ASIAN_ENCODINGS), key=frequency_score)
    return (
        best
        if frequency_score(best) >= MIN_SCORE and len(EAST_ASIAN.findall(best)) >= MIN_LETTERS
        else match[0]
    )


def _fix_gbk(line: str) -> str:
    """Repair UTF-8 that was decoded as GBK: `涓浗`.

    The third byte of a character at an odd position may be lost, together with the following character.
    """
    decoded = _decode(_encode_gbk(line))
    if decoded and _is_better(decoded, line):
        return decoded
    return GBK_RUN.sub(_fix_gbk_run, line)


def _fix_gbk_run(match: re.Match[str]) -> str:
    run, lost_char = match.groups()
    content = _encode_gbk(run)
    decoded = _decode(content)
    if lost_char and not decoded:
        cut_bytes = next((cut for cut in (1, 2) if _decode(content[:-cut])), None)
        decoded = f"{_decode(content[:-cut_bytes])}\ufffd" if cut_bytes else ""
        lost_char = ""
    return f"{decoded}{lost_char}" if decoded and _is_better(decoded, run) else match[0]


def _is_better(candidate: str, line: str) -> bool:
    return len(EAST_ASIAN.findall(candidate)) > 1 and frequency_score(candidate) > frequency_score(line)


def _encode_gbk(text: str) -> bytes:
    # 0x80 is the euro sign in Microsoft's GBK
    return b"\x80".join([part.encode("gb18030", "replace") for part in text.split("€")])


def _decode(content: bytes, encoding: str = "utf-8") -> str:
    """Return the text of bytes; an empty text if they are not valid in the encoding."""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return ""
