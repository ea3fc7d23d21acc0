"""Transform: groups of files become batches of validated rows."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from flows.frames import batch_of, known_sightings
from flows.groups import Group
from flows.plan import Plan
from flows.pool import pool
from flows.progress import tell
from lake.batch import KEY, Batch, Run
from posts.work import Parsed, Task, work
from schemas.words import Engine

if TYPE_CHECKING:
    from concurrent.futures import Executor

# What a worker is given at a time: large enough to hide the handing over, small enough to share out.
HANDFUL_BYTES, HANDFUL_FILES = 512 * 1024, 200
# Starting a pool takes longer than parsing this much.
WORTH_A_POOL = 2 * HANDFUL_BYTES


@dataclass(frozen=True, slots=True)
class Workshop:
    """How files are parsed: by how many processes, with which parser."""

    workers: int
    engine: Engine


def transform(groups: Iterable[Group], plan: Plan, run: Run, shop: Workshop) -> Iterator[Batch]:
    """Parse and validate groups of files, and give them in batches, in their order.

    While a batch is loaded, the workers are at the next one. What needs no reading comes with the first batch,
    so that a file that moved is found at its new place as it is missed at the old one.
    """
    first, doomed = Batch(0, known_sightings(plan), gone=plan.gone), plan.edited
    with ExitStack() as stack:
        for number, (group, parsed) in enumerate(_ahead(groups, Parsers(shop, stack), plan), start=1):
            batch = batch_of(parsed, group, number, run)
            sightings = pl.concat([first.sightings, batch.sightings])
            gone = pl.concat([first.gone, batch.gone])
            doomed = doomed.join(sightings, on=KEY, how="anti")
            if not (sightings.is_empty() and gone.is_empty()):
                yield replace(batch, sightings=sightings, gone=gone, doomed=doomed)
            first = Batch(0)


class Parsers:
    """Parses in this process until a group is worth a pool, from then on in the pool."""

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop, self._stack = shop, stack
        self._executor: Executor | None = None

    def begin(self, group: Group) -> list[Callable[[], Parsed]]:
        """Have the handfuls of a group parsed; each answer waits until its own is."""
        if self._executor is None and group.bytes_read > WORTH_A_POOL:
            self._executor = self._stack.enter_context(pool(self._shop.workers))
        return [self._begin(handful) for handful in _handfuls(group.tasks)]

    def _begin(self, handful: list[Task]) -> Callable[[], Parsed]:
        if self._executor is None:
            return partial(work, handful, self._shop.engine)
        return self._executor.submit(work, handful, self._shop.engine).result


def _ahead(groups: Iterable[Group], parsers: Parsers, plan: Plan) -> Iterator[tuple[Group, list[Parsed]]]:
    """Give groups parsed, in order, with the next one under way."""
    under_way = deque[tuple[Group, list[Callable[[], Parsed]]]]()
    done = 0

    def finished() -> tuple[Group, list[Parsed]]:
        nonlocal done
        group, answers = under_way.popleft()
        parsed = list[Parsed]()
        for answer in answers:
            parsed.append(answer())
            done += len(parsed[-1].sightings["path"])
            tell("transform", done, plan.todo.height)
        return group, parsed

    for group in groups:
        under_way.append((group, parsers.begin(group)))
        if len(under_way) > 1:
            yield finished()
    while under_way:
        yield finished()


def _handfuls(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    handful, size = list[Task](), 0
    for task in tasks:
        handful.append(task)
        size += task.file.size
        if size >= HANDFUL_BYTES or len(handful) >= HANDFUL_FILES:
            yield handful
            handful, size = [], 0
    if handful:
        yield handful
