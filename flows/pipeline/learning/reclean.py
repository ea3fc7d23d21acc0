"""Clean posts again from stored bytes, after a change of the cleaner or of the template of their source."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from hashlib import blake2b

import polars as pl

from flows.pipeline.code import code_version
from flows.pipeline.execution.frames import valid_post_rows
from flows.pipeline.progress import report_progress
from flows.pipeline.reporting.alarms import Failure
from flows.pipeline.reporting.results import RecleanResult
from flows.pipeline.workers.executor import LazyExecutor, ParseContext, chunk_tasks
from flows.pipeline.workers.pool import Guard
from lake.batch import Run, chunk_by_total
from lake.commit.commit import rewrite_posts
from lake.maintenance.compact import record_versions
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import templates
from posts.post import CLEANER_VERSION
from posts.sources.files import SourceFile
from posts.worker import ParseConfig, ParsedColumns, ParseTask, parse_tasks
from schemas.enums import PARSER_FAULTS, ParseWarning

# posts whose bytes, texts and rows are in memory at a time
CHUNK_POSTS = 4_000
# Columns that a cleaned post keeps from its stored row: where its file is, and when its version began or was
# withdrawn.
PRESERVED_COLUMNS = ["origin", "path", "version_at", "withdrawn_at"]


def reclean(lake: Lake, run: Run, context: ParseContext, sources: Sequence[str] = ()) -> RecleanResult:
    """Clean the posts of all or some sources that another cleaner or template cleaned, and return the counts.

    Revisions stay as they are. Commits stay even if the run is killed; the next run continues.
    """
    result = _reclean_posts(lake, run, context, templates.stale_posts(lake, CLEANER_VERSION, list(sources)))
    if not sources and not is_caught_up(lake):
        record_caught_up(lake)
    return result


def reclean_leftovers(lake: Lake, run: Run, context: ParseContext) -> RecleanResult:
    """Clean the posts that a killed run, or an older postlake, left with another template or cleaner.

    If the Delta logs say that there are none, nothing is read. Posts that could not be cleaned again are
    tried again by another version of the code only.
    """
    if is_caught_up(lake):
        return RecleanResult()
    include_skipped = not templates.has_tried_skipped(lake, _code_number())
    result = _reclean_posts(
        lake, run, context, templates.stale_posts(lake, CLEANER_VERSION, [], include_skipped=include_skipped)
    )
    record_caught_up(lake)
    return result


def is_caught_up(lake: Lake) -> bool:
    """Return whether this code cleaned all posts with the newest templates, according to the logs alone."""
    return templates.is_current(lake, _code_number())


def record_caught_up(lake: Lake) -> None:
    """Record in the logs that this code cleaned all posts with the newest templates."""
    templates.record_current(lake, _code_number())


def _code_number() -> int:
    """Return a number for the version of the code that parses and cleans, for a Delta transaction."""
    version_bytes = f"{code_version()} {CLEANER_VERSION}".encode()
    return int.from_bytes(blake2b(version_bytes, digest_size=6).digest())


def _reclean_posts(lake: Lake, run: Run, context: ParseContext, stale_posts: pl.DataFrame) -> RecleanResult:
    total = RecleanResult()
    with ExitStack() as stack:
        executor = LazyExecutor(context, stack)
        for chunk in _partition_chunks(lake, stale_posts):
            total += _reclean_chunk(lake, run, executor, chunk)
            report_progress("reclean", total.posts, stale_posts.height)
    if total.posts:
        # otherwise the rollback of a batch that is killed later would undo this too
        record_versions(lake)
    return total


def _partition_chunks(lake: Lake, stale_posts: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield posts in chunks of whole partitions, in the order of the partitions."""
    partition = lake.partition_columns("posts")
    partition_sizes = stale_posts.group_by(partition, maintain_order=True).len()
    for chunk in chunk_by_total(partition_sizes, pl.col("len"), CHUNK_POSTS):
        yield stale_posts.join(chunk.select(partition), on=partition, how="semi", maintain_order="left")


def _reclean_chunk(lake: Lake, run: Run, executor: LazyExecutor, chunk: pl.DataFrame) -> RecleanResult:
    contents = files_table.contents(lake, chunk["blob"])
    executor.ensure_capacity(sum(map(len, contents.values())))
    files = [SourceFile(*row) for row in chunk.select(templates.FILE_COLUMNS).iter_rows()]
    tasks = [ParseTask(file, contents[str(file.blob)]) for file in files if file.blob in contents]
    results = [executor.submit(parse_chunk, task_chunk) for task_chunk in chunk_tasks(tasks)]
    parsed = [each for result in results for each in result()]
    parsed_posts, failures = valid_post_rows(parsed, run), _failures(parsed)
    partitions = chunk.select(lake.partition_columns("posts")).unique()
    stored_posts = lake.read_partitions("posts", partitions)
    # a post to which this version of postlake gives another id, source or date waits for an ingest of its
    # file
    match_columns = ["post_id", "source_id", "date", "blob"]
    cleaned_posts = stored_posts.select(*match_columns, *PRESERVED_COLUMNS, old="content_hash").join(
        parsed_posts.drop(PRESERVED_COLUMNS), on=match_columns
    )
    changed_count = cleaned_posts.filter(pl.col("old") != pl.col("content_hash")).height
    unchanged_posts = _with_skipped_warnings(
        stored_posts.join(cleaned_posts, on="post_id", how="anti"), chunk
    )
    cleaned_rows = lake.conform("posts", lake.with_partition_column(cleaned_posts))
    rewrite_posts(lake, pl.concat([unchanged_posts, cleaned_rows]), partitions)
    return RecleanResult(
        chunk.height, changed_count, chunk.height - cleaned_posts.height - len(failures), failures
    )


def parse_chunk(tasks: Sequence[ParseTask], guard: Guard, config: ParseConfig) -> ParsedColumns:
    """Return the rows of a chunk of files, in a worker."""
    return parse_tasks(guard(tasks), config)


def _failures(parsed: list[ParsedColumns]) -> tuple[Failure, ...]:
    failure_columns = ("path", "reason", "detail")
    rows = (
        row
        for each in parsed
        for row in zip(*(each.file_rows[name] for name in failure_columns), strict=True)
    )
    return tuple(row for row in rows if row[1] in PARSER_FAULTS)


def _with_skipped_warnings(unchanged_posts: pl.DataFrame, stale_posts: pl.DataFrame) -> pl.DataFrame:
    """Return the unchanged posts; only those that could not be cleaned again get a warning."""
    is_skipped = pl.col("post_id").is_in(stale_posts["post_id"].implode())
    warning = pl.lit([ParseWarning.NOT_CLEANED_AGAIN.value], pl.List(pl.String))
    return unchanged_posts.with_columns(
        warnings=pl.when(is_skipped).then(pl.col("warnings").list.set_union(warning)).otherwise("warnings")
    )
