"""Read files from the `raw` table, where their source does not exist any more or lacks their bytes."""

import datetime as dt
from collections.abc import Iterable, Iterator

import polars as pl

from flows.pipeline.sources.base import Content, Source
from lake.store import Lake
from lake.tables import files as files_table
from posts.post import NotAPost
from posts.sources.files import SourceFile
from schemas.enums import Outcome, Reason

# bytes of the `raw` table that are in memory at a time
CHUNK_BYTES = 12 * 1024 * 1024
BYTES_MISSING = NotAPost(Outcome.REJECTED, Reason.UNREADABLE, detail=files_table.NOT_IN_RAW)


class RawSource:
    """A source that reads some files from the `raw` table, and the others from their location, if any."""

    def __init__(self, lake: Lake, from_raw: pl.DataFrame, source: Source | None = None) -> None:
        """Set the files that are read from `raw` (FILE_SCHEMA), in the order in which they will be read."""
        self.origin = source.origin if source is not None else str(from_raw["origin"][0])
        self._lake, self._source = lake, source
        self._from_raw = set(from_raw["path"])
        chunk_numbers = from_raw["size"].cum_sum() // CHUNK_BYTES
        self._chunk_numbers = dict(zip(from_raw["blob"], chunk_numbers, strict=True))
        self._cache: dict[str, bytes] = {}

    @property
    def commit_id(self) -> str | None:
        return self._source.commit_id if self._source is not None else None

    @property
    def committed_at(self) -> dt.datetime | None:
        return self._source.committed_at if self._source is not None else None

    def list_files(self) -> Iterator[SourceFile]:
        return self._source.list_files() if self._source is not None else iter(())

    def changes_since(self, commit_id: str) -> tuple[list[SourceFile], list[str]] | None:
        return self._source.changes_since(commit_id) if self._source is not None else None

    def read(self, files: Iterable[SourceFile]) -> Iterator[Content]:
        """Return the contents of files, in their order."""
        files = list(files)
        source_files = [file for file in files if file.path not in self._from_raw]
        source_contents = self._source.read(source_files) if self._source is not None else iter(())
        return (
            self._read_raw(str(file.blob)) if file.path in self._from_raw else next(source_contents)
            for file in files
        )

    def _read_raw(self, blob: str) -> Content:
        if blob not in self._cache:
            blobs = [
                each
                for each, chunk_number in self._chunk_numbers.items()
                if chunk_number == self._chunk_numbers[blob]
            ]
            self._cache = files_table.contents(self._lake, pl.Series(blobs, dtype=pl.String))
        return self._cache.get(blob, BYTES_MISSING)
