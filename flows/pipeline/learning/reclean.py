"""Clean posts again from stored bytes, after a change of the cleaner or of the template of their source."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from hashlib import blake2b

import polars as pl

from flows.pipeline.code import code_version
from flows.pipeline.execution.parse import FAILURE_SCHEMA
from flows.pipeline.execution.reader import Reader, read_tasks
from flows.pipeline.execution.worker import ContentCheck
from flows.pipeline.learning.recleaner import CleanedPartitions, Recleaner
from flows.pipeline.progress import report_progress
from flows.pipeline.reporting.results import RecleanResult
from flows.pipeline.workers.context import ParseContext
from flows.pipeline.workers.executor import LazyExecutor, run_ahead
from lake.batch import CONTENT_KEY, Run, chunk_by_total
from lake.commit.commit import record_versions
from lake.storage.settings_file import SETTINGS_FILE
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import templates
from posts.post import CLEANER_VERSION
from posts.rules.own_rules import NO_OWN_RULES, OwnRules

logger = logging.getLogger(__name__)

# posts of one task and commit; a partition is never divided
CHUNK_POSTS = 2_000


def reclean(lake: Lake, run: Run, context: ParseContext, sources: Sequence[str] = ()) -> RecleanResult:
    """Clean the posts of all or some sources that another cleaner or template cleaned, and return the counts.

    Revisions stay as they are. Commits stay even if the run is killed; the next run continues.
    """
    other_rules = _sources_with_other_rules(lake, context)
    stale_posts = templates.stale_posts(lake, CLEANER_VERSION, list(sources), other_rules)
    result = _reclean_posts(lake, run, context, stale_posts)
    if not sources and not templates.is_current(lake, _code_number(context)):
        record_caught_up(lake, context)
    return result


def reclean_leftovers(lake: Lake, run: Run, context: ParseContext) -> RecleanResult:
    """Clean the posts that a killed run, an older postlake, or other settings left with another template or cleaner.

    If the Delta logs say that there are none, nothing is read. Posts that could not be cleaned again are
    tried again by another version of the code only.
    """
    code = _code_number(context)
    if templates.is_current(lake, code):
        return RecleanResult()
    include_skipped = not templates.has_tried_skipped(lake, code)
    other_rules = _sources_with_other_rules(lake, context)
    if other_rules:
        logger.info(
            f"{lake.root}: rules of {SETTINGS_FILE} changed; the posts of {len(other_rules)} sources are cleaned again"
        )
    stale_posts = templates.stale_posts(
        lake, CLEANER_VERSION, [], other_rules, include_skipped=include_skipped
    )
    result = _reclean_posts(lake, run, context, stale_posts)
    record_caught_up(lake, context)
    return result


def record_caught_up(lake: Lake, context: ParseContext) -> None:
    """Record in the logs that this code cleaned all posts with the newest templates and the rules of the lake's own."""
    templates.record_current(lake, _code_number(context), _sources_with_other_rules(lake, context))


def _sources_with_other_rules(lake: Lake, context: ParseContext) -> dict[str, int]:
    settings = context.config.settings
    return templates.sources_with_other_rules(
        lake, lambda source_id: _number_of(settings.rules_of(source_id))
    )


def _code_number(context: ParseContext) -> int:
    """Return a number for what parses and cleans, the code and rules of the lake's own, for a Delta transaction."""
    own_rules = context.config.settings.own_rules
    numbers = {source_id: _number_of(rules) for source_id, rules in sorted(own_rules.items())}
    return _digest(f"{code_version()} {CLEANER_VERSION}{numbers or ''}")


def _number_of(rules: OwnRules) -> int:
    return 0 if rules == NO_OWN_RULES else _digest(f"{sorted(rules.off)} {rules.patterns}")


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest())


def _reclean_posts(lake: Lake, run: Run, context: ParseContext, stale_posts: pl.DataFrame) -> RecleanResult:
    # imported where posts are cleaned: it needs the parser
    from flows.pipeline.learning.learn import load_templates

    context = context.with_templates(load_templates(lake))
    total, locations = RecleanResult(), files_table.locate_contents(lake, stale_posts["blob"])
    located = stale_posts.join(locations, on="blob", how="left", maintain_order="left")
    with ExitStack() as stack:
        executor = LazyExecutor(context, stack, "reclean")
        executor.ensure_capacity(int(located["size"].sum()))
        submitted = (_submit(lake, run, executor, chunk) for chunk in _partition_chunks(lake, located))
        for cleaned in run_ahead(submitted, context.workers):
            lake.commit("posts", cleaned.written, cleaned.replaced)
            total += cleaned.result
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


def _submit(
    lake: Lake, run: Run, executor: LazyExecutor, chunk: pl.DataFrame
) -> Callable[[], CleanedPartitions]:
    reader = Reader({}, lake.folder("raw"))
    partitions = lake.files_of_partitions("posts", chunk.select(lake.partition_columns("posts")).unique())
    first_recleaner = Recleaner(reader, partitions, lake.granularity, chunk["post_id"], run)
    located = chunk.drop_nulls("part").with_columns(lake.content_name)

    def submit(recleaner: Recleaner, rows: pl.DataFrame) -> Callable[[], CleanedPartitions | pl.DataFrame]:
        return executor.submit_whole(recleaner, read_tasks(rows), ContentCheck(reader, run), _lost_contents)

    wait = submit(first_recleaner, located)

    def wait_until_clean() -> CleanedPartitions:
        recleaner, rows, cleaned = first_recleaner, located, wait()
        while isinstance(cleaned, pl.DataFrame):
            recleaner = replace(recleaner, lost=pl.concat([recleaner.lost, cleaned]))
            rows = rows.join(cleaned, on=CONTENT_KEY, how="anti", maintain_order="left")
            cleaned = submit(recleaner, rows)()
        return cleaned

    return wait_until_clean


def _lost_contents(failures: list[pl.DataFrame]) -> pl.DataFrame | None:
    """Return the contents at which a process ended; None if there are none."""
    lost = pl.concat([pl.DataFrame(schema=FAILURE_SCHEMA), *failures])
    return None if lost.is_empty() else lost
