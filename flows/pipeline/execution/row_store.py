"""The rows of the files of a run: in memory while there are few, else in files of a temporary folder."""

import shutil
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp

import polars as pl

from flows.pipeline.execution import sizes


class RowStore:
    """Frames of one schema, in the order in which they were appended."""

    def __init__(self) -> None:
        self.height = 0
        self._frames = list[pl.DataFrame]()
        self._paths = list[tuple[Path, int]]()
        self._folder: Path | None = None

    def append(self, rows: pl.DataFrame) -> None:
        self.height += rows.height
        self._frames.append(rows)
        if self._folder is not None or self.height > sizes.MAX_ROWS_IN_MEMORY:
            self._spill()

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for path, _ in self._paths:
            yield _read(path)
        yield from self._frames

    def filter(self, mask: pl.Series) -> Iterator[pl.DataFrame]:
        """Yield the rows for which a mask of all rows is true; frames without any are not read."""
        start = 0
        for path, height in self._paths:
            part = mask[start : start + height]
            start += height
            if part.any():
                yield _read(path).filter(part)
        for frame in self._frames:
            yield frame.filter(mask[start : start + frame.height])
            start += frame.height

    def update(self, function: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """Replace each frame by what a function returns for it: as many rows, with the same columns."""
        for path, _ in self._paths:
            _write(function(_read(path)), path)
        self._frames = list(map(function, self._frames))

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = Path(mkdtemp(prefix="postlake-rows-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        for frame in self._frames:
            path = self._folder / f"{len(self._paths)}.arrow"
            _write(frame, path)
            self._paths.append((path, frame.height))
        self._frames = []


def _write(rows: pl.DataFrame, path: Path) -> None:
    rows.write_ipc(path, compression="lz4")


def _read(path: Path) -> pl.DataFrame:
    return pl.read_ipc(path)
