"""Decode the bytes of a post file."""

from posts.errors import Ignored, Rejected
from posts.formats import POST_OPENING
from posts.text.encoding import SURROGATES, decode_bytes
from schemas.enums import ParseWarning, Reason

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def decode(content: bytes) -> tuple[str, list[ParseWarning]]:
    """Return the text of a file, with all line breaks as line feeds, and warnings about guesses and repairs.

    Raises Ignored for bytes with which no post begins, so that no picture is decoded as Shift-JIS. Raises
    Rejected for a pointer file of Git LFS.
    """
    if content.startswith(LFS_POINTER):
        raise Rejected(Reason.LFS_POINTER, detail=content[:200].decode(errors="replace"))
    if not POST_OPENING.match(content):
        raise Ignored(Reason.NO_FRONT_MATTER if content.strip() else Reason.EMPTY)
    text, warnings = decode_bytes(content)
    # in UTF-8, which has no warnings, these characters are bytes, and a byte is found faster
    if (warnings or b"\0" in content) and "\0" in text:
        text, warnings = text.replace("\0", ""), [*warnings, ParseWarning.NUL_BYTES]
    if warnings or b"\r" in content:
        # a file whose line breaks were converted twice
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    return text, warnings


def replace_surrogates(text: str) -> str:
    """Return a text with U+FFFD for halves of surrogate pairs.

    Escapes in front matter can produce them, and no column can store them.
    """
    return SURROGATES.sub("\ufffd", text)
