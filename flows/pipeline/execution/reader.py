"""Read the contents of files: from their sources, or from table raw. Workers do this."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, Self

import polars as pl

from flows.pipeline.execution.head_files import HeadFiles, HeadPlace
from flows.pipeline.sources.base import FileReader
from flows.pipeline.sources.content import Content, VanishedError
from lake.storage.location import Location, readables
from posts.post import NotAPost
from posts.sources.files import SourceFile
from posts.worker import ParseTask
from schemas.enums import Outcome, Reason
from schemas.keys import blob_id

# why a content of the ledger cannot be parsed again
NOT_IN_RAW = "raw no longer holds its bytes"
BYTES_MISSING = NotAPost(Outcome.REJECTED, Reason.UNREADABLE, detail=NOT_IN_RAW)
# where a content is, and its head if this run has parsed it
CONTENT_COLUMNS = ["origin", "path", "size", "blob", "part", "head_file", "head"]


@dataclass(frozen=True, slots=True)
class ReadTask:
    """A file to read: from the file `part` of table raw, or from its source. It is not parsed if it is refused.

    `head` is the place of its parsed head, if this run has parsed it.
    """

    file: SourceFile
    part: str | None = None
    refused: NotAPost | None = None
    head: HeadPlace | None = None

    @classmethod
    def of_content(
        cls,
        origin: str,
        path: str,
        size: int,
        blob: str,
        part: str | None,
        head_file: str | None = None,
        head: int | None = None,
        **more: Any,
    ) -> Self:
        """Return a file whose content is in table raw: the columns CONTENT_COLUMNS."""
        place = HeadPlace(head_file, head) if head_file is not None and head is not None else None
        return cls(SourceFile(origin, path, size, None, None, blob), part, head=place, **more)

    def reject(self, rejection: NotAPost) -> Self:
        return replace(self, refused=rejection)


def read_tasks(contents: pl.DataFrame) -> list[ReadTask]:
    """Return tasks that read contents from table raw: CONTENT_COLUMNS, or those before the place of the head."""
    columns = [name for name in CONTENT_COLUMNS if name in contents.columns]
    return [ReadTask.of_content(*row) for row in contents.select(columns).iter_rows()]


@dataclass(frozen=True, slots=True)
class Reader:
    """Where the bytes of files are: their sources by origin, and the folder of table raw; and the parsed heads."""

    sources: Mapping[str, FileReader]
    raw: Location
    heads: HeadFiles | None = None

    def read(self, tasks: Sequence[ReadTask]) -> list[Content | VanishedError]:
        """Return the contents of files, in order; the error for each unread file of a folder that has vanished."""
        stored_contents = self._read_raw(tasks)
        readers = {
            origin: _until_vanished(
                source.read([task.file for task in tasks if task.file.origin == origin and task.part is None])
            )
            for origin, source in self.sources.items()
        }
        contents = [
            next(readers[task.file.origin])
            if task.part is None and task.file.origin in readers
            else stored_contents.get(str(task.file.blob), task.refused or BYTES_MISSING)
            for task in tasks
        ]
        for source in self.sources.values():
            source.release()
        return contents

    def _read_raw(self, tasks: Sequence[ReadTask]) -> dict[str, bytes]:
        contents, blobs_by_part = dict[str, bytes](), defaultdict[str, list[str | None]](list)
        for task in tasks:
            if task.part:
                blobs_by_part[task.part].append(task.file.blob)
        parts = sorted(blobs_by_part)
        for part, source in zip(parts, readables(self.raw, parts), strict=True):
            # to filter while it reads takes Polars seven times as long
            rows = pl.read_parquet(source, columns=["blob", "content"], glob=False)
            wanted = rows.filter(pl.col("blob").is_in(blobs_by_part[part]))
            contents.update(zip(wanted["blob"].to_list(), wanted["content"].to_list(), strict=True))
        return contents


def _until_vanished(contents: Iterator[Content]) -> Iterator[Content | VanishedError]:
    """Yield contents; after their folder has vanished, yield the error endlessly."""
    try:
        yield from contents
    except VanishedError as error:
        yield from repeat(error)


def as_parse_task(task: ReadTask, content: Content) -> ParseTask:
    if isinstance(content, NotAPost):
        is_unreadable = content.reason == Reason.UNREADABLE
        return ParseTask(task.file._replace(blob=None if is_unreadable else task.file.blob), content)
    file = task.file if task.part else task.file._replace(blob=blob_id(content))
    return ParseTask(file, task.refused or content)
