"""File names as text and back, without loss: a name is any bytes, a column holds only Unicode."""

import re

# Undecodable byte 0xNN <-> U+10FFNN, the end of the last private-use plane, which no font or name uses.
OFFSET = 0x10FF00
STAND_IN = re.compile("[\U0010ff80-\U0010ffff]")


def to_text(name: bytes) -> str:
    """Return a name as valid Unicode; `to_bytes` gives the same bytes back. UTF-8 names stay as they are."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        text = name.decode("utf-8", "surrogateescape")
    else:
        if not STAND_IN.search(text):
            return text
    text = STAND_IN.sub(lambda m: m[0].encode().decode("ascii", "surrogateescape"), text)
    return "".join(chr(ord(c) - 0xDC00 + OFFSET) if "\udc80" <= c <= "\udcff" else c for c in text)


def to_bytes(text: str) -> bytes:
    if not STAND_IN.search(text):
        return text.encode()
    return STAND_IN.sub(lambda m: chr(ord(m[0]) - OFFSET + 0xDC00), text).encode("utf-8", "surrogateescape")


def inside(below: str) -> bytes:
    """Return the beginning of all paths in a folder: "posts/" of "/posts", "" of ""."""
    return b"".join(part + b"/" for part in to_bytes(below).split(b"/") if part not in (b"", b"."))


def printable(text: str) -> str:
    """Return a name on one line, with control characters and stand-ins for odd bytes escaped."""
    return "".join(_escaped(c) for c in text)


def _escaped(char: str) -> str:
    if STAND_IN.match(char):
        return f"\\x{ord(char) - OFFSET:02x}"
    return char if char.isprintable() or char == " " else char.encode("unicode_escape").decode()
