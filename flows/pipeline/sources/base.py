"""The sources of posts: folders, git repositories, archives and buckets, all with the same properties and methods.

- `origin` is the name of a source in the `files` table.
- `commit_id` and `committed_at` are the commit that is read and its time; None where there is no history.
- `list_files` yields every post file, with its blob where that is known before reading.
- `changes_since` returns the files added or changed since a commit, and the deleted paths; None if not known.
- `passed_over` counts the files that the last `list_files` did not yield, by their endings.
- `read` yields the contents of files, in their order.
- `restricted_to` returns what reads these files, as a small value that can be sent to another process; its
  `release` ends what runs on to read more files, and `detached` returns what reads them on another machine too.
- `shared_path` is the folder that is read where the work is done; None for an archive, which one process unpacks.
"""

import datetime as dt
import os
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from flows.pipeline.sources.bucket import BucketSource
from flows.pipeline.sources.content import MIN_VANISHED_FILES, Content, VanishedError, find_rejection
from flows.pipeline.sources.lines_within import (
    LINES_SUFFIX_BYTES,
    LINES_SUFFIXES,
    FilesWithLines,
    LinesWithin,
)
from posts.errors import Rejected
from posts.post import NotAPost
from posts.sources.archives import Archive
from posts.sources.archives.lines import Lines
from posts.sources.archives.opened import OpenArchive
from posts.sources.files import POST_SUFFIXES, SourceFile, read_file, walk_folder
from posts.sources.git import Change, Commit, Repository
from posts.sources.passed_over import PassedOver
from posts.sources.paths import decode_path, encode_path
from schemas.enums import Reason


def _read_or_reject(file: SourceFile) -> Content:
    try:
        return find_rejection(file) or read_file(file.origin, file.path)
    except Rejected as cause:
        return NotAPost.from_error(cause)


