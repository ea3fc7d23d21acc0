"""The load stage: resolve a batch against the `files` table and commit it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from flows.pipeline.execution.frames import build_batch
from flows.pipeline.execution.read import ReadBatch
from lake.batch import CONTENT_KEY, FILE_NAME, KEY, Batch, Checkpoint, Run
from lake.commit import moved
from lake.commit.commit import commit
from lake.commit.posts import diff_posts
from lake.commit.resolve import CONTENT_COLUMNS, complete_file_rows, resolve
from lake.commit.siblings import stored_posts_with_contents
from lake.store import Lake
from lake.tables import files as files_table
from posts.post import NotAPost
from posts.sources.files import SourceFile
from posts.worker import ParseConfig, ParseTask, parse_tasks
from schemas.enums import Outcome, Reason
from schemas.tables import empty_table

if TYPE_CHECKING:
    from flows.pipeline.sources.base import Content

FILE_COLUMNS = [*KEY, "size", "mtime_ns", pl.lit(None, pl.String).alias("problem"), "blob"]
# a content that was read in another file, ignored as no post, and therefore not stored
BYTES_NOT_STORED = NotAPost(
    Outcome.REJECTED, Reason.UNREADABLE, detail="its bytes are not in the lake; the next run reads it"
)


class Loader:
    """A loader of the batches of a run, one after the other."""

    def __init__(
        self, lake: Lake, run: Run, config: ParseConfig, checkpoints: Mapping[str, Checkpoint] | None = None
    ) -> None:
        """Set the lake; `checkpoints` is used for origins for which a batch has none of its own."""
        self.lake, self.run, self.config = lake, run, config
        self._checkpoints = checkpoints or {}
        self._rejected_claims = _claims(empty_table("files"))
        self._pending_moves = pl.DataFrame(schema=moved.MOVES_SCHEMA)

    def load(self, batch: Batch) -> None:
        """Resolve a batch and commit it. A commit stays, even if the run fails later."""
        file_rows, incomplete_rows = complete_file_rows(self.lake, batch, self._rejected_claims)
        reparsed = self._reparse(incomplete_rows, batch, incomplete_rows["first_seen_at"].to_list())
        file_rows = pl.concat([file_rows, reparsed.file_rows])
        rejected_claims = _claims(
            file_rows.filter(pl.col("reason").is_not_null() & pl.col("blob").is_not_null())
        )
        self._rejected_claims = pl.concat([self._rejected_claims, rejected_claims]).unique()
        checkpoints = {**self._checkpoints, **batch.checkpoints}
        posts = pl.concat([batch.posts, reparsed.posts])
        self._commit(replace(batch, file_rows=file_rows, posts=posts, checkpoints=checkpoints))

    def _commit(self, batch: Batch) -> None:
        resolution = resolve(self.lake, batch)
        changes = diff_posts(self.lake, resolution, batch.posts, self._pending_moves)
        if changes.unparsed_files.is_empty():
            commit(self.lake, batch, resolution, changes, self.run)
            self._pending_moves = changes.moves
            return
        stored_posts = stored_posts_with_contents(self.lake, changes.unparsed_files)
        # several files of one content are parsed once
        unparsed_files = changes.unparsed_files.with_columns(FILE_NAME).unique(
            CONTENT_KEY, keep="first", maintain_order=True
        )
        unparsed_files = unparsed_files.join(
            stored_posts.with_columns(FILE_NAME), on=CONTENT_KEY, how="anti"
        ).drop("name")
        reparsed = self._reparse(unparsed_files, batch, [_last_effective_at(batch)] * unparsed_files.height)
        # an older version parsed these files as posts, this one rejects them: resolve the batch again with
        # the rejects
        rejected_rows = reparsed.file_rows.filter(pl.col("reason").is_not_null())
        posts = pl.concat([batch.posts, reparsed.posts, stored_posts])
        self._commit(replace(batch, file_rows=pl.concat([batch.file_rows, rejected_rows]), posts=posts))

    def _reparse(self, files: pl.DataFrame, batch: Batch, seen_times: list[dt.datetime]) -> Batch:
        """Return a batch of files (rows of `files`), parsed from the bytes in the batch or the lake."""
        if files.is_empty():
            return Batch(batch.number)
        contents: dict[str, Content] = {**files_table.contents(self.lake, files["blob"])}
        contents |= dict(batch.contents.select("blob", "content").iter_rows())
        tasks = [
            ParseTask(file, contents.get(str(file.blob), BYTES_NOT_STORED))
            for file in (SourceFile(*row) for row in files.select(FILE_COLUMNS).iter_rows())
        ]
        return build_batch(
            [parse_tasks(tasks, self.config)], ReadBatch(tasks, seen_times), batch.number, self.run
        )


def _claims(file_rows: pl.DataFrame) -> pl.DataFrame:
    return file_rows.select(*CONTENT_COLUMNS, "blob", "path")


def _last_effective_at(batch: Batch) -> dt.datetime:
    """Return the latest effective time in a batch."""
    effective_times = pl.concat(
        [batch.file_rows["first_seen_at"], batch.deleted["gone_at"].rename("first_seen_at")]
    )
    return effective_times.max()  # type: ignore[return-value]  # a batch is not empty
