"""Read files in groups that become one batch each (read batches); each content is parsed once."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat

import polars as pl

from flows.pipeline.code import code_version
from flows.pipeline.planning.diff import FILE_SCHEMA
from flows.pipeline.planning.plan import Plan
from flows.pipeline.sources.base import Content, VanishedError
from lake.batch import CONTENT_KEY, Checkpoint
from lake.store import Lake
from lake.tables import files as files_table
from posts.post import NotAPost
from posts.sources.files import SourceFile
from posts.worker import ParseTask
from schemas.enums import Reason
from schemas.keys import blob_id

# One read batch is in memory at a time: its bytes, text and frames need about eight times READ_BATCH_BYTES.
# For tiny files the rows count: about a thousand bytes each.
READ_BATCH_BYTES, READ_BATCH_FILES = 12 * 1024 * 1024, 20_000
# files that exist as Python objects at a time
SLICE_FILES = 200


@dataclass(slots=True)
class ReadBatch:
    """Files to parse, files whose content is parsed already or in this read batch, and deleted files.

    Each has its effective time; those of `tasks` are in `seen_times`. `vanished_files` are the unread files
    of folders that have vanished.
    """

    tasks: list[ParseTask] = field(default_factory=list)
    seen_times: list[dt.datetime] = field(default_factory=list)
    copies: list[tuple[SourceFile, dt.datetime]] = field(default_factory=list)
    deleted: list[tuple[str, str, dt.datetime]] = field(default_factory=list)
    vanished_files: list[SourceFile] = field(default_factory=list)
    bytes_read: int = 0
    # the checkpoints of origins after this read batch is committed
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)


class ReadBatchBuilder:
    """A builder of read batches; a content that is scheduled under the same file name is not parsed again."""

    def __init__(self, parsed_keys: Iterable[int]) -> None:
        """Start with the contents that need no parsing, as keys that `content_key` returns."""
        self._scheduled = set(parsed_keys)
        self.vanished_sources: dict[str, VanishedError] = {}
        self.read_batch = ReadBatch()

    def is_scheduled(self, file: SourceFile) -> bool:
        return file.blob is not None and content_key(file.blob, file.path) in self._scheduled

    def add(self, file: SourceFile, content: Content, effective_at: dt.datetime) -> None:
        """Add a file that was read, and its content."""
        if isinstance(content, NotAPost):
            self._add_task(
                replace(file, blob=None if _is_unreadable(content) else file.blob), content, effective_at
            )
            return
        read_file = replace(file, blob=blob_id(content))
        self.read_batch.bytes_read += len(content)
        if self.is_scheduled(read_file):
            self.copy(read_file, effective_at)
        else:
            self._scheduled.add(content_key(str(read_file.blob), read_file.path))
            self._add_task(read_file, content, effective_at)

    def skip_vanished(self, file: SourceFile, error: VanishedError) -> None:
        """Add a file whose folder has vanished; no more of that folder is read."""
        self.vanished_sources[file.origin] = error
        self.read_batch.vanished_files.append(file)

    def copy(self, file: SourceFile, effective_at: dt.datetime) -> None:
        """Add a file whose content is scheduled already."""
        self.read_batch.copies.append((file, effective_at))

    def _add_task(self, file: SourceFile, content: Content, effective_at: dt.datetime) -> None:
        self.read_batch.tasks.append(ParseTask(file, content))
        self.read_batch.seen_times.append(effective_at)

    @property
    def is_full(self) -> bool:
        read_batch = self.read_batch
        row_count = len(read_batch.tasks) + len(read_batch.copies) + len(read_batch.deleted)
        return read_batch.bytes_read >= READ_BATCH_BYTES or row_count >= READ_BATCH_FILES

    @property
    def is_over_hard_limit(self) -> bool:
        return self.read_batch.bytes_read >= 2 * READ_BATCH_BYTES

    def flush(self, checkpoints: dict[str, Checkpoint] | None = None) -> ReadBatch:
        """Return the read batch, and start a new one."""
        read_batch, self.read_batch = self.read_batch, ReadBatch()
        read_batch.checkpoints = checkpoints or {}
        return read_batch


def read_files(lake: Lake, plan: Plan) -> Iterator[ReadBatch]:
    """Yield the files of a plan in read batches, in the order of the plan."""
    return read_files_into(ReadBatchBuilder(_parsed_keys(lake, plan)), plan)


def read_files_into(builder: ReadBatchBuilder, plan: Plan) -> Iterator[ReadBatch]:
    """Yield the files of a plan in read batches of a builder, in the order of the plan."""
    for chunk in plan.todo.select(*FILE_SCHEMA).iter_slices(SLICE_FILES):
        files = [SourceFile(*row) for row in chunk.iter_rows()]
        is_scheduled = [builder.is_scheduled(file) for file in files]
        unread = [file for file, scheduled in zip(files, is_scheduled, strict=True) if not scheduled]
        contents = read_contents(plan, unread, builder.vanished_sources)
        for file, begun in zip(files, is_scheduled, strict=True):
            effective_at = plan.effective_times[file.origin]
            content = None if begun else next(contents)
            if content is None:
                builder.copy(file, effective_at)
            elif isinstance(content, VanishedError):
                builder.skip_vanished(file, content)
            else:
                builder.add(file, content, effective_at)
            if builder.is_full:
                yield builder.flush()
    yield builder.flush()


def content_key(blob: str, path: str) -> int:
    """Return a 64-bit key of a content and the name of its file."""
    return hash((blob, path.rpartition("/")[2]))


def _parsed_keys(lake: Lake, plan: Plan) -> Iterator[int]:
    """Return keys of the contents that the lake has read, where the plan does not know them already."""
    if plan.is_reparse or not plan.todo["blob"].has_nulls() or lake.table("files").version() == 0:
        return iter(())
    return parsed_content_keys(lake, plan.edited)


def parsed_content_keys(lake: Lake, edited: pl.DataFrame) -> Iterator[int]:
    """Return keys of the contents that the lake has read, without those of edited files."""
    rows = files_table.parsed_contents(lake, edited, code_version())
    return (hash(row) for row in rows.select(CONTENT_KEY).iter_rows())


def read_contents(
    plan: Plan, files: list[SourceFile], vanished_sources: Mapping[str, VanishedError]
) -> Iterator[Content | VanishedError]:
    """Return the contents of files of several sources, in order; the error for files of a vanished folder."""
    readers = {
        source.origin: _until_vanished(source.read([file for file in files if file.origin == source.origin]))
        for source in plan.sources
        if source.origin not in vanished_sources
    }
    return (
        next(readers[file.origin]) if file.origin in readers else vanished_sources[file.origin]
        for file in files
    )


def _until_vanished(contents: Iterator[Content]) -> Iterator[Content | VanishedError]:
    """Yield contents; after their folder has vanished, yield the error endlessly."""
    try:
        yield from contents
    except VanishedError as error:
        yield from repeat(error)


def _is_unreadable(content: NotAPost) -> bool:
    return content.reason == Reason.UNREADABLE
