"""Members of a tar archive, read forwards.

The tarfile of the standard library takes a damaged header for the end of the archive, and hangs on some
hostile ones (CVE-2025-8194).
"""

import re
import struct
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from posts.sources.archives.base import Member, Unreadable
from schemas.enums import Reason

BLOCK = 512
# Names have 4096 bytes at most and extended attributes 64 KiB. It is the limit of libarchive too.
LARGEST_EXTENSION_BYTES = 1024 * 1024
SKIPPED_BYTES = 1024 * 1024
# name, size, mtime, kind, whose format, the folders of a long name
FIELDS = struct.Struct("100s24x12s12s8xc100x6s82x155s12x")
SIGNED_BYTES = struct.Struct("148b8x356b")
CUT_OFF = "it ends in the middle of a member"
POSITIVE, NEGATIVE = 0x80, 0xFF
OCTAL = re.compile(rb"[0-7]+")
RECORD = re.compile(rb"([0-9]{1,7}) ([^=]+)=")
DECIMAL = re.compile(rb"[0-9]{1,19}")
SECONDS = re.compile(rb"-?[0-9]{1,10}(\.[0-9]{1,12})?")
INT64 = range(-(2**63), 2**63)
# Kinds of members.
FILES, LINKS, NO_FILES, FOLDERS = b"\x00" + b"07", b"12", b"346", b"5D"
WITHOUT_BYTES = b"123456"
# They tell of the next member: its name, records of pax; those of "g" tell of all that follow.
NAME, RECORDS, RECORDS_OF_ALL, LINK = b"L", b"xX", b"g", b"K"
EXTENSIONS = NAME + RECORDS + RECORDS_OF_ALL + LINK
SPARSE = b"S"
SPARSE_KEYS = {b"GNU.sparse.size", b"GNU.sparse.realsize"}
# The others are not kept, as a hostile header has a hundred thousand.
KEYS = {b"path", b"size", b"mtime", b"GNU.sparse.name", *SPARSE_KEYS}


