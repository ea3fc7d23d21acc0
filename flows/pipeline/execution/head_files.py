"""The heads that a run has parsed, until it cleans their posts: files below a folder of the lake."""

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from flows.pipeline.execution.frames import HEAD_SCHEMA
from flows.pipeline.row_store import with_own_texts
from lake.batch import Run
from lake.storage.location import Location, readable

if TYPE_CHECKING:
    from lake.store import Lake


class HeadPlace(NamedTuple):
    """Where a head is: the name of its file, and its row there."""

    file: str
    row: int


@dataclass(frozen=True, slots=True)
class HeadFiles:
    """Files of heads (flows.pipeline.execution.frames.IndexedHeads)."""

    folder: Location

    def write(self, heads: pl.DataFrame) -> str:
        """Write heads to a new file, and return its name."""
        buffer = io.BytesIO()
        heads.drop("index").write_parquet(buffer, compression="zstd", compression_level=1, statistics=False)
        name = f"{uuid.uuid4()}.parquet"
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(buffer.getbuffer())
        return name

    def read(self, places: Sequence[HeadPlace | None], columns: Sequence[str]) -> pl.DataFrame:
        """Return columns of the heads at some places, and `index`: the position of each in `places`."""
        wanted = pl.DataFrame(
            [(index, *place) for index, place in enumerate(places) if place],
            {"index": pl.UInt32, "file": pl.String, "row": pl.UInt32},
            orient="row",
        )
        heads = [pl.DataFrame(schema=HEAD_SCHEMA).select(*columns, "index")]
        for (file,), rows in wanted.partition_by("file", as_dict=True, include_key=False).items():
            stored = pl.read_parquet(readable(self.folder / str(file)), columns=list(columns), glob=False)
            heads.append(with_own_texts(stored[rows["row"]].with_columns(rows["index"]), stored.height))
        return pl.concat(heads).sort("index")


def head_files_of(lake: "Lake", run: Run) -> HeadFiles:
    """Return where a run keeps its heads."""
    return HeadFiles(lake.scratch_of(run) / "heads")
