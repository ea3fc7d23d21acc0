"""Bytes of a post file as text."""

from posts.errors import Ignored, Rejected
from posts.formats import POST_OPENING
from posts.text.encoding import SURROGATES, decode_bytes
from schemas.enums import ParseWarning, Reason

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def decode(content: bytes) -> tuple[str, list[ParseWarning]]:
    """Return the text of a file with line feeds only, and warnings about what had to be guessed.

    Raises Ignored for bytes that cannot begin a post, so that no picture is guessed to be Shift-JIS, and
    Rejected for a pointer in whose place Git LFS would put the file.
    """
    if not POST_OPENING.match(content):
        if content.startswith(LFS_POINTER):
            raise Rejected(Reason.LFS_POINTER, detail=content[:200].decode(errors="replace"))
        raise Ignored(Reason.NO_FRONT_MATTER if content.strip() else Reason.EMPTY)
    text, warnings = decode_bytes(content)
    if "\0" in text:
        text, warnings = text.replace("\0", ""), [*warnings, ParseWarning.NUL_BYTES]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, warnings


def replace_surrogates(text: str) -> str:
    """Put U+FFFD for halves of surrogate pairs, which escapes in front matter can spell and no column holds."""
    return SURROGATES.sub("\ufffd", text)
