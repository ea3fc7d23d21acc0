"""Convert file names to text and back without loss: a name is any bytes, a column stores only Unicode."""

import re

# An undecodable byte 0xNN is U+10FFNN: the end of the last private-use plane, which no font or name uses.
ESCAPE_OFFSET = 0x10FF00
BYTE_ESCAPE = re.compile("[\U0010ff80-\U0010ffff]")


def decode_path(name: bytes) -> str:
    """Return a name as valid Unicode. `encode_path` returns the same bytes. UTF-8 names are not changed."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        text = name.decode("utf-8", "surrogateescape")
    else:
        if text.isascii() or not BYTE_ESCAPE.search(text):
            return text
    text = BYTE_ESCAPE.sub(lambda m: m[0].encode().decode("ascii", "surrogateescape"), text)
    return "".join(chr(ord(c) - 0xDC00 + ESCAPE_OFFSET) if "\udc80" <= c <= "\udcff" else c for c in text)


def encode_path(text: str) -> bytes:
    if not BYTE_ESCAPE.search(text):
        return text.encode()
    return BYTE_ESCAPE.sub(lambda m: chr(ord(m[0]) - ESCAPE_OFFSET + 0xDC00), text).encode(
        "utf-8", "surrogateescape"
    )


def dir_prefix(subpath: str) -> bytes:
    """Return the common prefix of all paths in a folder: "posts/" for "/posts", "" for ""."""
    return b"".join(part + b"/" for part in encode_path(subpath).split(b"/") if part not in (b"", b"."))


def printable(text: str) -> str:
    """Return a name on one line, with control characters and undecodable bytes escaped."""
    return "".join(_escape_char(c) for c in text)


def _escape_char(char: str) -> str:
    if BYTE_ESCAPE.match(char):
        return f"\\x{ord(char) - ESCAPE_OFFSET:02x}"
    return char if char.isprintable() or char == " " else char.encode("unicode_escape").decode()
