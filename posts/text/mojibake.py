"""Text that was read in a wrong encoding before it came here is read again in the right one."""

import re
from collections.abc import Callable

from posts.text.encoding import score
from schemas.enums import ParseWarning

# One of these is in nearly every sentence that was misread, and few of them in any that was not: UTF-8 read as
# Latin-1 (å æ ã â Ã Â Ð), GBK or Big5 read as Latin-1 (£ ¡ Ä Ð), UTF-8 read as GBK (， and 的 become 锛 and 鐨), bytes
# widened with their sign, windows-1252 read as Latin-1, and what is beyond repair.
SIGNS = "åæãâÃÂÐ£¡Ä锛鐨\uffe7\uffe8\ufff0\x92\ufffd锟"
# U+FFFD in UTF-8 read as GBK; uninitialised memory of Visual C++ read as GBK; and the character itself.
LOST = re.compile("锟斤拷|烫烫烫|屯屯屯|\ufffd")

# https://encoding.spec.whatwg.org/index-windows-1252.txt: browsers read Latin-1 so; five bytes stay controls
BYTE_OF = {bytes((byte,)).decode("cp1252", "ignore") or chr(byte): byte for byte in range(0x80, 0xA0)}
BYTE_OF |= {chr(byte): byte for byte in range(0x100)}
CP1252 = {byte: char for char, byte in BYTE_OF.items() if char > "\xff"}
TRAIL = f"[\x80-\xbf{''.join(CP1252.values())}]"
UTF_8_IN_LATIN_1 = re.compile(f"(?:[Â-ß]{TRAIL}|[à-ï]{TRAIL}{{2}}|[ð-ô]{TRAIL}{{3}})+")
IN_LATIN_1 = re.compile(f"[\x20-\xff{''.join(CP1252.values())}]+")
WIDENED = re.compile(
    "(?:[\uffc2-\uffdf][\uff80-\uffbf]|[\uffe0-\uffef][\uff80-\uffbf]{2}|[\ufff0-\ufff4][\uff80-\uffbf]{3})+"
)
IN_GBK = re.compile("([^\x00-\x7f\ufffd]+)([?\ufffd]?)")
C1 = re.compile("[\x80-\x9f]")
EAST_ASIAN = re.compile("[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
# marks and emoji: nothing else is written in three or four such letters
MARK = re.compile("[\u2010-\u2044\u20ac\u2122\ufeff\U0001f000-\U0001faff]")
WESTERN = re.compile(f"[\x80-\xff{''.join(CP1252.values())}]")
OTHER_LETTERS = re.compile("[\u0370-\u06ff\u0e00-\u0e7f]")
EAST_ASIAN_ENCODINGS = ("gb18030", "big5hkscs", "cp932", "cp949")
# Misread text that is read again is half frequent characters; sound text that happens to fit has hardly any.
CLEAR = 0.4
# two letters can fit by chance
FEWEST = 3
# Posts that were misread three times have not been seen.
MOST_TIMES = 3


def repaired(text: str) -> tuple[str, list[ParseWarning]]:
    """Read misread lines again; give the text and whether lines were repaired, or characters are lost for good.

    A line changes only where its characters are the bytes of another text without exception, and that text is more
    plausible. What became U+FFFD or 锟斤拷 stays.
    """
    if not is_suspect(text):
        return text, []
    read_again = "\n".join(line if line.isascii() else _line(line) for line in text.split("\n"))
    warnings = [ParseWarning.MOJIBAKE] if read_again != text else []
    return read_again, [*warnings, ParseWarning.LOST_CHARACTERS] if LOST.search(read_again) else warnings


def is_suspect(text: str) -> bool:
    """Tell whether a text may hold misread lines, in less than a microsecond for each kB."""
    # a search for one character is a memchr; a regex takes three times as long for all of them
    if text.isascii():
        return False
    for sign in SIGNS:  # noqa: SIM110 - a generator costs as much as the searches
        if sign in text:
            return True
    return False


def _line(line: str) -> str:
    for _ in range(MOST_TIMES):
        read_again = WIDENED.sub(_from_widened, line)
        read_again = _from_gbk(read_again)
        read_again = IN_LATIN_1.sub(_from_east_asian, read_again)
        read_again = _from_utf_8_in_latin_1(read_again)
        if read_again == line:
            break
        line = read_again
    return C1.sub(lambda match: CP1252.get(ord(match[0]), match[0]), line)


def _from_widened(match: re.Match[str]) -> str:
    """`ﾟ` after U+FFF0: bytes that a language with signed bytes made characters of."""
    return _utf_8(bytes(ord(char) & 0xFF for char in match[0])) or match[0]


def _from_utf_8_in_latin_1(line: str) -> str:
    """`ä¸­å›½`, `donâ€™t`, `cafÃ©`."""
    runs = [_utf_8(bytes(map(BYTE_OF.__getitem__, run))) or "" for run in UTF_8_IN_LATIN_1.findall(line)]
    is_east_asian = any(len(EAST_ASIAN.findall(run)) + len(MARK.findall(run)) > 1 for run in runs)
    is_other = any(len(OTHER_LETTERS.findall(run)) >= FEWEST for run in runs)
    is_western = any(MARK.search(run) for run in runs) or len(WESTERN.findall("".join(runs))) > 1

    def plausible(match: re.Match[str]) -> str:
        run = _utf_8(bytes(map(BYTE_OF.__getitem__, match[0])))
        if not run:
            return match[0]
        kinds = (
            (EAST_ASIAN, is_east_asian),
            (OTHER_LETTERS, is_other),
            (WESTERN, is_western or is_east_asian or _is_in_a_word(match)),
            (MARK, True),
        )
        known = all(any(kind.match(char) and is_clear for kind, is_clear in kinds) for char in run)
        return run if known else match[0]

    return UTF_8_IN_LATIN_1.sub(plausible, line)


def _is_in_a_word(match: re.Match[str]) -> bool:
    """`cafÃ©` and `SÃ£o`, but not `AÃ«`: no capital follows a small letter, or has a symbol for its neighbour."""
    before = match.string[match.start() - 1 : match.start()]
    return before.isascii() and (before.islower() or (before.isupper() and match[0][0] == "Ã"))


def _from_east_asian(match: re.Match[str]) -> str:
    """`ÖÐ¹ú` and `¤¤°ê`: GBK, Big5, Shift-JIS or EUC-KR read as Latin-1."""
    if match[0].isascii():
        return match[0]
    content = bytes(map(BYTE_OF.__getitem__, match[0]))
    read = [text for text in map(_strictly(content), EAST_ASIAN_ENCODINGS) if text]
    best = max(read, key=score, default="")
    return best if score(best) >= CLEAR and len(EAST_ASIAN.findall(best)) >= FEWEST else match[0]


def _strictly(content: bytes) -> Callable[[str], str]:
    def read(encoding: str) -> str:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            return ""

    return read


def _from_gbk(line: str) -> str:
    """`涓浗`: UTF-8 read as GBK. The third byte of a character at an odd place is lost with what came after."""
    whole = _utf_8(_gbk(line))
    if whole and _is_better(whole, line):
        return whole
    return IN_GBK.sub(_from_gbk_run, line)


def _from_gbk_run(match: re.Match[str]) -> str:
    run, lost = match.groups()
    content = _gbk(run)
    read = _utf_8(content)
    if lost and not read:
        cut = next((cut for cut in (1, 2) if _utf_8(content[:-cut])), None)
        read = f"{_utf_8(content[:-cut])}\ufffd" if cut else ""
        lost = ""
    return f"{read}{lost}" if read and _is_better(read, run) else match[0]


def _is_better(read: str, line: str) -> bool:
    return len(EAST_ASIAN.findall(read)) > 1 and score(read) > score(line)


def _gbk(text: str) -> bytes:
    # 0x80 is the euro sign in Microsoft's GBK
    return b"\x80".join(part.encode("gb18030", "replace") for part in text.split("€"))


def _utf_8(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return ""
