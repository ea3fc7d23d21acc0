"""Members of a zip archive."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from typing import IO

from posts.sources.archives.base import Member, Unreadable
from schemas.enums import Reason

IS_ENCRYPTED, IS_UTF8 = 0x1, 0x800
FOLDER_OF_DOS = 0x10
# What the others unpack to has no bound: 46 MB from 40 bytes with bzip2. Deflate packs 1032 to 1 at best.
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# The end of a zip: it may be followed by a comment of 64 KiB, and counts the members.
END = b"PK\5\6"
END_BYTES = 22 + 65535
COUNT = slice(10, 12)
# What a zip of 65,535 members or more puts there; some count from zero again.
TOO_MANY = 0xFFFF
# A header may tell more than a column holds.
LARGEST_SIZE = 2**63 - 1
# An extra field of Info-ZIP: its kind, its bytes, which times it has, and the first, in UTC. The time that
# every member has is that of a clock on some wall.
TIME = struct.Struct("<HHBi")
TIME_KIND, HAS_MTIME = 0x5455, 0x1
EXTRA_HEADER_BYTES = 4
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OSError)


def members(file: IO[bytes]) -> Iterator[Member]:
    """Yield the members of a zip. Raises Unreadable."""
    try:
        archive = zipfile.ZipFile(file)
    except BROKEN as error:
        raise Unreadable(f"its list of members is damaged or cut off: {error}") from error
    with archive:
        _check(file, archive.infolist())
        for info in archive.infolist():
            yield _member(archive, info)


def _check(file: IO[bytes], infos: list[zipfile.ZipInfo]) -> None:
    """See that the list has all members, and that no two are the same bytes, as in a bomb."""
    size_bytes = file.seek(0, 2)
    file.seek(max(0, size_bytes - END_BYTES))
    tail = file.read()
    told = int.from_bytes(tail[tail.rfind(END) :][COUNT], "little")
    if told not in (TOO_MANY, len(infos) & TOO_MANY):
        raise Unreadable(f"its list of members is damaged: {len(infos)} of {told} found")
    packed_bytes = sum(info.compress_size for info in infos)
    if packed_bytes > size_bytes:
        raise Unreadable(f"its members have {packed_bytes} bytes in a file of {size_bytes}: they overlap")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = _name(info)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFDIR or (not kind and info.external_attr & FOLDER_OF_DOS):
        name += b"/"
    size = min(info.file_size, LARGEST_SIZE)
    return Member(name, size, _mtime_ns(info.extra), _problem(info, kind), partial(_content, archive, info))


def _problem(info: zipfile.ZipInfo, kind: int) -> Reason | None:
    if kind == stat.S_IFLNK:
        return Reason.SYMLINK
    if kind not in (0, stat.S_IFREG):
        return Reason.NOT_A_FILE
    if info.flag_bits & IS_ENCRYPTED:
        return Reason.ENCRYPTED
    return None if info.compress_type in METHODS else Reason.UNREADABLE


def _name(info: zipfile.ZipInfo) -> bytes:
    """Return a name in UTF-8, or as it is where it is neither that nor Chinese.

    zipfile takes names for CP437 that are not marked as UTF-8. Linux and Mac write UTF-8 unmarked, Windows its
    own encoding: in China GB18030. That of Taiwan or Japan is told apart by nothing, and becomes wrong characters.
    """
    text = info.orig_filename
    if not info.flag_bits & IS_UTF8:
        raw = text.encode("cp437")
        decoded = _decoded(raw)
        if decoded is None:
            return raw
        text = decoded
    # early .NET on Windows wrote backslashes
    return (text.replace("\\", "/") if info.create_system == 0 else text).encode()


def _decoded(raw: bytes) -> str | None:
    for charset in ("utf-8", "gb18030"):
        try:
            return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    return None


def _mtime_ns(extra: bytes) -> int | None:
    while len(extra) >= TIME.size:
        kind, size, times, seconds = TIME.unpack_from(extra)
        if kind == TIME_KIND and EXTRA_HEADER_BYTES + size >= TIME.size and times & HAS_MTIME:
            return int(seconds) * 10**9
        extra = extra[EXTRA_HEADER_BYTES + size :]
    return None


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
    """Return the bytes of a member; None where they are not those that were packed."""
    try:
        with archive.open(info) as member:
            # one more than it has to have, as the checksum is looked at when it ends
            content = member.read(info.file_size + 1)
    except BROKEN:
        return None
    return content if len(content) == info.file_size else None
