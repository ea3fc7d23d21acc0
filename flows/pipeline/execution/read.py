"""Groups: files that are read together and become one batch, each content parsed once."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat

import polars as pl

from flows.pipeline.code import code_version
from flows.pipeline.planning.diff import FOUND
from flows.pipeline.planning.plan import Plan
from flows.pipeline.sources.base import Content, VanishedError
from lake.batch import CONTENT_KEY, Checkpoint
from lake.store import Lake
from lake.tables import files as files_table
from posts.post import Refusal
from posts.sources.files import File
from posts.worker import Task
from schemas.enums import Reason
from schemas.keys import blob_id

# A group is what is in memory at a time: its bytes, its text and its frames come to some eight times this.
# Of tiny files the rows count: a thousand bytes each.
GROUP_BYTES, GROUP_FILES = 12 * 1024 * 1024, 20_000
# files that stand as objects at a time
HANDFUL = 200


@dataclass(slots=True)
class Group:
    """Files to parse, files whose content is parsed already or among these, and files that went.

    Each comes with its moment; those of the tasks are in `came`. `left` are files of folders that have vanished.
    """

    tasks: list[Task] = field(default_factory=list)
    came: list[dt.datetime] = field(default_factory=list)
    copies: list[tuple[File, dt.datetime]] = field(default_factory=list)
    gone: list[tuple[str, str, dt.datetime]] = field(default_factory=list)
    left: list[File] = field(default_factory=list)
    bytes_read: int = 0
    # how far the ledger will have followed an origin with this group, where that is a commit
    marks: dict[str, Checkpoint] = field(default_factory=dict)


class Gatherer:
    """Puts files into groups; a content that was begun under the same file name is not parsed again."""

    def __init__(self, begun: Iterable[int]) -> None:
        """Begin with the contents, as `reading` names them, that need no parsing."""
        self._begun = set(begun)
        self.vanished: dict[str, VanishedError] = {}
        self.group = Group()

    def is_begun(self, file: File) -> bool:
        return file.blob is not None and reading(file.blob, file.path) in self._begun

    def add(self, file: File, content: Content, moment: dt.datetime) -> None:
        """Add a file that was read."""
        if isinstance(content, Refusal):
            self._parse(replace(file, blob=None if _is_unreadable(content) else file.blob), content, moment)
            return
        read = replace(file, blob=blob_id(content))
        self.group.bytes_read += len(content)
        if self.is_begun(read):
            self.copy(read, moment)
        else:
            self._begun.add(reading(str(read.blob), read.path))
            self._parse(read, content, moment)

    def leave(self, file: File, vanished: VanishedError) -> None:
        """Add a file whose folder has vanished, and read no more of that folder."""
        self.vanished[file.origin] = vanished
        self.group.left.append(file)

    def copy(self, file: File, moment: dt.datetime) -> None:
        """Add a file whose content is begun."""
        self.group.copies.append((file, moment))

    def _parse(self, file: File, content: Content, moment: dt.datetime) -> None:
        self.group.tasks.append(Task(file, content))
        self.group.came.append(moment)

    @property
    def is_full(self) -> bool:
        group = self.group
        height = len(group.tasks) + len(group.copies) + len(group.gone)
        return group.bytes_read >= GROUP_BYTES or height >= GROUP_FILES

    @property
    def is_overfull(self) -> bool:
        return self.group.bytes_read >= 2 * GROUP_BYTES

    def taken(self, marks: dict[str, Checkpoint] | None = None) -> Group:
        """Return the group, and begin another."""
        group, self.group = self.group, Group()
        group.marks = marks or {}
        return group


def groups(lake: Lake, plan: Plan) -> Iterator[Group]:
    """Read the files of a plan, in its order."""
    return gathered(Gatherer(_begun(lake, plan)), plan)


def gathered(gatherer: Gatherer, plan: Plan) -> Iterator[Group]:
    """Read the files of a plan, in its order, into groups."""
    for handful in plan.todo.select(*FOUND).iter_slices(HANDFUL):
        files = [File(*row) for row in handful.iter_rows()]
        is_begun = [gatherer.is_begun(file) for file in files]
        unread = [file for file, begun in zip(files, is_begun, strict=True) if not begun]
        contents = contents_of(plan, unread, gatherer.vanished)
        for file, begun in zip(files, is_begun, strict=True):
            moment = plan.moments[file.origin]
            content = None if begun else next(contents)
            if content is None:
                gatherer.copy(file, moment)
            elif isinstance(content, VanishedError):
                gatherer.leave(file, content)
            else:
                gatherer.add(file, content, moment)
            if gatherer.is_full:
                yield gatherer.taken()
    yield gatherer.taken()


def reading(blob: str, path: str) -> int:
    """Name a content and the file name it is read under, in 64 bits."""
    return hash((blob, path.rpartition("/")[2]))


def _begun(lake: Lake, plan: Plan) -> Iterator[int]:
    """Return the contents that the lake has read, where they are not known from the plan already."""
    if plan.is_again or not plan.todo["blob"].has_nulls() or lake.table("files").version() == 0:
        return iter(())
    return known_readings(lake, plan.edited)


def known_readings(lake: Lake, edited: pl.DataFrame) -> Iterator[int]:
    """Return what the lake has read, but for files that are about to be others."""
    rows = files_table.parsed_contents(lake, edited, code_version())
    return (hash(row) for row in rows.select(CONTENT_KEY).iter_rows())


def contents_of(
    plan: Plan, files: list[File], vanished: Mapping[str, VanishedError]
) -> Iterator[Content | VanishedError]:
    """Read files of several sources in one order; for those of a folder that has vanished, now or before, the error."""
    readers = {
        source.origin: _until_vanished(
            source.contents([file for file in files if file.origin == source.origin])
        )
        for source in plan.sources
        if source.origin not in vanished
    }
    return (next(readers[file.origin]) if file.origin in readers else vanished[file.origin] for file in files)


def _until_vanished(contents: Iterator[Content]) -> Iterator[Content | VanishedError]:
    """Yield contents, and once their folder has vanished the error without end."""
    try:
        yield from contents
    except VanishedError as error:
        yield from repeat(error)


def _is_unreadable(content: Refusal) -> bool:
    return content.reason == Reason.UNREADABLE
