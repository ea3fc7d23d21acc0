"""Rows of a run: in memory while there are few, else in a file that ends with the process."""

import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Self

import polars as pl

# Rows are in a file if there are more: about 20 MB of them.
MAX_ROWS_IN_MEMORY = 50_000

# Rows that are fewer than one in so many of those that they were selected from get texts of their own. It costs a copy,
# and frees what the others take; rows of many stored frames wait in memory together.
MAX_SPARSENESS, MAX_STORED_SPARSENESS = 16, 2


def with_own_texts(
    rows: pl.DataFrame, selected_from: int, max_sparseness: int = MAX_SPARSENESS
) -> pl.DataFrame:
    """Return rows that were selected from a frame of so many rows; few of them do not keep its texts in memory."""
    if rows.height * max_sparseness >= selected_from:
        return rows
    buffer = BytesIO()
    rows.write_ipc(buffer)
    return pl.read_ipc(buffer.getvalue())


class RowStore:
    """Frames of one schema, in the order in which they were appended."""

    def __init__(self) -> None:
        self.height = 0
        self._frames = list[pl.DataFrame]()
        # of each frame in the file: its place and size in bytes, and its number of rows
        self._stored = list[tuple[int, int, int]]()

    @classmethod
    def of(cls, frames: Iterable[pl.DataFrame]) -> Self:
        store = cls()
        for frame in frames:
            store.append(frame)
        return store

    def append(self, rows: pl.DataFrame) -> None:
        self.height += rows.height
        self._frames.append(rows)
        if self._stored or self.height > MAX_ROWS_IN_MEMORY:
            self._stored += map(self._write, self._frames)
            self._frames = []

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for start, size, _ in self._stored:
            yield self._read(start, size)
        yield from self._frames

    def slice(self, start: int, count: int) -> pl.DataFrame:
        """Return some rows after one another."""
        is_wanted = pl.int_range(self.height, eager=True).is_between(start, start + count, closed="left")
        return pl.concat(self.filter(is_wanted))

    def filter(self, mask: pl.Series) -> Iterator[pl.DataFrame]:
        """Yield the rows for which a mask of all rows is true; frames without any are not read."""
        first_row = 0
        for start, size, height in self._stored:
            part = mask[first_row : first_row + height]
            first_row += height
            if part.any():
                rows = self._read(start, size).filter(part)
                yield with_own_texts(rows, height, MAX_STORED_SPARSENESS)
        for frame in self._frames:
            yield frame.filter(mask[first_row : first_row + frame.height])
            first_row += frame.height

    def update(self, function: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """Replace each frame by what a function returns for it: as many rows, with the same columns."""
        self._stored = [self._write(function(self._read(start, size))) for start, size, _ in self._stored]
        self._frames = list(map(function, self._frames))

    @cached_property
    def _file(self) -> IO[bytes]:
        # a run of few files needs none
        file = TemporaryFile(prefix="postlake-rows-")  # noqa: SIM115 - as long as the rows are needed
        weakref.finalize(self, file.close)
        return file

    def _write(self, rows: pl.DataFrame) -> tuple[int, int, int]:
        buffer = BytesIO()
        rows.write_ipc(buffer, compression="lz4")
        start = self._file.seek(0, os.SEEK_END)
        return start, self._file.write(buffer.getbuffer()), rows.height

    def _read(self, start: int, size: int) -> pl.DataFrame:
        self._file.seek(start)
        return pl.read_ipc(self._file.read(size))
