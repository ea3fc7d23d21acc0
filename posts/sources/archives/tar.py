"""Read the members of a tar archive from beginning to end.

The standard library's tarfile takes a damaged header for the end of the archive, and hangs on some hostile
headers (CVE-2025-8194).
"""

import re
import struct
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from posts.sources.archives.base import ArchiveReadError, Member
from schemas.enums import Reason

BLOCK_BYTES = 512
# Names have at most 4096 bytes, extended attributes at most 64 KiB. libarchive has the same limit of 1 MiB.
MAX_EXTENSION_BYTES = 1024 * 1024
SKIP_CHUNK_BYTES = 1024 * 1024
# name, size, mtime, kind, magic of the format, prefix (the folders of a long name)
HEADER_FIELDS = struct.Struct("100s24x12s12s8xc100x6s82x155s12x")
SIGNED_BYTES = struct.Struct("148b8x356b")
TRUNCATED = "it ends in the middle of a member"
POSITIVE_MARKER, NEGATIVE_MARKER = 0x80, 0xFF
OCTAL = re.compile(rb"[0-7]+")
PAX_RECORD = re.compile(rb"([0-9]{1,7}) ([^=]+)=")
DECIMAL = re.compile(rb"[0-9]{1,19}")
PAX_SECONDS = re.compile(rb"-?[0-9]{1,10}(\.[0-9]{1,12})?")
INT64 = range(-(2**63), 2**63)
# Kinds of members.
FILE_KINDS, LINK_KINDS, SPECIAL_FILE_KINDS, FOLDER_KINDS = b"\x00" + b"07", b"12", b"346", b"5D"
KINDS_WITHOUT_CONTENT = b"123456"
# Extensions: the long name of the next member, or its pax records. Those of "g" are for all next members.
LONG_NAME_KINDS, PAX_KINDS, GLOBAL_PAX_KINDS, LONG_LINK_KINDS = b"L", b"xX", b"g", b"K"
EXTENSION_KINDS = LONG_NAME_KINDS + PAX_KINDS + GLOBAL_PAX_KINDS + LONG_LINK_KINDS
SPARSE_KINDS = b"S"
SPARSE_KEYS = {b"GNU.sparse.size", b"GNU.sparse.realsize"}
# Other records are not stored: a hostile header has a hundred thousand.
PAX_KEYS = {b"path", b"size", b"mtime", b"GNU.sparse.name", *SPARSE_KEYS}


