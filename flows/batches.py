"""Transform: files to be read become batches of validated rows."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from flows.frames import batch_of
from flows.plan import Plan
from flows.pool import pool
from flows.progress import tell
from lake.batch import Batch, Run
from lake.store import Lake
from posts.work import Parsed, Task, work
from schemas.words import Engine

# A batch is what is in memory at a time: its bytes, its text and its frames come to some eight times this.
BATCH_BYTES = 12 * 1024 * 1024
# What a worker is given at a time: large enough to hide the handing over, small enough to share out.
HANDFUL_BYTES, HANDFUL_FILES = 512 * 1024, 200
# Starting a pool takes longer than parsing this much.
WORTH_A_POOL = 2 * HANDFUL_BYTES


@dataclass(frozen=True, slots=True)
class Workshop:
    """How files are parsed: by how many processes, with which parser."""

    workers: int
    engine: Engine


def transform(lake: Lake, plan: Plan, run: Run, shop: Workshop) -> Iterator[Batch]:
    """Read, parse and validate the files of a plan, in its order, and give them in batches.

    While a batch is loaded, the workers are at the next one. Files no longer found come in the last batch,
    so that a file that moved is found at its new place before it is missed at the old one.
    """
    number = 0
    with ExitStack() as stack:
        worth_it = plan.todo_bytes > WORTH_A_POOL
        executor = stack.enter_context(pool(shop.workers)) if worth_it else None
        for parsed in _gathered(_parsed(plan.tasks(lake), executor, shop.engine), plan.todo.height):
            number += 1
            yield batch_of(parsed, number, run)
    if not plan.gone.is_empty():
        yield Batch(number + 1, gone=plan.gone)


def _parsed(tasks: Iterator[Task], executor: Executor | None, engine: Engine) -> Iterator[Parsed]:
    job = partial(work, engine=engine)
    if executor is None:
        return (job(handful) for handful in _handfuls(tasks))
    return _ahead(executor, job, _handfuls(tasks), BATCH_BYTES // HANDFUL_BYTES)


def _ahead(
    executor: Executor, job: Callable[[list[Task]], Parsed], handfuls: Iterable[list[Task]], most: int
) -> Iterator[Parsed]:
    """Give results in order, with at most so many handfuls under way."""
    under_way = deque[Future[Parsed]]()
    for handful in handfuls:
        under_way.append(executor.submit(job, handful))
        if len(under_way) >= most:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _handfuls(tasks: Iterator[Task]) -> Iterator[list[Task]]:
    handful, size = list[Task](), 0
    for task in tasks:
        handful.append(task)
        size += task.file.size
        if size >= HANDFUL_BYTES or len(handful) >= HANDFUL_FILES:
            yield handful
            handful, size = [], 0
    if handful:
        yield handful


def _gathered(parsed: Iterable[Parsed], total: int) -> Iterator[list[Parsed]]:
    gathered, size, done = list[Parsed](), 0, 0
    for each in parsed:
        gathered.append(each)
        size += each.bytes_read
        done += len(each.sightings["path"])
        tell("transform", done, total)
        if size >= BATCH_BYTES:
            yield gathered
            gathered, size = [], 0
    if gathered:
        yield gathered
