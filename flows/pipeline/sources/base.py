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
MIN_VANISHED_FILES = 20


class VanishedError(PostlakeError):
    """A folder that went while it was read: unmounted, or deleted."""

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"{printable(origin)}: has vanished while it was read; what it held stays in the lake as it was. See whether all "
            "of it is there, then run again"
        )
        self.origin = origin


def _find_rejection(file: File) -> Refusal | None:
    if file.problem is not None:
        return Refusal.of(Rejected(Reason(file.problem)))
    return Refusal.of(too_large(file.size)) if file.size > LARGEST_BYTES else None


def _read_or_reject(file: File) -> Content:
    try:
        return _find_rejection(file) or read(file.origin, file.path)
    except Rejected as cause:
        return Refusal.of(cause)


def _missing_object(file: File) -> Refusal:
    detail = f"object {file.blob} is missing from the repository, or broken"
    return Refusal.of(Rejected(Reason.UNREADABLE, detail=detail))


class Source(Protocol):
    """A place that holds files. `origin` names it in the ledger.

    `head` and `at` are the commit that is read and its time; None where the place has no history of its own.
    """

    @property
    def origin(self) -> str: ...

    @property
    def commit_id(self) -> str | None: ...

    @property
    def committed_at(self) -> dt.datetime | None: ...

    def list_files(self) -> Iterator[File]:
        """Return every post file, with its blob where that is known before reading."""

    def changes_since(self, commit_id: str) -> tuple[list[File], list[str]] | None:
        """Return the files that came or changed since a commit, and the paths that went; None if that is not known."""

    def read(self, files: Iterable[File]) -> Iterator[Content]:
        """Read files, in their order."""


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A folder of files as they stand."""

    root: bytes
    commit_id: None = None
    committed_at: None = None

    @property
    def origin(self) -> str:
        return to_text(self.root)

    def list_files(self) -> Iterator[File]:
        """Yield every post file. Raises VanishedError where the folder is gone before all of it is listed."""
        try:
            yield from find(self.root)
        except OSError as error:
            raise VanishedError(self.origin) from error
        if not self._exists():
            raise VanishedError(self.origin)

    def changes_since(self, commit_id: str) -> None:
        """A folder does not remember."""

    def read(self, files: Iterable[File]) -> Iterator[Content]:
        """Read files, in their order. Raises VanishedError where the folder, or most of these files, has gone since it was listed."""
        files = list(files)
        for file in files:
            content = _read_or_reject(file)
            if (
                isinstance(content, Refusal)
                and content.reason == Reason.UNREADABLE
                and self._has_vanished(files)
            ):
                raise VanishedError(self.origin)
            yield content

    def _exists(self) -> bool:
        return os.path.isdir(self.root)  # noqa: PTH112 - a path of any bytes

    def _has_vanished(self, files: Sequence[File]) -> bool:
        if not self._exists():
            return True
        listed_files = [file for file in files if file.problem is None]
        missing_count = sum(not os.path.lexists(os.path.join(self.root, to_bytes(file.path))) for file in listed_files)  # noqa: PTH118
        return missing_count >= MIN_VANISHED_FILES and missing_count > len(listed_files) / 2


def is_deletion(change: Change) -> bool:
    return change.blob is None and change.problem is None


@dataclass(frozen=True, slots=True)
class GitSource:
    """The files of one commit."""

    origin: str
    repository: Repository
    commit: Commit
    subpath: str = ""

    @property
    def commit_id(self) -> str:
        return self.commit.id

    @property
    def committed_at(self) -> dt.datetime:
        return self.commit.at

    def list_files(self) -> Iterator[File]:
        return self.repository.files(self.commit.id, self.origin, self.subpath)

    def changes_since(self, commit_id: str) -> tuple[list[File], list[str]] | None:
        changes = self.repository.changes(commit_id, self.commit.id, self.subpath)
        if changes is None:
            return None
        return self.files_of_changes(changes), [change.path for change in changes if is_deletion(change)]

    def files_of_changes(self, changes: list[Change]) -> list[File]:
        """Return the files that changes leave behind, with their sizes."""
        present = [change for change in changes if not is_deletion(change)]
        sizes = iter(self.repository.sizes([change.blob for change in present if change.blob]))
        return [self._file_of_change(change, next(sizes) if change.blob else 0) for change in present]

    def _file_of_change(self, change: Change, size: int | None) -> File:
        if size is None:
            return File(self.origin, change.path, 0, None, Reason.UNREADABLE)
        return File(self.origin, change.path, size, None, change.problem, change.blob)

    def read(self, files: Iterable[File]) -> Iterator[Content]:
        files = list(files)
        rejections = [_find_rejection(file) for file in files]
        readable = (file.blob for file, rejection in zip(files, rejections, strict=True) if rejection is None)
        contents = self.repository.contents(map(str, readable))
        for file, refusal in zip(files, rejections, strict=True):
            content = refusal or next(contents)
            yield _missing_object(file) if content is None else content


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """The files of an archive."""

    origin: str
    archive: Archive
    commit_id: None = None
    committed_at: None = None

    def list_files(self) -> Iterator[File]:
        return iter(self.archive.files(self.origin))

    def changes_since(self, commit_id: str) -> None:
        """An archive does not remember."""

    def read(self, files: Iterable[File]) -> Iterator[Content]:
        return (_find_rejection(file) or self.archive.content(file.path) for file in files)
