"""Read the members of a zip archive."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from typing import IO

from posts.sources.archives.base import ArchiveReadError, Member
from schemas.enums import Reason

ENCRYPTED_FLAG, UTF8_FLAG = 0x1, 0x800
DOS_FOLDER_FLAG = 0x10
# The ratio of other methods is not limited: bzip2 decompresses 40 bytes to 46 MB. That of deflate is at most
# 1032 to 1.
SUPPORTED_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# The end record of a zip contains the number of members. A comment of up to 64 KiB may follow it.
END_SIGNATURE = b"PK\5\6"
MAX_END_BYTES = 22 + 65535
COUNT_SLICE = slice(10, 12)
# The number that a zip of 65,535 members or more stores there; some programs store the number modulo 65,536.
COUNT_OVERFLOW = 0xFFFF
# A header may contain a larger size than a column can store.
MAX_SIZE_BYTES = 2**63 - 1
# The extra field of Info-ZIP: kind, size, flags of the times in it, and the first time, in UTC. The standard
# time of a member is not used: it is a local time without a zone.
TIME_FIELD = struct.Struct("<HHBi")
TIME_KIND, MTIME_FLAG = 0x5455, 0x1
EXTRA_HEADER_BYTES = 4
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OSError)


def iter_members(file: IO[bytes]) -> Iterator[Member]:
    """Yield the members of a zip. Raises ArchiveReadError."""
    try:
        archive = zipfile.ZipFile(file)
    except ZIP_ERRORS as error:
        raise ArchiveReadError(f"its list of members is damaged or cut off: {error}") from error
    with archive:
        _check_directory(file, archive.infolist())
        for info in archive.infolist():
            yield _as_member(archive, info)


def _check_directory(file: IO[bytes], infos: list[zipfile.ZipInfo]) -> None:
    """Raise ArchiveReadError if the list of members is incomplete, or if they overlap, as in a zip bomb."""
    size_bytes = file.seek(0, 2)
    file.seek(max(0, size_bytes - MAX_END_BYTES))
    tail = file.read()
    stored_count = int.from_bytes(tail[tail.rfind(END_SIGNATURE) :][COUNT_SLICE], "little")
    if stored_count not in (COUNT_OVERFLOW, len(infos) & COUNT_OVERFLOW):
        raise ArchiveReadError(f"its list of members is damaged: {len(infos)} of {stored_count} found")
    packed_bytes = sum(info.compress_size for info in infos)
    if packed_bytes > size_bytes:
        raise ArchiveReadError(
            f"its members have {packed_bytes} bytes in a file of {size_bytes}: they overlap"
        )


def _as_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = _decode_name(info)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFDIR or (not kind and info.external_attr & DOS_FOLDER_FLAG):
        name += b"/"
    size = min(info.file_size, MAX_SIZE_BYTES)
    return Member(
        name,
        size,
        _parse_mtime_ns(info.extra),
        _find_problem(info, kind),
        partial(_read_content, archive, info),
    )


def _find_problem(info: zipfile.ZipInfo, kind: int) -> Reason | None:
    if kind == stat.S_IFLNK:
        return Reason.SYMLINK
    if kind not in (0, stat.S_IFREG):
        return Reason.NOT_A_FILE
    if info.flag_bits & ENCRYPTED_FLAG:
        return Reason.ENCRYPTED
    return None if info.compress_type in SUPPORTED_METHODS else Reason.UNREADABLE


def _decode_name(info: zipfile.ZipInfo) -> bytes:
    """Return a name in UTF-8; unchanged if it is neither UTF-8 nor GB18030.

    zipfile decodes names without the UTF-8 flag as CP437. Linux and macOS write UTF-8 without the flag.
    Windows writes its own encoding, in China GB18030. The encodings of Taiwan and Japan cannot be
    distinguished from it, and result in wrong characters.
    """
    text = info.orig_filename
    if not info.flag_bits & UTF8_FLAG:
        raw = text.encode("cp437")
        decoded = _try_decode(raw)
        if decoded is None:
            return raw
        text = decoded
    # early .NET versions on Windows wrote backslashes
    return (text.replace("\\", "/") if info.create_system == 0 else text).encode()


def _try_decode(raw: bytes) -> str | None:
    for charset in ("utf-8", "gb18030"):
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    return None


def _parse_mtime_ns(extra: bytes) -> int | None:
    while len(extra) >= TIME_FIELD.size:
        kind, size, flags, seconds = TIME_FIELD.unpack_from(extra)
        if kind == TIME_KIND and EXTRA_HEADER_BYTES + size >= TIME_FIELD.size and flags & MTIME_FLAG:
            return int(seconds) * 10**9
        extra = extra[EXTRA_HEADER_BYTES + size :]
    return None


def _read_content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
    """Return the bytes of a member; None if they are damaged."""
    try:
        with archive.open(info) as member:
            # one byte more than its size: zipfile checks the checksum only at the end
            content = member.read(info.file_size + 1)
    except ZIP_ERRORS:
        return None
    return content if len(content) == info.file_size else None