class Stream:
    """Bytes that come in pieces, read forwards."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.offset = 0
        self._pieces = pieces
        self._ahead = bytearray()

    def upto(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        while len(self._ahead) < size and (piece := next(self._pieces, None)) is not None:
            self._ahead += piece
        taken = bytes(memoryview(self._ahead)[:size])
        del self._ahead[:size]
        self.offset += len(taken)
        return taken

    def read(self, size: int) -> bytes:
        taken = self.upto(size)
        if len(taken) < size:
            raise Unreadable(CUT_OFF)
        return taken

    def skip_to(self, offset: int) -> None:
        while self.offset < offset:
            self.read(min(offset - self.offset, SKIPPED_BYTES))


def is_header(block: bytes) -> bool:
    """Say whether a block heads a member: its checksum is right."""
    if len(block) < BLOCK:
        return False
    field = block[148:156]
    told = _number(field)
    blanks = len(field) * ord(" ")
    # some writers of old added signed bytes
    return told == sum(block) - sum(field) + blanks or told == sum(SIGNED_BYTES.unpack(block)) + blanks


def members(pieces: Iterator[bytes]) -> Iterator[Member]:
    """Yield the members of a tar. Raises Unreadable.

    Blocks of zeros end a tar and are passed over: what follows is a tar that was written behind it, or damage.
    """
    stream = Stream(pieces)
    of_all, of_next = dict[bytes, bytes](), dict[bytes, bytes]()
    is_begun = False
    while block := stream.upto(BLOCK):
        if not is_begun and not block.strip(b"\0"):
            continue
        _check(block, stream.offset - len(block))
        kind = block[156:157]
        is_begun = kind in EXTENSIONS and kind != RECORDS_OF_ALL
        if kind in EXTENSIONS:
            (of_next if is_begun else of_all).update(_extension(kind, stream, block))
            continue
        if kind == SPARSE:
            _skip_map(stream, block)
        member = _member(stream, block, of_all | of_next)
        end = stream.offset + _whole_blocks(0 if kind in WITHOUT_BYTES else member.size)
        yield member
        stream.skip_to(end)
        of_next.clear()
    if is_begun:
        raise Unreadable(CUT_OFF)


def _check(block: bytes, offset: int) -> None:
    if not is_header(block):
        raise Unreadable(f"it is damaged {offset} bytes into the tar" if offset else "there is no tar in it")


def _member(stream: Stream, block: bytes, told: dict[bytes, bytes]) -> Member:
    name, size_field, mtime, kind, magic, folders = FIELDS.unpack(block)
    name = name.partition(b"\0")[0]
    # GNU keeps other things in the place of the folders
    if magic == b"ustar\0" and folders[0]:
        name = folders.partition(b"\0")[0] + b"/" + name
    name = told.get(b"GNU.sparse.name") or told.get(b"path") or name
    if kind in FOLDERS:
        name += b"/"
    size = _size(size_field, told.get(b"size"))
    return Member(
        name, size, _mtime_ns(mtime, told.get(b"mtime")), _problem(kind, told), partial(stream.read, size)
    )


def _problem(kind: bytes, told: dict[bytes, bytes]) -> Reason | None:
    if kind in LINKS:
        return Reason.SYMLINK
    if kind in NO_FILES:
        return Reason.NOT_A_FILE
    # a sparse file, the rest of one that began in another archive, a kind of some other program
    if kind not in FILES or not SPARSE_KEYS.isdisjoint(told):
        return Reason.UNREADABLE
    return None


def _size(field: bytes, told: bytes | None) -> int:
    size = int(told) if told and DECIMAL.fullmatch(told) else _number(field)
    if size is None or size < 0:
        raise Unreadable(f"it has a member with a size of {told or field!r}")
    return size


def _mtime_ns(field: bytes, told: bytes | None) -> int | None:
    """Return a time in nanoseconds; None where it is unreadable, or beyond the years 1677 to 2262."""
    if told and SECONDS.fullmatch(told):
        nanoseconds = int(Decimal(told.decode()) * 10**9)
    else:
        seconds = _number(field)
        if seconds is None:
            return None
        nanoseconds = seconds * 10**9
    return nanoseconds if nanoseconds in INT64 else None


def _number(field: bytes) -> int | None:
    """Read octal digits, or the bytes of a number behind the mark of one; None where there is neither."""
    if field[0] in (POSITIVE, NEGATIVE):
        return int.from_bytes(field[1:], "big", signed=field[0] == NEGATIVE)
    digits = field.partition(b"\0")[0].strip()
    if digits and not OCTAL.fullmatch(digits):
        return None
    return int(digits or b"0", 8)


def _extension(kind: bytes, stream: Stream, block: bytes) -> dict[bytes, bytes]:
    size = _size(FIELDS.unpack(block)[1], None)
    if size > LARGEST_EXTENSION_BYTES:
        raise Unreadable(f"it has a name or header of {size} bytes; the limit is {LARGEST_EXTENSION_BYTES}")
    text = stream.read(_whole_blocks(size))[:size]
    if kind == LINK:
        return {}
    return {b"path": text.partition(b"\0")[0]} if kind == NAME else _records(text.rstrip(b"\0"))


def _records(text: bytes) -> dict[bytes, bytes]:
    """Read records of pax: "<length of the record> <key>=<value>" and a line feed."""
    records = {}
    start = 0
    while start < len(text):
        found = RECORD.match(text, start)
        end = start + int(found[1]) if found else 0
        if not found or found.end() >= end or text[end - 1 : end] != b"\n":
            raise Unreadable("it has a broken header of pax")
        if found[2] in KEYS:
            records[found[2]] = text[found.end() : end - 1]
        start = end
    return records


def _skip_map(stream: Stream, block: bytes) -> None:
    """Pass over the blocks that tell where the pieces of a sparse file belong; each tells whether one follows."""
    follows = block[482]
    while follows:
        follows = stream.read(BLOCK)[504]


def _whole_blocks(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
