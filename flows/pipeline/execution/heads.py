"""Parse only the heads of files, before a run: which posts they contain, of which source and day."""

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
from flows.pipeline.workers.executor import LazyExecutor, ParseContext, chunk_tasks
from lake.batch import FILE_NAME, Batch, Run
from lake.commit.resolve import complete_file_rows
from lake.store import Lake
from posts.metadata.dates import date_from_file_name
from posts.worker import ParsedColumns, parse_heads
from schemas.tables import empty_table

# parsing a head takes about a fifth of the time of a whole post
HEAD_COST_RATIO = 5


def rows_from_heads(lake: Lake, plan: Plan, run: Run, context: ParseContext) -> pl.DataFrame:
    """Return rows of `files` from the heads of a plan's files, without text lengths, and a column `day`.

    `day` is the day of publication, or the day in the file name. Raises VanishedError.
    """
    batches = list[pl.DataFrame]()
    for number, (read_batch, parsed_heads) in enumerate(
        _parse_ahead(read_files(lake, plan), context, plan), start=1
    ):
        if read_batch.vanished_files:
            raise VanishedError(read_batch.vanished_files[0].origin)
        batches.append(build_batch(parsed_heads, read_batch, number, run).file_rows)
    batch = Batch(1, file_rows=pl.concat([empty_table("files"), *batches]))
    file_rows, _ = complete_file_rows(lake, batch, empty_table("files"))
    return _with_day(file_rows)


def _with_day(rows: pl.DataFrame) -> pl.DataFrame:
    names = rows.select(FILE_NAME)["name"]
    days = [
        None if published else date_from_file_name(name)
        for published, name in zip(rows["published_at"], names, strict=True)
    ]
    day_in_name = pl.Series([day and day.date() for day in days], dtype=pl.Date)
    return rows.with_columns(day=pl.coalesce(pl.col("published_at").dt.date(), day_in_name))


def _parse_ahead(
    read_batches: Iterator[ReadBatch], context: ParseContext, plan: Plan
) -> Iterator[tuple[ReadBatch, list[ParsedColumns]]]:
    """Yield read batches with their parsed heads, in order, while the workers parse the next one."""
    pending, files_done = deque[tuple[ReadBatch, list[Callable[[], list[ParsedColumns]]]]](), 0
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