class Stream:
    """A forward-only reader of bytes that arrive in chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.offset = 0
        self._chunks = chunks
        self._buffer = bytearray()

    def read_up_to(self, size: int) -> bytes:
        """Return the next `size` bytes; fewer at the end."""
        while len(self._buffer) < size and (chunk := next(self._chunks, None)) is not None:
            self._buffer += chunk
        content = bytes(memoryview(self._buffer)[:size])
        del self._buffer[:size]
        self.offset += len(content)
        return content

    def read(self, size: int) -> bytes:
        content = self.read_up_to(size)
        if len(content) < size:
            raise ArchiveReadError(TRUNCATED)
        return content

    def skip_to(self, offset: int) -> None:
        while self.offset < offset:
            self.read(min(offset - self.offset, SKIP_CHUNK_BYTES))


def is_header(block: bytes) -> bool:
    """Return whether a block is the header of a member: its checksum is correct."""
    if len(block) < BLOCK_BYTES:
        return False
    field = block[148:156]
    checksum = _parse_number(field)
    blank_sum = len(field) * ord(" ")
    # some old programs computed the sum of signed bytes
    return (
        checksum == sum(block) - sum(field) + blank_sum
        or checksum == sum(SIGNED_BYTES.unpack(block)) + blank_sum
    )


def iter_members(chunks: Iterator[bytes]) -> Iterator[Member]:
    """Yield the members of a tar. Raises ArchiveReadError.

    Blocks of zeros, which end a tar, are skipped: another tar may have been appended. Anything else after
    them is an error.
    """
    stream = Stream(chunks)
    global_records, member_records = dict[bytes, bytes](), dict[bytes, bytes]()
    has_open_extension = False
    while block := stream.read_up_to(BLOCK_BYTES):
        if not has_open_extension and not block.strip(b"\0"):
            continue
        _check_header(block, stream.offset - len(block))
        kind = block[156:157]
        has_open_extension = kind in EXTENSION_KINDS and kind != GLOBAL_PAX_KINDS
        if kind in EXTENSION_KINDS:
            (member_records if has_open_extension else global_records).update(
                _read_extension(kind, stream, block)
            )
            continue
        if kind == SPARSE_KINDS:
            _skip_sparse_map(stream, block)
        member = _parse_member(stream, block, global_records | member_records)
        end = stream.offset + _round_up_to_block(0 if kind in KINDS_WITHOUT_CONTENT else member.size)
        yield member
        stream.skip_to(end)
        member_records.clear()
    if has_open_extension:
        raise ArchiveReadError(TRUNCATED)


def _check_header(block: bytes, offset: int) -> None:
    if not is_header(block):
        raise ArchiveReadError(
            f"it is damaged {offset} bytes into the tar" if offset else "there is no tar in it"
        )


def _parse_member(stream: Stream, block: bytes, records: dict[bytes, bytes]) -> Member:
    name, size_field, mtime, kind, magic, prefix = HEADER_FIELDS.unpack(block)
    name = name.partition(b"\0")[0]
    # GNU tar stores other data in the field of the prefix
    if magic == b"ustar\0" and prefix[0]:
        name = prefix.partition(b"\0")[0] + b"/" + name
    name = records.get(b"GNU.sparse.name") or records.get(b"path") or name
    if kind in FOLDER_KINDS:
        name += b"/"
    size = _parse_size(size_field, records.get(b"size"))
    return Member(
        name,
        size,
        _parse_mtime_ns(mtime, records.get(b"mtime")),
        _find_problem(kind, records),
        partial(stream.read, size),
    )


def _find_problem(kind: bytes, records: dict[bytes, bytes]) -> Reason | None:
    if kind in LINK_KINDS:
        return Reason.SYMLINK
    if kind in SPECIAL_FILE_KINDS:
        return Reason.NOT_A_FILE
    # a sparse file, a continuation of a file from another archive, or an unknown kind
    if kind not in FILE_KINDS or not SPARSE_KEYS.isdisjoint(records):
        return Reason.UNREADABLE
    return None


def _parse_size(field: bytes, record: bytes | None) -> int:
    size = int(record) if record and DECIMAL.fullmatch(record) else _parse_number(field)
    if size is None or size < 0:
        raise ArchiveReadError(f"it has a member with a size of {record or field!r}")
    return size


def _parse_mtime_ns(field: bytes, record: bytes | None) -> int | None:
    """Return a time in nanoseconds; None if it cannot be parsed, or is outside the years 1677 to 2262."""
    if record and PAX_SECONDS.fullmatch(record):
        nanoseconds = int(Decimal(record.decode()) * 10**9)
    else:
        seconds = _parse_number(field)
        if seconds is None:
            return None
        nanoseconds = seconds * 10**9
    return nanoseconds if nanoseconds in INT64 else None


def _parse_number(field: bytes) -> int | None:
    """Parse octal digits, or the bytes of an integer after a marker byte; None if it is neither."""
    if field[0] in (POSITIVE_MARKER, NEGATIVE_MARKER):
        return int.from_bytes(field[1:], "big", signed=field[0] == NEGATIVE_MARKER)
    digits = field.partition(b"\0")[0].strip()
    if digits and not OCTAL.fullmatch(digits):
        return None
    return int(digits or b"0", 8)


def _read_extension(kind: bytes, stream: Stream, block: bytes) -> dict[bytes, bytes]:
    size = _parse_size(HEADER_FIELDS.unpack(block)[1], None)
    if size > MAX_EXTENSION_BYTES:
        raise ArchiveReadError(f"it has a name or header of {size} bytes; the limit is {MAX_EXTENSION_BYTES}")
    payload = stream.read(_round_up_to_block(size))[:size]
    if kind == LONG_LINK_KINDS:
        return {}
    return (
        {b"path": payload.partition(b"\0")[0]}
        if kind == LONG_NAME_KINDS
        else _parse_pax_records(payload.rstrip(b"\0"))
    )


def _parse_pax_records(payload: bytes) -> dict[bytes, bytes]:
    """Parse pax records: "<length of the record> <key>=<value>" and a line feed."""
    records = {}
    start = 0
    while start < len(payload):
        match = PAX_RECORD.match(payload, start)
        end = start + int(match[1]) if match else 0
        if not match or match.end() >= end or payload[end - 1 : end] != b"\n":
            raise ArchiveReadError("it has a broken header of pax")
        if match[2] in PAX_KEYS:
            records[match[2]] = payload[match.end() : end - 1]
        start = end
    return records


def _skip_sparse_map(stream: Stream, block: bytes) -> None:
    """Skip the blocks of the map of a sparse file. A flag in each block says whether another one follows."""
    has_next = block[482]
    while has_next:
        has_next = stream.read(BLOCK_BYTES)[504]


def _round_up_to_block(size: int) -> int:
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES
