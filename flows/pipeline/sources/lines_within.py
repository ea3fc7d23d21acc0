"""The lines of JSONL files that are in a folder or a bucket: each is a file below its file, `2021.jsonl/7.json`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol, Self, TypeVar

from flows.pipeline.sources.content import Content, VanishedError, find_rejection
from posts.errors import Rejected
from posts.post import NotAPost
from posts.sources.archives.lines import Lines, OpenLines
from posts.sources.archives.opened import ArchiveError
from posts.sources.files import SourceFile
from schemas.enums import Reason

LINES_SUFFIXES = tuple(
    f".{name}{codec}" for name in ("jsonl", "ndjson") for codec in ("", ".gz", ".zst", ".xz", ".bz2")
)
LINES_SUFFIX_BYTES = tuple(suffix.encode() for suffix in LINES_SUFFIXES)


class Files(Protocol):
    """The files of a folder or a bucket, read where the work is done."""

    def read(self, files: Iterable[SourceFile]) -> Iterator[Content]: ...
    def has_vanished(self) -> bool: ...
    def release(self) -> None: ...


F = TypeVar("F", bound=Files)


@dataclass(slots=True)
class LinesWithin:
    """The JSONL files of a source, opened while it is listed; `stack` closes them.

    `id_key_of` returns the key of the ids of a file (see posts.settings). The lines of files with a state in `known`
    are not listed; `skipped` has the paths of these files. `errors` are those of files that cannot be opened.
    """

    stack: ExitStack
    id_key_of: Callable[[str], str]
    known: set[tuple[object, ...]] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)
    _opened: dict[str, Lines] = field(default_factory=dict)

    def list(self, file: SourceFile, copy: Callable[[SourceFile], bytes]) -> Iterator[SourceFile]:
        """Yield a JSONL file, and its lines. `copy` returns a path of this machine that has its bytes, or raises ArchiveError.

        The ids of lines depend on the key of the id, so the state of a file does.
        """
        id_key = self.id_key_of(file.path)
        etag = f"{file.etag or file.mtime_ns} {id_key}" if id_key else file.etag
        listed = file._replace(problem=file.problem or Reason.FILE_OF_LINES, etag=etag)
        if file.problem or not file.size:
            yield listed
        elif state_of(listed.path, listed.size, listed.mtime_ns, listed.etag) in self.known:
            self.skipped.add(file.path)
            yield listed
        else:
            yield from self._list_lines(listed, copy, id_key)

    def _list_lines(
        self, file: SourceFile, copy: Callable[[SourceFile], bytes], id_key: str
    ) -> Iterator[SourceFile]:
        try:
            lines = self._opened[file.path] = self.stack.enter_context(Lines(copy(file), id_key))
        except ArchiveError as error:
            self.errors[file.path] = str(error)
            yield file._replace(problem=Reason.UNREADABLE)
            return
        yield file
        for line in lines.list_files(file.origin):
            yield line._replace(path=f"{file.path}/{line.path}")

    def restricted_to(self, files: Sequence[SourceFile], others: F) -> "FilesWithLines | F":
        """Return what reads some files, of which `others` reads those that are no lines."""
        names = dict[str, list[str]]()
        for file in files:
            folder, _, name = file.path.rpartition("/")
            if folder in self._opened:
                names.setdefault(folder, []).append(name)
        errors = {file.path: self.errors[file.path] for file in files if file.path in self.errors}
        if not names and not errors:
            return others
        opened = {folder: self._opened[folder].restricted_to(named) for folder, named in names.items()}
        return FilesWithLines(others, opened, errors)


def state_of(path: str, size: int, mtime_ns: int | None, etag: str | None) -> tuple[object, ...]:
    """Return what tells whether a file is the same, as STAMP does."""
    return path, size, etag or mtime_ns


@dataclass(frozen=True, slots=True)
class FilesWithLines:
    """Some files of a folder or bucket, and some lines of JSONL files in it."""

    others: Files
    lines: Mapping[str, OpenLines]
    errors: Mapping[str, str]

    def read(self, files: Iterable[SourceFile]) -> Iterator[Content]:
        files = list(files)
        others = self.others.read(file for file in files if not self._is_own(file))
        for file in files:
            yield self._read(file) if self._is_own(file) else next(others)

    def _is_own(self, file: SourceFile) -> bool:
        return file.path in self.errors or file.path.rpartition("/")[0] in self.lines

    def _read(self, file: SourceFile) -> Content:
        folder, _, name = file.path.rpartition("/")
        if file.path in self.errors:
            return NotAPost.from_error(Rejected(Reason.UNREADABLE, detail=self.errors[file.path]))
        lines = self.lines[folder]
        try:
            return find_rejection(file, lines.entries[name].detail) or lines.read(name)
        except Rejected as cause:
            return NotAPost.from_error(cause)
        except FileNotFoundError as error:
            if self.others.has_vanished():
                raise VanishedError(file.origin) from error
            return NotAPost.from_error(Rejected(Reason.UNREADABLE, detail=error.strerror))

    def detached(self) -> Self:
        return replace(self, lines={path: lines.detached() for path, lines in self.lines.items()})

    def release(self) -> None:
        self.others.release()
