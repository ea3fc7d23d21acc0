"""The heads of files, read ahead of a run: which posts they would give, of which source and day."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain

import polars as pl

from flows.pipeline.execution.frames import build_batch
from flows.pipeline.execution.read import ReadBatch, read_files
from flows.pipeline.planning.plan import Plan
from flows.pipeline.progress import report_progress
from flows.pipeline.sources.base import VanishedError
from flows.pipeline.workers.pool import LazyExecutor, ParseContext, chunk_tasks
from lake.batch import FILE_NAME, Batch, Run
from lake.commit.resolve import complete_file_rows
from lake.store import Lake
from posts.metadata.dates import date_from_file_name
from posts.worker import ParsedHeads, parse_heads
from schemas.tables import empty_table

# a head takes about a fifth of the time of a whole post
HEAD_COST_RATIO = 5


def rows_from_heads(lake: Lake, plan: Plan, run: Run, context: ParseContext) -> pl.DataFrame:
    """Read the heads of the files of a plan, and give them as rows of the ledger, a post's text without length.

    `source_id` is told of refused files too, as far as they tell it, and `day` of all. Raises VanishedError.
    """
    batches, source_ids_by_blob = list[pl.DataFrame](), dict[str, str]()
    for number, (read_batch, parsed_heads) in enumerate(
        _parse_ahead(read_files(lake, plan), context, plan), start=1
    ):
        if read_batch.vanished_files:
            raise VanishedError(read_batch.vanished_files[0].origin)
        batches.append(
            build_batch([each.columns for each in parsed_heads], read_batch, number, run).file_rows
        )
        for each in parsed_heads:
            source_ids_by_blob |= each.source_ids_by_blob
    batch = Batch(1, file_rows=pl.concat([empty_table("files"), *batches]))
    file_rows, _ = complete_file_rows(lake, batch, empty_table("files"))
    return _with_source_and_day(file_rows, source_ids_by_blob)


def _with_source_and_day(rows: pl.DataFrame, source_ids_by_blob: dict[str, str]) -> pl.DataFrame:
    hints = pl.DataFrame(
        {"blob": list(source_ids_by_blob), "hint": list(source_ids_by_blob.values())},
        {"blob": pl.String, "hint": pl.String},
    )
    names = rows.select(FILE_NAME)["name"]
    days = [
        None if published else date_from_file_name(name)
        for published, name in zip(rows["published_at"], names, strict=True)
    ]
    by_name = pl.Series("by_name", [day and day.date() for day in days], pl.Date)
    return (
        rows.with_columns(by_name)
        .join(hints, on="blob", how="left", maintain_order="left")
        .with_columns(
            source_id=pl.coalesce("source_id", "hint"),
            day=pl.coalesce(pl.col("published_at").dt.date(), "by_name"),
        )
        .drop("hint", "by_name")
    )


def _parse_ahead(
    read_batches: Iterator[ReadBatch], context: ParseContext, plan: Plan
) -> Iterator[tuple[ReadBatch, list[ParsedHeads]]]:
    """Yield groups outlined, in order, with the next one under way."""
    pending, files_done = deque[tuple[ReadBatch, list[Callable[[], list[ParsedHeads]]]]](), 0
    with ExitStack() as stack:
        executor = LazyExecutor(context, stack)
        for read_batch in chain(read_batches, [None]):
            if read_batch is not None:
                executor.ensure_capacity(read_batch.bytes_read // HEAD_COST_RATIO)
                pending.append(
                    (
                        read_batch,
                        [executor.submit(parse_heads, chunk) for chunk in chunk_tasks(read_batch.tasks)],
                    )
                )
            while len(pending) > (read_batch is not None):
                finished_batch, results = pending.popleft()
                yield finished_batch, [each for result in results for each in result()]
                files_done += len(finished_batch.tasks) + len(finished_batch.copies)
                report_progress("heads", files_done, plan.todo.height)
