"""Transform: files to be read become batches of validated rows."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from flows.plan import Plan
from flows.pool import pool
from flows.progress import tell
from lake.batch import KEY, Batch, Run
from lake.store import Lake
from schemas.words import Engine
from posts.work import Parsed, Task, work
from schemas.posts import Posts
from schemas.tables import columns
from schemas.words import Outcome

# A batch is what is in memory at a time: its bytes, its text and its frames come to some eight times this.
BATCH_BYTES = 16 * 1024 * 1024
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
    """Read, parse and validate the files of a plan, in path order, and give them in batches.

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


def batch_of(parsed: list[Parsed], number: int, run: Run) -> Batch:
    """Build the frames of a batch; a post that breaks a rule becomes a reject with the rule's name."""
    seen = {"first_seen_at": run.started_at, "read_at": run.started_at, "gone_at": None, "run_id": run.run_id}
    files = _frame("files", [each.sightings for each in parsed], seen)
    kept, broken = valid(post_rows(parsed, run))
    return Batch(number, _refused(files, broken), kept, _contents(parsed, run))


def post_rows(parsed: list[Parsed], run: Run) -> pl.DataFrame:
    """Give parsed posts as rows of the table, with the columns that are the run's."""
    own = {"template_version": None, "withdrawn_at": None, "run_id": run.run_id, "ingested_at": run.started_at}
    return _frame("posts", [each.posts for each in parsed], own)


def _frame(table: str, handfuls: list[dict[str, list[Any]]], constants: dict[str, Any]) -> pl.DataFrame:
    """Build rows of a table from lists, one per column, and columns that are the same in each row.

    Nested columns come as JSON, which Polars reads a hundred times faster than nested lists.
    """
    schema = columns(table)
    nested = [name for name in handfuls[0] if isinstance(schema[name], pl.List)]
    flat = {name: pl.String() if name in nested else schema[name] for name in handfuls[0]}
    rows = pl.concat([pl.DataFrame(lists, schema=flat) for lists in handfuls])
    return rows.with_columns(
        *(pl.col(name).str.json_decode(schema[name]) for name in nested),
        *(pl.lit(value, schema[name]).alias(name) for name, value in constants.items()),
    ).select(schema.names())


def valid(posts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the posts that keep every rule from those that break one: KEY, reason, field, detail."""
    kept, failure = Posts.filter(posts)
    if len(failure) == 0:
        return kept, pl.DataFrame(schema=dict.fromkeys([*KEY, "reason", "field", "detail"], pl.String))
    details = failure.details()
    rules = [name for name in details.columns if name not in posts.columns]
    rows = [_broken(row, rules) for row in details.iter_rows(named=True)]
    return kept, pl.DataFrame(rows, schema=dict.fromkeys([*KEY, "reason", "field", "detail"], pl.String))


def _broken(row: dict[str, object], rules: list[str]) -> dict[str, object]:
    rule = next(name for name in rules if row[name] == "invalid")
    about = max((column for column in Posts.column_names() if rule.startswith(column)), key=len, default=None)
    detail = None if about is None else str(row[about])[:200]
    return {name: row[name] for name in KEY} | {"reason": rule, "field": about, "detail": detail}


def _refused(files: pl.DataFrame, broken: pl.DataFrame) -> pl.DataFrame:
    if broken.is_empty():
        return files
    refused = files.drop("reason", "field", "detail").join(broken, on=KEY).select(files.columns)
    nothing = [pl.lit(None, files.schema[name]).alias(name) for name in ("post_id", "source_id", "published_at")]
    rejected = refused.with_columns(*nothing, outcome=pl.lit(Outcome.REJECTED.value), text_chars=None)
    return pl.concat([files.join(broken, on=KEY, how="anti"), rejected.cast(files.schema)])  # type: ignore[arg-type]


def _contents(parsed: list[Parsed], run: Run) -> pl.DataFrame:
    contents = {blob: content for each in parsed for blob, content in each.contents.items()}
    sizes = list(map(len, contents.values()))
    lists = {"blob": list(contents), "size": sizes, "content": list(contents.values())}
    return _frame("raw", [lists], {"run_id": run.run_id})
