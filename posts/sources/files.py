"""Find the post files below a folder."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from posts.sources.paths import to_text
from schemas.enums import Reason

SUFFIXES = (b".md", b".markdown", b".html")
# Version control keeps files of its own there, under any name.
NOT_ENTERED = {b".git", b".hg", b".svn"}


@dataclass(frozen=True, slots=True)
class File:
    """A file that was found. `problem` says why it cannot be read as one; None for a regular file.

    Version control tells the `blob` before the file is read, and knows no time of modification.
    """

    origin: str
    path: str
    size: int
    mtime_ns: int | None
    problem: str | None = None
    blob: str | None = None


def find(root: bytes) -> Iterator[File]:
    """Yield every *.md, *.markdown and *.html below root, at any depth, in no promised order.

    Links are followed, after all real folders; each real folder is entered once, so loops end.
    A file that is dangling, or not a regular file, and a folder that cannot be listed are given with
    their `problem`. Raises OSError when root itself cannot be listed.
    """
    os.scandir(root).close()
    origin = to_text(root)
    entered: set[tuple[int, int]] = set()
    folders, links = [root], list[bytes]()
    while folders or links:
        folder = folders.pop() if folders else links.pop(0)
        key = _identity(folder)
        if key is None:
            yield _problem(origin, root, folder, Reason.UNREADABLE)
        if key is None or key in entered:
            continue
        entered.add(key)
        for entry in _entries(folder):
            if entry is None:
                yield _problem(origin, root, folder, Reason.UNREADABLE)
            elif _is_folder(entry):
                if entry.name not in NOT_ENTERED:
                    (links if entry.is_symlink() else folders).append(entry.path)
            elif is_post(entry.name):
                yield _file(origin, root, entry)
        links.sort()


def is_post(path: bytes) -> bool:
    """Say whether `find` would give a file of that path below its root."""
    return path.lower().endswith(SUFFIXES) and NOT_ENTERED.isdisjoint(path.split(b"/")[:-1])


def _identity(folder: bytes) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)  # noqa: PTH116 - a path of any bytes
    except OSError:
        # gone since it was listed, or deeper than a path can name
        return None
    return status.st_dev, status.st_ino


def _entries(folder: bytes) -> Iterator[os.DirEntry[bytes] | None]:
    """Yield the entries of a folder; None in the place of those that cannot be listed."""
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


def _file(origin: str, root: bytes, entry: os.DirEntry[bytes]) -> File:
    try:
        status = entry.stat()
    except OSError:
        return _problem(origin, root, entry.path, Reason.UNREADABLE)
    if not stat.S_ISREG(status.st_mode):
        return _problem(origin, root, entry.path, Reason.NOT_A_FILE)
    return File(origin, to_text(_below(root, entry.path)), status.st_size, status.st_mtime_ns)


def _problem(origin: str, root: bytes, path: bytes, problem: Reason) -> File:
    return File(origin, to_text(_below(root, path)), 0, 0, problem)


def _below(root: bytes, path: bytes) -> bytes:
    return path[len(root) :].lstrip(b"/") or b"."
