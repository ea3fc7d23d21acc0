"""Parse contents into posts: the heads that the run has not parsed yet, then the bodies. Workers do this."""

from collections.abc import Iterator, Sequence

import polars as pl

from flows.pipeline.execution import sizes
from flows.pipeline.execution.frames import (
    HEAD_SCHEMA,
    IS_POST,
    POST_SCHEMA,
    REJECT_SCHEMA,
    as_heads,
    as_posts,
    valid_posts,
)
from flows.pipeline.execution.reader import Reader, ReadTask, as_parse_task
from flows.pipeline.lake_settings.content_names import content_name_of
from flows.pipeline.sources.content import VanishedError
from flows.pipeline.workers.pool import Guard
from lake.batch import Run
from posts.post import BodyContext
from posts.worker import ParseConfig, ParseTask, parse_bodies, parse_heads

STORED_COLUMNS = [name for name in HEAD_SCHEMA if name != "index"]
# the content of a file that cannot be parsed
FAILURE_SCHEMA = dict.fromkeys(["blob", "name", "outcome", "reason", "field", "detail"], pl.String)


def parse_posts(
    reader: Reader, run: Run, tasks: Sequence[ReadTask], guard: Guard, config: ParseConfig
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the posts of files as rows of `posts`, and the contents that are none: FAILURE_SCHEMA.

    What is parsed becomes rows after each `sizes.BODY_BYTES`: as rows it takes less memory.
    """
    parse_tasks = read_contents(reader, tasks)
    heads, head_rejects = find_heads(reader, tasks, parse_tasks, guard, config, STORED_COLUMNS)
    files = pl.DataFrame(
        [(task.file.origin, task.file.path, task.file.blob) for task in tasks],
        dict.fromkeys(("origin", "path", "blob"), pl.String),
        orient="row",
    )
    rows, rejects, done = [pl.DataFrame(schema=POST_SCHEMA)], [head_rejects], 0
    bodies = guarded(tasks, guard, with_context(parse_tasks, heads))
    del parse_tasks
    for first in bodies:
        parsed = parse_bodies(_up_to(sizes.BODY_BYTES, first, bodies), config)
        count = len(parsed.outcomes["outcome"])
        new_rows, new_rejects = as_posts(heads[done : done + count], parsed, files, run)
        rows.append(new_rows)
        rejects.append(new_rejects)
        done += count
    # to validate rows takes as long as to validate one
    posts, invalid = valid_posts(pl.concat(rows))
    all_rejects = pl.concat([*rejects, invalid])
    failed = files[all_rejects["index"]].with_columns(content_name_of(config.settings))
    failures = pl.concat([failed, all_rejects], how="horizontal")
    return posts, failures.select(*FAILURE_SCHEMA)


def _up_to(max_bytes: int, first: ParseTask, others: Iterator[ParseTask]) -> Iterator[ParseTask]:
    """Yield a file and those after it, until they have so many bytes."""
    yield first
    size_bytes = first.file.size
    while size_bytes < max_bytes and (task := next(others, None)):
        yield task
        size_bytes += task.file.size


def read_contents(reader: Reader, tasks: Sequence[ReadTask]) -> list[ParseTask]:
    """Return files with their contents. Raises VanishedError."""
    parse_tasks = list[ParseTask]()
    for task, content in zip(tasks, reader.read(tasks), strict=True):
        if isinstance(content, VanishedError):
            raise content
        parse_tasks.append(as_parse_task(task, content))
    return parse_tasks


def find_heads(
    reader: Reader,
    tasks: Sequence[ReadTask],
    parse_tasks: Sequence[ParseTask],
    guard: Guard,
    config: ParseConfig,
    columns: Sequence[str],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the heads of files that are posts, and why the others are none: REJECT_SCHEMA.

    The heads have `columns` and `index`. Heads that the run has not stored are parsed.
    """
    no_heads = pl.DataFrame(schema=HEAD_SCHEMA).select(*columns, "index")
    known_heads = reader.heads.read([task.head for task in tasks], columns) if reader.heads else no_heads
    known = set(known_heads["index"])
    unknown = {index: task for index, task in enumerate(parse_tasks) if index not in known}
    if not unknown:
        return known_heads, pl.DataFrame(schema=REJECT_SCHEMA)
    indexes = pl.Series("index", list(unknown), pl.UInt32)
    new_heads, rows = as_heads(parse_heads(guarded(tasks, guard, unknown), config))
    new_heads = new_heads.with_columns(indexes[new_heads["index"]])
    rejects = rows.with_columns(indexes).filter(~IS_POST).select(*REJECT_SCHEMA)
    return pl.concat([known_heads, new_heads.select(known_heads.columns)]).sort("index"), rejects


def with_context(parse_tasks: Sequence[ParseTask], heads: pl.DataFrame) -> dict[int, ParseTask]:
    """Return the files of heads by index, in the order of the heads, each with what its body depends on."""
    contexts = map(BodyContext._make, heads.select(BodyContext._fields).iter_rows())
    return {
        index: ParseTask(parse_tasks[index].file, parse_tasks[index].content, context)
        for index, context in zip(heads["index"], contexts, strict=True)
    }


def guarded(tasks: Sequence[ReadTask], guard: Guard, chosen: dict[int, ParseTask]) -> Iterator[ParseTask]:
    """Yield the chosen files among those of a chunk, by ascending index, each within the limits of one file.

    Each is removed from `chosen`, so that its content is kept no longer than it is needed.
    The guard sees all files of the chunk: it counts them to tell at which one a process ended.
    """
    for index, _ in enumerate(guard(tasks)):
        if index in chosen:
            yield chosen.pop(index)
