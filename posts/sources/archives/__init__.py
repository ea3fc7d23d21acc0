"""Read the post files of an archive: zip, or tar (uncompressed, or compressed with gzip, zstd, xz or bzip2).

An archive is read once, from beginning to end, and its posts are unpacked to one temporary file. No file is
written under a name from the archive, and archives in it are not opened.
"""

import io
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from typing import IO, Self

from posts.sources.archives import tar
from posts.sources.archives.base import ArchiveReadError, Member
from posts.sources.archives.compression import decompress, detect_codec
from posts.sources.archives.lines import LineIndex, is_jsonl, iter_lines
from posts.sources.archives.opened import ArchiveError, OpenArchive, SpoolEntry
from posts.sources.archives.spool import Spool
from posts.sources.archives.zip import iter_members as zip_members
from posts.sources.files import POST_SUFFIXES, SourceFile, is_other_file, is_post, size_error
from posts.sources.passed_over import PassedOver
from posts.sources.paths import decode_path, dir_prefix, printable
from schemas.enums import Reason
from schemas.keys import blob_id

# zip with members, without members, in several parts
ZIP_MAGICS = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")
TAR_MAGIC = slice(257, 262)
SEPARATORS = re.compile(rb"[/\\]")
# "Q:" without a slash is a valid beginning of a name
DRIVE_PREFIX = re.compile(rb"[A-Za-z]:[/\\]")
# such a file is unpacked in memory
MAX_FILE_OF_LINES_BYTES = 256 * 1024 * 1024
# macOS stores the metadata of a file there, under the name of the file.
MAC_FOLDER, MAC_PREFIX = b"__MACOSX", b"._"


