"""Where posts come from: folders, git repositories and archives, all read in one way."""

import datetime as dt
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from posts.errors import Rejected
from posts.post import Refusal
from posts.sources.archives import Archive
from posts.sources.files import LARGEST_BYTES, File, find, read, too_large
from posts.sources.git import Change, Commit, Repository
from posts.sources.paths import printable, to_bytes, to_text
from schemas.enums import Reason
from schemas.errors import PostlakeError

Content = bytes | Refusal
# Of the files that are to be read next, so many at least and over half of them must be gone for a folder to have vanished.
MIN_VANISHED = 20


class VanishedError(PostlakeError):
    """A folder that went while it was read: unmounted, or deleted."""

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"{printable(origin)}: has vanished while it was read; what it held stays in the lake as it was. See whether all "
            "of it is there, then run again"
        )
        self.origin = origin


def _refused(file: File) -> Refusal | None:
    if file.problem is not None:
        return Refusal.of(Rejected(Reason(file.problem)))
    return Refusal.of(too_large(file.size)) if file.size > LARGEST_BYTES else None


def _attempted(file: File) -> Content:
    try:
        return _refused(file) or read(file.origin, file.path)
    except Rejected as cause:
        return Refusal.of(cause)


def _missing(file: File) -> Refusal:
    detail = f"object {file.blob} is missing from the repository, or broken"
    return Refusal.of(Rejected(Reason.UNREADABLE, detail=detail))


class Source(Protocol):
    """A place that holds files. `origin` names it in the ledger.

    `head` and `at` are the commit that is read and its time; None where the place has no history of its own.
    """

    @property
    def origin(self) -> str: ...

    @property
    def head(self) -> str | None: ...

    @property
    def at(self) -> dt.datetime | None: ...

    def found(self) -> Iterator[File]:
        """Return every post file, with its blob where that is known before reading."""

    def since(self, head: str) -> tuple[list[File], list[str]] | None:
        """Return the files that came or changed since a commit, and the paths that went; None if that is not known."""

    def contents(self, files: Iterable[File]) -> Iterator[Content]:
        """Read files, in their order."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of files as they stand."""

    root: bytes
    head: None = None
    at: None = None

    @property
    def origin(self) -> str:
        return to_text(self.root)

    def found(self) -> Iterator[File]:
        """Yield every post file. Raises VanishedError where the folder is gone before all of it is listed."""
        try:
            yield from find(self.root)
        except OSError as error:
            raise VanishedError(self.origin) from error
        if not self._is_there():
            raise VanishedError(self.origin)

    def since(self, head: str) -> None:
        """A folder does not remember."""

    def contents(self, files: Iterable[File]) -> Iterator[Content]:
        """Read files, in their order. Raises VanishedError where the folder, or most of these files, has gone since it was listed."""
        files = list(files)
        for file in files:
            content = _attempted(file)
            if (
                isinstance(content, Refusal)
                and content.reason == Reason.UNREADABLE
                and self._has_vanished(files)
            ):
                raise VanishedError(self.origin)
            yield content

    def _is_there(self) -> bool:
        return os.path.isdir(self.root)  # noqa: PTH112 - a path of any bytes

    def _has_vanished(self, files: Sequence[File]) -> bool:
        if not self._is_there():
            return True
        found = [file for file in files if file.problem is None]
        gone = sum(not os.path.lexists(os.path.join(self.root, to_bytes(file.path))) for file in found)  # noqa: PTH118
        return gone >= MIN_VANISHED and gone > len(found) / 2


def is_removal(change: Change) -> bool:
    return change.blob is None and change.problem is None


@dataclass(frozen=True, slots=True)
class GitTree:
    """The files of one commit."""

    origin: str
    repository: Repository
    commit: Commit
    below: str = ""

    @property
    def head(self) -> str:
        return self.commit.id

    @property
    def at(self) -> dt.datetime:
        return self.commit.at

    def found(self) -> Iterator[File]:
        return self.repository.files(self.commit.id, self.origin, self.below)

    def since(self, head: str) -> tuple[list[File], list[str]] | None:
        changes = self.repository.changes(head, self.commit.id, self.below)
        if changes is None:
            return None
        return self.files(changes), [change.path for change in changes if is_removal(change)]

    def files(self, changes: list[Change]) -> list[File]:
        """Return the files that changes leave behind, with their sizes."""
        there = [change for change in changes if not is_removal(change)]
        sizes = iter(self.repository.sizes([change.blob for change in there if change.blob]))
        return [self._file(change, next(sizes) if change.blob else 0) for change in there]

    def _file(self, change: Change, size: int | None) -> File:
        if size is None:
            return File(self.origin, change.path, 0, None, Reason.UNREADABLE)
        return File(self.origin, change.path, size, None, change.problem, change.blob)

    def contents(self, files: Iterable[File]) -> Iterator[Content]:
        files = list(files)
        refusals = [_refused(file) for file in files]
        readable = (file.blob for file, refusal in zip(files, refusals, strict=True) if refusal is None)
        read = self.repository.contents(map(str, readable))
        for file, refusal in zip(files, refusals, strict=True):
            content = refusal or next(read)
            yield _missing(file) if content is None else content


@dataclass(frozen=True, slots=True)
class Members:
    """The files of an archive."""

    origin: str
    archive: Archive
    head: None = None
    at: None = None

    def found(self) -> Iterator[File]:
        return iter(self.archive.files(self.origin))

    def since(self, head: str) -> None:
        """An archive does not remember."""

    def contents(self, files: Iterable[File]) -> Iterator[Content]:
        return (_refused(file) or self.archive.content(file.path) for file in files)
