"""Read the post files of an archive: zip, or tar, as it is or packed by gzip, zstd, xz or bzip2.

It is read once, forwards, and its posts are kept unpacked in a temporary file. Nothing is ever written under
a name that the archive gives, and archives in it are not opened.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import IO, Self

from posts.sources.archives import tar
from posts.sources.archives.base import Member, Unreadable
from posts.sources.archives.compression import packer, pieces
from posts.sources.archives.spool import Spool
from posts.sources.archives.zip import members as zip_members
from posts.sources.files import LARGEST_BYTES, File, is_post
from posts.sources.paths import inside, printable, to_text
from schemas.enums import Reason
from schemas.errors import SourceError
from schemas.keys import blob_id

# with members, without any, in several parts
ZIP = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")
TAR_MAGIC = slice(257, 262)
SEPARATORS = re.compile(rb"[/\\]")
# a name may well begin with "Q:"
DRIVE = re.compile(rb"[A-Za-z]:[/\\]")
# A Mac keeps there what it knows about a file, under the name of the file.
MAC_FOLDER, MAC_PREFIX = b"__MACOSX", b"._"


class ArchiveError(SourceError):
    """An archive that cannot be read; the message is one line: archive, what is wrong."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the spool has the bytes of a file; nowhere, if there is a problem."""

    offset: int
    size: int
    mtime_ns: int | None
    problem: Reason | None = None
    blob: str | None = None


class Archive:
    """An archive, or the folder `below` in it, as a context manager; in it, its post files can be read."""

    def __init__(self, path: bytes, below: str = "") -> None:
        self._path, self._below = path, below
        self._places = dict[str, Place]()

    def __enter__(self) -> Self:
        """Unpack the posts. Raises ArchiveError."""
        try:
            with ExitStack() as stack, open(self._path, "rb") as file:  # noqa: PTH123 - a path of any bytes
                self._spool = stack.enter_context(closing(Spool()))
                self._fill(_members(file))
                self._spool.flush()
                stack.pop_all()
        except (Unreadable, OSError) as error:
            says = error.strerror if isinstance(error, OSError) else error
            raise ArchiveError(f"{printable(to_text(self._path))}: {says}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def files(self, origin: str) -> list[File]:
        """Return every post file; of several with one path the last, which unpacking would leave."""
        return [
            File(origin, path, place.size, place.mtime_ns, place.problem, place.blob)
            for path, place in self._places.items()
        ]

    def content(self, file_path: str) -> bytes:
        """Return the bytes of a file without a problem."""
        place = self._places[file_path]
        assert place.problem is None
        return self._spool.read(place.offset, place.size)

    def _fill(self, members: Iterator[Member]) -> None:
        folder = inside(self._below)
        is_there = not folder
        for member in members:
            path = _tidy(member.name)
            if path.startswith(folder):
                is_there = True
                self._add(path.removeprefix(folder), member)
        if not is_there:
            raise Unreadable(f"it has no folder {printable(self._below)}")

    def _add(self, path: bytes, member: Member) -> None:
        if not is_post(path) or _is_of_mac(path):
            return
        problem = _problem(member)
        content = None if problem else member.read()
        if content is None:
            place = Place(0, member.size, member.mtime_ns, problem or Reason.UNREADABLE)
        else:
            place = Place(self._spool.add(content), len(content), member.mtime_ns, None, blob_id(content))
        self._places[to_text(path)] = place


def is_archive(path: bytes) -> bool:
    """Say whether a file begins as an archive does; False where there is no file, or one that cannot be opened."""
    try:
        # opening a pipe would wait for its writer
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a path of any bytes
            return False
        with open(path, "rb") as file:  # noqa: PTH123 - a path of any bytes
            opening = file.read(tar.BLOCK)
    except OSError:
        return False
    return opening.startswith(ZIP) or packer(opening) is not None or _is_tar(opening)


def _members(file: IO[bytes]) -> Iterator[Member]:
    opening = file.read(tar.BLOCK)
    file.seek(0)
    if opening.startswith(ZIP):
        return zip_members(file)
    packed_with = packer(opening)
    if packed_with is None and not _is_tar(opening):
        raise Unreadable("it is no archive of a known kind" if opening else "it is empty")
    return tar.members(pieces(file, packed_with))


def _is_tar(opening: bytes) -> bool:
    return opening[TAR_MAGIC] == b"ustar" or tar.is_header(opening)


def _problem(member: Member) -> Reason | None:
    if _is_unsafe(member.name):
        return Reason.UNSAFE_PATH
    return member.problem or (Reason.TOO_LARGE if member.size > LARGEST_BYTES else None)


def _is_unsafe(name: bytes) -> bool:
    """Say whether unpacking could write a name outside of its folder, on any system, or could not write it."""
    parts = SEPARATORS.split(name)
    return not parts[0] or b".." in parts or b"\0" in name or DRIVE.match(name) is not None


def _is_of_mac(path: bytes) -> bool:
    *folders, name = path.split(b"/")
    return name.startswith(MAC_PREFIX) or MAC_FOLDER in folders


def _tidy(name: bytes) -> bytes:
    """Leave out of a name what means nothing: "./a//b" is "a/b". What is first or last in it stays."""
    first, last = b"/" * name.startswith(b"/"), b"/" * name.endswith(b"/")
    return first + b"/".join(part for part in name.split(b"/") if part not in (b"", b".")) + last