class Archive:
    """A context manager that unpacks the post files of an archive, or of the folder `subpath` in it.

    The names of its post files end with one of `suffixes`. Lines of JSONL files in it are files below them; `id_key_of`
    returns the key of their ids (see posts.settings).
    """

    def __init__(
        self,
        path: bytes,
        subpath: str = "",
        suffixes: tuple[bytes, ...] = POST_SUFFIXES,
        id_key_of: Callable[[str], str] = lambda _: "",
    ) -> None:
        self._path, self._subpath, self._suffixes, self._id_key_of = path, subpath, suffixes, id_key_of
        self._entries = dict[str, SpoolEntry]()
        self.passed_over = PassedOver()

    def __enter__(self) -> Self:
        """Unpack the posts. Raises ArchiveError."""
        try:
            with ExitStack() as stack, open(self._path, "rb") as file:  # noqa: PTH123 - a path of any bytes
                self._spool = stack.enter_context(closing(Spool()))
                self._unpack(_members(file))
                self._spool.flush()
                stack.pop_all()
        except (ArchiveReadError, OSError) as error:
            message = error.strerror if isinstance(error, OSError) else error
            raise ArchiveError(f"{printable(decode_path(self._path))}: {message}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def list_files(self, origin: str) -> list[SourceFile]:
        """Return every post file. Of several with the same path, it is the last one, as after unpacking."""
        return [
            SourceFile(origin, path, entry.size, entry.mtime_ns, entry.problem, entry.blob)
            for path, entry in self._entries.items()
        ]

    def restricted_to(self, paths: Iterable[str]) -> "OpenArchive":
        """Return some of the files as a value that another process can read while this archive is open."""
        return OpenArchive(self._spool, {path: self._entries[path] for path in paths})

    def _unpack(self, members: Iterator[Member]) -> None:
        prefix = dir_prefix(self._subpath)
        has_folder = not prefix
        for member in members:
            path = _normalize_name(member.name)
            if path.startswith(prefix):
                has_folder = True
                self._add_member(path.removeprefix(prefix), member)
        if not has_folder:
            raise ArchiveReadError(f"it has no folder {printable(self._subpath)}")

    def _add_member(self, path: bytes, member: Member) -> None:
        if _is_macos_metadata(path):
            return
        if is_jsonl(path) and is_post(path, (b"",)):
            self._add_lines(decode_path(path), member)
            return
        if not is_post(path, self._suffixes):
            if not path.endswith(b"/") and is_other_file(path, self._suffixes):
                self.passed_over.add(path)
            return
        problem = _find_problem(member)
        content = None if problem else member.read()
        if content is None:
            entry = SpoolEntry(0, member.size, member.mtime_ns, problem or Reason.UNREADABLE)
        else:
            entry = SpoolEntry(
                self._spool.add(content), len(content), member.mtime_ns, None, blob_id(content)
            )
        self._entries[decode_path(path)] = entry

    def _add_lines(self, path: str, member: Member) -> None:
        problem, detail = Reason.UNSAFE_PATH if _is_unsafe(member.name) else member.problem, None
        if problem is None and member.size > MAX_FILE_OF_LINES_BYTES:
            problem = Reason.TOO_LARGE
            detail = f"{member.size} bytes; the limit of JSONL in an archive is {MAX_FILE_OF_LINES_BYTES}"
        content = None if problem else member.read()
        if content is not None:
            try:
                self._entries |= {f"{path}/{name}": entry for name, entry in self._index_lines(path, content)}
                problem = Reason.FILE_OF_LINES
            except ArchiveReadError as error:
                detail = str(error)
        self._entries[path] = SpoolEntry(
            0, member.size, member.mtime_ns, problem or Reason.UNREADABLE, detail=detail
        )

    def _index_lines(self, path: str, content: bytes) -> Iterable[tuple[str, SpoolEntry]]:
        """Return the lines of a JSONL file by name, if it has any. Raises ArchiveReadError."""
        index = LineIndex(self._id_key_of(path), lambda line: self._spool.add(line.content))
        for line in iter_lines(decompress(io.BytesIO(content), detect_codec(content))):
            index.add(line)
        if index.entries:
            index.check()
        return index.entries.items()


def is_archive(path: bytes) -> bool:
    """Return whether a file begins as an archive does; False if it does not exist or cannot be opened."""
    try:
        # to open a pipe would block until it has a writer
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a path of any bytes
            return False
        with open(path, "rb") as file:  # noqa: PTH123 - a path of any bytes
            first_block = file.read(tar.BLOCK_BYTES)
    except OSError:
        return False
    return first_block.startswith(ZIP_MAGICS) or detect_codec(first_block) is not None or _is_tar(first_block)


def _members(file: IO[bytes]) -> Iterator[Member]:
    first_block = file.read(tar.BLOCK_BYTES)
    file.seek(0)
    if first_block.startswith(ZIP_MAGICS):
        return zip_members(file)
    codec = detect_codec(first_block)
    if codec is None and not _is_tar(first_block):
        raise ArchiveReadError("it is no archive of a known kind" if first_block else "it is empty")
    return tar.iter_members(decompress(file, codec))


def _is_tar(first_block: bytes) -> bool:
    return first_block[TAR_MAGIC] == b"ustar" or tar.is_header(first_block)


def _find_problem(member: Member) -> Reason | None:
    if _is_unsafe(member.name):
        return Reason.UNSAFE_PATH
    return member.problem or (Reason.TOO_LARGE if size_error(member.size) else None)


def _is_unsafe(name: bytes) -> bool:
    """Return whether a name could be written outside of the target folder on some system, or not at all."""
    parts = SEPARATORS.split(name)
    return not parts[0] or b".." in parts or b"\0" in name or DRIVE_PREFIX.match(name) is not None


def _is_macos_metadata(path: bytes) -> bool:
    *folders, name = path.split(b"/")
    return name.startswith(MAC_PREFIX) or MAC_FOLDER in folders


def _normalize_name(name: bytes) -> bytes:
    """Return a name without redundant parts: "./a//b" is "a/b". A slash at its beginning or end is kept."""
    leading, trailing = b"/" * name.startswith(b"/"), b"/" * name.endswith(b"/")
    return leading + b"/".join(part for part in name.split(b"/") if part not in (b"", b".")) + trailing
