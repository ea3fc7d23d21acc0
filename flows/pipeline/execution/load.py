"""Load: a batch is settled against the ledger and committed."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from flows.pipeline.execution.frames import batch_of
from flows.pipeline.execution.read import Group
from lake.batch import CONTENT_KEY, FILE_NAME, KEY, Batch, Checkpoint, Run
from lake.commit import moved
from lake.commit.commit import commit
from lake.commit.posts import diff_posts
from lake.commit.resolve import CONTENT_COLUMNS, complete_file_rows, resolve
from lake.commit.siblings import stored_posts_with_contents
from lake.store import Lake
from lake.tables import files as files_table
from posts.post import Refusal
from posts.sources.files import File
from posts.worker import Reader, Task, work
from schemas.enums import Outcome, Reason
from schemas.tables import empty_table

if TYPE_CHECKING:
    from flows.pipeline.sources.base import Content

FILE = [*KEY, "size", "mtime_ns", pl.lit(None, pl.String).alias("problem"), "blob"]
# a content that was read, refused as no post and so not kept, and that another file turns out to have
NOT_HELD = Refusal(
    Outcome.REJECTED, Reason.UNREADABLE, detail="its bytes are not in the lake; the next run reads it"
)


class Loader:
    """Loads the batches of a run, one after the other."""

    def __init__(
        self, lake: Lake, run: Run, reader: Reader, marks: Mapping[str, Checkpoint] | None = None
    ) -> None:
        """Load into a lake that repositories are followed in as marks tell, where a batch does not tell otherwise."""
        self.lake, self.run, self.reader = lake, run, reader
        self._marks = marks or {}
        self._refused = _tellers(empty_table("files"))
        self._moved = pl.DataFrame(schema=moved.MOVES_SCHEMA)

    def load(self, batch: Batch) -> None:
        """Settle a batch and commit it. What is committed stays, whatever comes after."""
        sightings, untold = complete_file_rows(self.lake, batch, self._refused)
        read = self._read_again(untold, batch, untold["first_seen_at"].to_list())
        sightings = pl.concat([sightings, read.file_rows])
        refused = _tellers(sightings.filter(pl.col("reason").is_not_null() & pl.col("blob").is_not_null()))
        self._refused = pl.concat([self._refused, refused]).unique()
        marks = {**self._marks, **batch.checkpoints}
        posts = pl.concat([batch.posts, read.posts])
        self._commit(replace(batch, file_rows=sightings, posts=posts, checkpoints=marks))

    def _commit(self, batch: Batch) -> None:
        settled = resolve(self.lake, batch)
        turned = diff_posts(self.lake, settled, batch.posts, self._moved)
        if turned.unparsed_files.is_empty():
            commit(self.lake, batch, settled, turned, self.run)
            self._moved = turned.moves
            return
        stored = stored_posts_with_contents(self.lake, turned.unparsed_files)
        # of several files of one content one is read
        unread = turned.unparsed_files.with_columns(FILE_NAME).unique(
            CONTENT_KEY, keep="first", maintain_order=True
        )
        unread = unread.join(stored.with_columns(FILE_NAME), on=CONTENT_KEY, how="anti").drop("name")
        read = self._read_again(unread, batch, [_latest(batch)] * unread.height)
        # what an older version took for a post and this one does not cannot tell it: settle without it
        refused = read.file_rows.filter(pl.col("reason").is_not_null())
        posts = pl.concat([batch.posts, read.posts, stored])
        self._commit(replace(batch, file_rows=pl.concat([batch.file_rows, refused]), posts=posts))

    def _read_again(self, files: pl.DataFrame, batch: Batch, came: list[dt.datetime]) -> Batch:
        """Parse files (rows of the ledger) from the bytes that the batch or the lake keeps."""
        if files.is_empty():
            return Batch(batch.number)
        contents: dict[str, Content] = {**files_table.contents(self.lake, files["blob"])}
        contents |= dict(batch.contents.select("blob", "content").iter_rows())
        tasks = [
            Task(file, contents.get(str(file.blob), NOT_HELD))
            for file in (File(*row) for row in files.select(FILE).iter_rows())
        ]
        return batch_of([work(tasks, self.reader)], Group(tasks, came), batch.number, self.run)


def _tellers(sightings: pl.DataFrame) -> pl.DataFrame:
    return sightings.select(*CONTENT_COLUMNS, "blob", "path")


def _latest(batch: Batch) -> dt.datetime:
    """Return the last moment of a batch."""
    moments = pl.concat([batch.file_rows["first_seen_at"], batch.deleted["gone_at"].rename("first_seen_at")])
    return moments.max()  # type: ignore[return-value]  # a batch is not empty
