"""The transform stage: parse files and build batches of validated rows."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import polars as pl

from flows.pipeline.execution.frames import already_parsed_rows, build_batch
from flows.pipeline.execution.read import ReadBatch
from flows.pipeline.planning.plan import Plan
from flows.pipeline.progress import report_progress
from flows.pipeline.workers.executor import LazyExecutor, ParseContext, chunk_tasks
from lake.batch import KEY, Batch, Run
from posts.worker import ParsedColumns, parse_tasks


def transform(
    read_batches: Iterable[ReadBatch], plan: Plan, run: Run, context: ParseContext
) -> Iterator[Batch]:
    """Yield batches of parsed and validated rows, in the order of the read batches.

    While a batch is loaded, the workers parse the next one. Files that need no reading, and deletions, come
    with the first batch, so that the old and the new path of a moved file change together. Deletions in a
    folder that has vanished by then are dropped.
    """
    leftovers, edited_later = Batch(0, already_parsed_rows(plan), deleted=plan.deleted), plan.edited
    with ExitStack() as stack:
        for number, (read_batch, parsed) in enumerate(
            _parse_ahead(read_batches, LazyExecutor(context, stack), plan), start=1
        ):
            batch = build_batch(parsed, read_batch, number, run)
            is_available = ~pl.col("origin").is_in({file.origin for file in read_batch.vanished_files})
            file_rows = pl.concat([leftovers.file_rows, batch.file_rows])
            deleted = pl.concat([leftovers.deleted.filter(is_available), batch.deleted])
            edited_later = edited_later.filter(is_available).join(file_rows, on=KEY, how="anti")
            if not (file_rows.is_empty() and deleted.is_empty()):
                yield replace(batch, file_rows=file_rows, deleted=deleted, edited_later=edited_later)
            leftovers = Batch(0)


def _parse_ahead(
    read_batches: Iterable[ReadBatch], executor: LazyExecutor, plan: Plan
) -> Iterator[tuple[ReadBatch, list[ParsedColumns]]]:
    """Yield read batches with their results, in order, while the workers parse the next one."""
    pending = deque[tuple[ReadBatch, list[Callable[[], list[ParsedColumns]]]]]()
    files_done = 0

    def next_parsed() -> tuple[ReadBatch, list[ParsedColumns]]:
        nonlocal files_done
        read_batch, results = pending.popleft()
        parsed = list[ParsedColumns]()
        for result in results:
            parsed_chunks = result()
            parsed += parsed_chunks
            files_done += sum(len(each.file_rows["path"]) for each in parsed_chunks)
            report_progress("transform", files_done, plan.todo.height)
        return read_batch, parsed

    for read_batch in read_batches:
        executor.ensure_capacity(read_batch.bytes_read)
        pending.append(
            (read_batch, [executor.submit(parse_tasks, chunk) for chunk in chunk_tasks(read_batch.tasks)])
        )
        if len(pending) > 1:
            yield next_parsed()
    while pending:
        yield next_parsed()
