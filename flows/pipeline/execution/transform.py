"""Transform: groups of files become batches of validated rows."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import polars as pl

from flows.pipeline.execution.frames import batch_of, known_sightings
from flows.pipeline.execution.read import Group
from flows.pipeline.planning.plan import Plan
from flows.pipeline.progress import tell
from flows.pipeline.workers.pool import Workers, Workshop, handfuls
from lake.batch import KEY, Batch, Run
from posts.worker import Parsed, work


def transform(groups: Iterable[Group], plan: Plan, run: Run, shop: Workshop) -> Iterator[Batch]:
    """Parse and validate groups of files, and give them in batches, in their order.

    While a batch is loaded, the workers are at the next one. What needs no reading comes with the first batch,
    so that a file that moved is found at its new place as it is missed at the old one. Of a folder that has vanished
    by then nothing is missed.
    """
    first, doomed = Batch(0, known_sightings(plan), deleted=plan.gone), plan.edited
    with ExitStack() as stack:
        for number, (group, parsed) in enumerate(_ahead(groups, Workers(shop, stack), plan), start=1):
            batch = batch_of(parsed, group, number, run)
            is_there = ~pl.col("origin").is_in({file.origin for file in group.left})
            sightings = pl.concat([first.file_rows, batch.file_rows])
            gone = pl.concat([first.deleted.filter(is_there), batch.deleted])
            doomed = doomed.filter(is_there).join(sightings, on=KEY, how="anti")
            if not (sightings.is_empty() and gone.is_empty()):
                yield replace(batch, file_rows=sightings, deleted=gone, edited_later=doomed)
            first = Batch(0)


def _ahead(groups: Iterable[Group], workers: Workers, plan: Plan) -> Iterator[tuple[Group, list[Parsed]]]:
    """Yield groups parsed, in order, with the next one under way."""
    under_way = deque[tuple[Group, list[Callable[[], list[Parsed]]]]]()
    done = 0

    def finished() -> tuple[Group, list[Parsed]]:
        nonlocal done
        group, answers = under_way.popleft()
        parsed = list[Parsed]()
        for answer in answers:
            answered = answer()
            parsed += answered
            done += sum(len(each.sightings["path"]) for each in answered)
            tell("transform", done, plan.todo.height)
        return group, parsed

    for group in groups:
        workers.expect(group.bytes_read)
        under_way.append((group, [workers.begin(work, handful) for handful in handfuls(group.tasks)]))
        if len(under_way) > 1:
            yield finished()
    while under_way:
        yield finished()
