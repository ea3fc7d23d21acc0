"""Bytes of a post file: read, decoded."""

import os
import re
import stat

from posts.sources.paths import to_bytes
from posts.text.encoding import decoded
from schemas.enums import Reason, Warn

# Ten times the longest real post seen (3 MB of inlined pictures); a larger file is a book or a mistake.
LARGEST_BYTES = 32 * 1024 * 1024
# What a post can begin with: a byte order mark of UTF-16, or the opening of front matter in an ASCII superset or UTF-16.
POST_OPENING = re.compile(
    rb"\xff\xfe|\xfe\xff|(?:\xef\xbb\xbf)?\s*(?:---|\+\+\+|\{)|(?:[-+]\0){3}|(?:\0[-+]){3}"
)
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
SURROGATES = re.compile("[\ud800-\udfff]")


class Rejected(Exception):
    """A file that is meant to be a post and cannot be one."""

    def __init__(self, reason: Reason, field: str | None = None, detail: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.field, self.detail = reason, field, detail


class Ignored(Exception):
    """A file that is not meant to be a post."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def read(origin: str, path: str) -> bytes:
    """Return the bytes of a file. Raises Rejected: unreadable, too_large, not_a_file."""
    try:
        # without O_NONBLOCK a pipe with no writer would hold the run up for ever
        descriptor = os.open(os.path.join(to_bytes(origin), to_bytes(path)), os.O_RDONLY | os.O_NONBLOCK)  # noqa: PTH118
        try:
            return _whole(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Rejected(Reason.UNREADABLE, detail=error.strerror) from error


def _whole(descriptor: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise Rejected(Reason.NOT_A_FILE)
    size = status.st_size
    if size > LARGEST_BYTES:
        raise too_large(size)
    content = os.read(descriptor, size + 1)
    # a read may come short, as on network file systems, and a file may grow while it is read
    while more := os.read(descriptor, LARGEST_BYTES) if len(content) != size or not size else b"":
        content += more
    return content


def too_large(size: int) -> Rejected:
    return Rejected(Reason.TOO_LARGE, detail=f"{size} bytes; the limit is {LARGEST_BYTES}")


def decode(content: bytes) -> tuple[str, list[Warn]]:
    """Return the text of a file with line feeds only, and warnings about what had to be guessed.

    Raises Ignored for bytes that cannot begin a post, so that no picture is guessed to be Shift-JIS, and
    Rejected for a pointer in whose place Git LFS would put the file.
    """
    if not POST_OPENING.match(content):
        if content.startswith(LFS_POINTER):
            raise Rejected(Reason.LFS_POINTER, detail=content[:200].decode(errors="replace"))
        raise Ignored(Reason.NO_FRONT_MATTER if content.strip() else Reason.EMPTY)
    text, warnings = decoded(content)
    if "\0" in text:
        text, warnings = text.replace("\0", ""), [*warnings, Warn.NUL_BYTES]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, warnings


def without_surrogates(text: str) -> str:
    """Put U+FFFD for halves of surrogate pairs, which escapes in front matter can spell and no column holds."""
    return SURROGATES.sub("\ufffd", text)
