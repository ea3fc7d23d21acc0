"""Files read from the bytes that the lake keeps, where their place is gone or no longer has them."""

import datetime as dt
from collections.abc import Iterable, Iterator

import polars as pl

from flows.pipeline.sources.base import Content, Source
from lake.store import Lake
from lake.tables import files as files_table
from posts.post import Refusal
from posts.sources.files import File
from schemas.enums import Outcome, Reason

# bytes of raw that are in memory at a time
SHARE_BYTES = 12 * 1024 * 1024
NOT_HELD = Refusal(Outcome.REJECTED, Reason.UNREADABLE, detail="raw no longer holds its bytes")


class Kept:
    """A source of which raw gives some files, and its place, if that is there, the others."""

    def __init__(self, lake: Lake, from_raw: pl.DataFrame, place: Source | None = None) -> None:
        """Take the files that raw gives (FOUND), in the order in which they will be read."""
        self.origin = place.origin if place is not None else str(from_raw["origin"][0])
        self._lake, self._place = lake, place
        self._from_raw = set(from_raw["path"])
        share = from_raw["size"].cum_sum() // SHARE_BYTES
        self._share = dict(zip(from_raw["blob"], share, strict=True))
        self._at_hand: dict[str, bytes] = {}

    @property
    def head(self) -> str | None:
        return self._place.head if self._place is not None else None

    @property
    def at(self) -> dt.datetime | None:
        return self._place.at if self._place is not None else None

    def found(self) -> Iterator[File]:
        return self._place.found() if self._place is not None else iter(())

    def since(self, head: str) -> tuple[list[File], list[str]] | None:
        return self._place.since(head) if self._place is not None else None

    def contents(self, files: Iterable[File]) -> Iterator[Content]:
        """Read files, in their order."""
        files = list(files)
        elsewhere = [file for file in files if file.path not in self._from_raw]
        read = self._place.contents(elsewhere) if self._place is not None else iter(())
        return (self._kept(str(file.blob)) if file.path in self._from_raw else next(read) for file in files)

    def _kept(self, blob: str) -> Content:
        if blob not in self._at_hand:
            blobs = [each for each, share in self._share.items() if share == self._share[blob]]
            self._at_hand = files_table.contents(self._lake, pl.Series(blobs, dtype=pl.String))
        return self._at_hand.get(blob, NOT_HELD)