def _missing_object(file: SourceFile) -> NotAPost:
    detail = f"object {file.blob} is missing from the repository, or broken"
    return NotAPost.from_error(Rejected(Reason.UNREADABLE, detail=detail))


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A folder of files in its current state."""

    root: bytes
    suffixes: tuple[bytes, ...] = POST_SUFFIXES
    lines: LinesWithin | None = field(default=None, compare=False, repr=False)
    passed_over: PassedOver = field(default_factory=PassedOver, compare=False, repr=False)
    commit_id: None = None
    committed_at: None = None

    @property
    def origin(self) -> str:
        return decode_path(self.root)

    @property
    def shared_path(self) -> bytes:
        return self.root

    def list_files(self) -> Iterator[SourceFile]:
        """Yield every post file. Raises VanishedError if the folder vanishes before all of it is listed."""
        self.passed_over.clear()
        suffixes = self.suffixes if self.lines is None else (*self.suffixes, *LINES_SUFFIX_BYTES)
        try:
            for file in walk_folder(self.root, suffixes, self.passed_over):
                if self.lines is not None and file.path.lower().endswith(LINES_SUFFIXES):
                    yield from self.lines.list(file, self._path_of)
                else:
                    yield file
        except OSError as error:
            raise VanishedError(self.origin) from error
        if not self._exists():
            raise VanishedError(self.origin)

    def changes_since(self, commit_id: str) -> None:
        """Return None: a folder has no history."""

    def read(self, files: Iterable[SourceFile]) -> Iterator[Content]:
        """Yield the contents of files, in their order.

        Raises VanishedError where the folder, or most of these files, vanished after the listing.
        """
        files = list(files)
        if self.lines is not None:
            yield from self.restricted_to(files).read(files)
            return
        for file in files:
            content = _read_or_reject(file)
            if (
                isinstance(content, NotAPost)
                and content.reason == Reason.UNREADABLE
                and self._has_vanished(files)
            ):
                raise VanishedError(self.origin)
            yield content

    def restricted_to(self, files: Sequence[SourceFile]) -> "FolderSource | FilesWithLines":
        return self.lines.restricted_to(files, replace(self, lines=None)) if self.lines else self

    def detached(self) -> "FolderSource":
        return self

    def release(self) -> None:
        """Do nothing."""

    def has_vanished(self) -> bool:
        return not self._exists()

    def _path_of(self, file: SourceFile) -> bytes:
        return os.path.join(self.root, encode_path(file.path))  # noqa: PTH118 - a path of any bytes

    def _exists(self) -> bool:
        return os.path.isdir(self.root)  # noqa: PTH112 - a path of any bytes

    def _has_vanished(self, files: Sequence[SourceFile]) -> bool:
        if not self._exists():
            return True
        listed_files = [file for file in files if file.problem is None]
        missing_count = sum(
            not os.path.lexists(os.path.join(self.root, encode_path(file.path)))  # noqa: PTH118
            for file in listed_files
        )
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
    passed_over: PassedOver = field(default_factory=PassedOver, compare=False, repr=False)

    @property
    def commit_id(self) -> str:
        return self.commit.id

    @property
    def committed_at(self) -> dt.datetime:
        return self.commit.committed_at

    @property
    def shared_path(self) -> bytes:
        return self.repository.folder

    def list_files(self) -> Iterator[SourceFile]:
        self.passed_over.clear()
        return self.repository.list_files(self.commit.id, self.origin, self.subpath, self.passed_over)

    def changes_since(self, commit_id: str) -> tuple[list[SourceFile], list[str]] | None:
        changes = self.repository.diff_commits(commit_id, self.commit.id, self.subpath)
        if changes is None:
            return None
        return self.files_of_changes(changes), [change.path for change in changes if is_deletion(change)]

    def first_commits(self, wanted: Container[str]) -> dict[str, dt.datetime]:
        """Return when the wanted files came into the repository, as far as its history tells."""
        return self.repository.first_commits(self.commit.id, self.subpath, wanted)

    def files_of_changes(self, changes: list[Change]) -> list[SourceFile]:
        """Return the files that exist after the changes, with their sizes."""
        present = [change for change in changes if not is_deletion(change)]
        files = self.repository.as_files(present, self.origin)
        # a blob that is missing is not looked up among the contents of the lake
        return [each._replace(blob=None) if each.problem == Reason.UNREADABLE else each for each in files]

    def read(self, files: Iterable[SourceFile]) -> Iterator[Content]:
        files = list(files)
        rejections = [find_rejection(file) for file in files]
        readable = (file.blob for file, rejection in zip(files, rejections, strict=True) if rejection is None)
        contents = self.repository.read_contents(map(str, readable))
        for file, refusal in zip(files, rejections, strict=True):
            content = refusal or next(contents)
            yield _missing_object(file) if content is None else content

    def restricted_to(self, files: Sequence[SourceFile]) -> "GitSource":  # noqa: ARG002 - as for an archive
        return self

    def detached(self) -> "GitSource":
        return self

    def release(self) -> None:
        self.repository.close()


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """The files of an archive."""

    origin: str
    archive: Archive | Lines
    commit_id: None = None
    committed_at: None = None
    shared_path: None = None

    @property
    def passed_over(self) -> PassedOver:
        return self.archive.passed_over

    def list_files(self) -> Iterator[SourceFile]:
        return iter(self.archive.list_files(self.origin))

    def changes_since(self, commit_id: str) -> None:
        """Return None: an archive has no history."""

    def read(self, files: Iterable[SourceFile]) -> Iterator[Content]:
        files = list(files)
        return self.restricted_to(files).read(files)

    def restricted_to(self, files: Sequence[SourceFile]) -> "ArchiveFiles":
        return ArchiveFiles(self.archive.restricted_to([file.path for file in files]))


@dataclass(frozen=True, slots=True)
class ArchiveFiles:
    """Some files of an archive."""

    archive: OpenArchive

    def read(self, files: Iterable[SourceFile]) -> Iterator[Content]:
        return map(self._read, files)

    def _read(self, file: SourceFile) -> Content:
        """Return the content of a file. Raises VanishedError if the archive is read in its place, and is gone."""
        try:
            return find_rejection(file, self.archive.entries[file.path].detail) or self.archive.read(
                file.path
            )
        except Rejected as cause:
            return NotAPost.from_error(cause)
        except FileNotFoundError as error:
            raise VanishedError(file.origin) from error

    def detached(self) -> "ArchiveFiles":
        return ArchiveFiles(self.archive.detached())

    def release(self) -> None:
        """Do nothing."""


Source = FolderSource | GitSource | ArchiveSource | BucketSource
FileReader = FolderSource | GitSource | ArchiveFiles | BucketSource | FilesWithLines
