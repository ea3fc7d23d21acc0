"""Find the post files below a folder."""

import os
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from posts.errors import Rejected
from posts.formats import ENDINGS
from posts.sources.passed_over import PassedOver
from posts.sources.paths import decode_path, encode_path
from schemas.enums import Reason

# Ten times the longest real post seen (3 MB of inlined pictures); a larger file is a book or a mistake.
MAX_POST_BYTES = 32 * 1024 * 1024

POST_SUFFIXES = tuple(ending.encode() for ending in ENDINGS)
# Folders of version control systems, which may contain files of any name.
SKIPPED_DIRS = {b".git", b".hg", b".svn"}


class SourceFile(NamedTuple):
    """A file that was found in a source.

    `problem` is the reason why it cannot be read; None for a regular file. `blob` is None if the source does
    not provide the id before the file is read. `mtime_ns` is None if the source has no time of modification,
    as in git. `etag` is that of an object of an object store; None in other sources.
    """

    origin: str
    path: str
    size: int
    mtime_ns: int | None
    problem: str | None = None
    blob: str | None = None
    etag: str | None = None


class RawFile(NamedTuple):
    """The bytes of a file, their blob id, and their location: a path relative to an origin."""

    origin: str
    path: str
    content: bytes
    blob: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def post_suffixes(endings: Iterable[str]) -> tuple[bytes, ...]:
    """Return the ends of the names of post files: those of the formats, and some more (in lower case)."""
    return (*POST_SUFFIXES, *(ending.encode() for ending in endings))


def walk_folder(
    root: bytes, suffixes: tuple[bytes, ...] = POST_SUFFIXES, passed_over: PassedOver | None = None
) -> Iterator[SourceFile]:
    """Yield every file whose name ends as that of a post (`suffixes`) below root, at any depth, in no specified order.

    `passed_over` counts the other files. Links to folders are followed after all real folders. Each real folder is entered once, so loops end.
    A dangling link, a file that is not regular and a folder that cannot be listed have a `problem`.
    Raises OSError if root itself cannot be listed.
    """
    os.scandir(root).close()
    origin = decode_path(root)
    visited: set[tuple[int, int]] = set()
    folders, links = [root], list[bytes]()
    while folders or links:
        folder = folders.pop() if folders else links.pop(0)
        key = _identity(folder)
        if key is None:
            yield _problem_file(origin, root, folder, Reason.UNREADABLE)
        if key is None or key in visited:
            continue
        visited.add(key)
        prefix = f"{decode_path(_relative_path(root, folder))}/" if folder != root else ""
        for entry in _list_entries(folder):
            if entry is None:
                yield _problem_file(origin, root, folder, Reason.UNREADABLE)
            elif _is_folder(entry):
                if entry.name not in SKIPPED_DIRS:
                    (links if entry.is_symlink() else folders).append(entry.path)
            elif entry.name.lower().endswith(suffixes):
                yield _source_file(origin, prefix, entry)
            elif passed_over is not None:
                passed_over.add(entry.name)
        links.sort()


def is_post(path: bytes, suffixes: tuple[bytes, ...] = POST_SUFFIXES) -> bool:
    """Return whether `walk_folder` would yield a file with this path below its root."""
    return path.lower().endswith(suffixes) and SKIPPED_DIRS.isdisjoint(path.split(b"/")[:-1])


def is_other_file(path: bytes, suffixes: tuple[bytes, ...]) -> bool:
    """Return whether `walk_folder` would pass over a file with this path: its name does not end as that of a post."""
    return not path.lower().endswith(suffixes) and SKIPPED_DIRS.isdisjoint(path.split(b"/")[:-1])


def _identity(folder: bytes) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)  # noqa: PTH116 - a path of any bytes
    except OSError:
        # it was deleted after it was listed, or its path is too long
        return None
    return status.st_dev, status.st_ino


def _list_entries(folder: bytes) -> Iterator[os.DirEntry[bytes] | None]:
    """Yield the entries of a folder; None at the end if the rest cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:
        yield None


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # a link to itself
        return False


def _source_file(origin: str, prefix: str, entry: os.DirEntry[bytes]) -> SourceFile:
    path = prefix + decode_path(entry.name)
    try:
        status = entry.stat()
    except OSError:
        return SourceFile(origin, path, 0, 0, Reason.UNREADABLE)
    if not stat.S_ISREG(status.st_mode):
        return SourceFile(origin, path, 0, 0, Reason.NOT_A_FILE)
    return SourceFile(origin, path, status.st_size, status.st_mtime_ns)


def _problem_file(origin: str, root: bytes, path: bytes, problem: Reason) -> SourceFile:
    return SourceFile(origin, decode_path(_relative_path(root, path)), 0, 0, problem)


def _relative_path(root: bytes, path: bytes) -> bytes:
    return path[len(root) :].lstrip(b"/") or b"."


def read_file(origin: str, path: str) -> bytes:
    """Return the bytes of a file. Raises Rejected: unreadable, too_large, not_a_file."""
    try:
        # without O_NONBLOCK, a pipe without a writer would block the run for ever
        file = os.path.join(encode_path(origin), encode_path(path))  # noqa: PTH118
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        try:
            return _read_all(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Rejected(Reason.UNREADABLE, detail=error.strerror) from error


def _read_all(descriptor: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise Rejected(Reason.NOT_A_FILE)
    size = status.st_size
    if error := size_error(size):
        raise error
    content = os.read(descriptor, size + 1)
    # a read may return fewer bytes, as on network file systems, and a file may grow during the read
    while chunk := os.read(descriptor, MAX_POST_BYTES) if len(content) != size or not size else b"":
        content += chunk
    return content


def size_error(size: int) -> Rejected | None:
    """Return the error for a file of this many bytes; None if it is not too large."""
    detail = f"{size} bytes; the limit is {MAX_POST_BYTES}"
    return Rejected(Reason.TOO_LARGE, detail=detail) if size > MAX_POST_BYTES else None
