"""The stages that load: find, read, learn, write and reclean, as functions of values.

A run calls them in this order; it reads, learns and writes once for each change that it takes.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from flows.pipeline.clock import StageTimer
from flows.pipeline.execution import sizes
from flows.pipeline.execution.commits import iter_changes
from flows.pipeline.execution.heads import Heads, read_heads
from flows.pipeline.execution.vanished import without_vanished
from flows.pipeline.execution.worker import import_parser
from flows.pipeline.execution.write import Writer
from flows.pipeline.learning.reclean import reclean_leftovers, record_caught_up
from flows.pipeline.memory import release_memory
from flows.pipeline.planning.changes import Changes
from flows.pipeline.planning.diff import has_many_files
from flows.pipeline.planning.plan import Plan, Planner
from flows.pipeline.progress import report_progress
from flows.pipeline.reporting.results import LearnedTemplate, RecleanResult
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.content import VanishedError
from flows.pipeline.workers.context import ParseContext
from lake.batch import Checkpoint, Run
from lake.commit.commit import add_contents
from lake.commit.resolve import resolve
from lake.create import fix_granularity
from lake.period import choose_period
from lake.store import Lake
from lake.tables import runs
from posts.sources.paths import printable
from schemas.enums import RunKind

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that holds the writer lock of a lake: what all of its stages need.

    `resumed` is true if the run before was killed. `posts_version` is that of table posts at the start; 0 if the
    lake has no posts.
    """

    lake: Lake
    run: Run
    context: ParseContext
    resumed: bool
    posts_version: int
    timer: StageTimer = field(default_factory=StageTimer)

    @classmethod
    def begin(cls, lake: Lake, run: Run, context: ParseContext) -> Self:
        return cls(lake, run, context, not runs.is_clean(lake), lake.table("posts").version())


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to do.

    `plan` has no files to read any more: they are in `changes`, which are not kept once they are taken, and `to_read`
    is their number. `checkpoints` are those before the run. `vanished_origins` are the folders that were dropped.
    """

    plan: Plan
    changes: Iterator[Changes]
    to_read: int
    checkpoints: Mapping[str, Checkpoint]
    vanished_origins: frozenset[str]


class ReadOutput(NamedTuple):
    """What was read of a change. `period_note` says which period of partitions was chosen, if this change chose it."""

    heads: Heads
    period_note: str


class LearnOutput(NamedTuple):
    """The context of parsing with the templates in force, and the templates that were learned."""

    context: ParseContext
    learned: list[LearnedTemplate]


class WriteOutput(NamedTuple):
    """The number of the next commit of the run, and of ledger rows that were committed."""

    next_commit: int
    rows: int


def find(opened: OpenRun, sources: Sequence[Source], planner: Planner) -> Found:
    """Return what is to be read.

    A folder that vanishes meanwhile is dropped. Raises VanishedError where no other source remains.
    """
    report_progress("find", 0, 0)
    with opened.timer.measure("find"):
        _start_workers(opened, sources)
        plan, remaining = None, list(sources)
        while plan is None:
            try:
                plan = planner(opened.lake, opened.run, remaining)
            except VanishedError as error:
                remaining = without_vanished(remaining, error)
                if error.cause:
                    logger.warning(f"{printable(error.origin)}: {error.cause}")
        vanished = {source.origin for source in sources} - {source.origin for source in remaining}
        return Found(
            replace(plan, todo=plan.todo.clear()),
            iter_changes(opened.lake, plan, opened.run),
            plan.todo.height,
            runs.read_checkpoints(opened.lake),
            frozenset(vanished),
        )


def _start_workers(opened: OpenRun, sources: Sequence[Source]) -> None:
    """Start the processes while the files are listed, if a new lake will read many."""
    pool, is_new = opened.context.pool, opened.posts_version == 0
    if pool and is_new and any(has_many_files(each, sizes.MANY_FILES) for each in sources):
        pool.start(import_parser)


def read(opened: OpenRun, found: Found, changes: Changes) -> ReadOutput:
    """Read the files of a change: their heads, and their bytes into table raw.

    The first posts of a lake decide the period of its partitions.
    """
    lake = opened.lake
    report_progress("read", 0, changes.files.height)
    with opened.timer.measure("read"):
        heads = read_heads(lake, changes, found.plan.sources, opened.run, opened.context, stores=True)
        release_memory()
        add_contents(lake, heads.raw_files)
        return ReadOutput(heads, _choose_period(lake, heads) if lake.has_open_period() else "")


def _choose_period(lake: Lake, heads: Heads) -> str:
    posts = heads.current_posts()
    if posts.is_empty():
        return ""
    choice = choose_period(posts)
    fix_granularity(lake, choice.period)
    logger.info(choice.sentence)
    return choice.sentence


def learn(opened: OpenRun, found: Found, heads: Heads) -> LearnOutput:
    """Learn templates from the posts to write.

    A plan that does not learn templates uses those that the lake has.
    """
    # what learns is imported where something is to be learned: it needs the parser
    from flows.pipeline.learning.learn import learn_from_heads, load_templates

    lake, context = opened.lake, opened.context
    with opened.timer.measure("learn"):
        learned = learn_from_heads(lake, opened.run, heads, context) if found.plan.learns_templates else []
        return LearnOutput(context.with_templates(load_templates(lake)), learned)


def write(
    opened: OpenRun, found: Found, heads: Heads, context: ParseContext, first_commit: int
) -> WriteOutput:
    """Resolve what was read against the ledger, clean and write the posts, and commit them with the ledger.

    `context` has the templates. The commits are numbered from `first_commit` on.
    """
    lake, plan = opened.lake, found.plan
    file_count = heads.rows.height + heads.deleted.height
    report_progress("write", 0, file_count)
    is_atomic = plan.kind == RunKind.HISTORY
    checkpoints = plan.checkpoints_during(found.checkpoints) | heads.checkpoints
    max_files = file_count if is_atomic else sizes.batch_files(context.workers)
    # of a new lake, no batch concerns what another has written: the ledger is not read for each
    ledger = lake.at_versions({"files": 0}) if lake.table("files").version() == 0 else lake
    number, rows_written = first_commit, 0
    for batch, contents in heads.divided(lake, max_files):
        with opened.timer.measure("resolve"):
            resolution = resolve(ledger, batch)
        with opened.timer.measure("write"):
            writer = Writer(lake, opened.run, context, plan.is_reparse, rows_written, file_count)
            number = writer.write(batch, resolution, contents, checkpoints, number, is_atomic=is_atomic)
            release_memory()
        rows_written += resolution.file_rows.height
        del batch, contents, resolution, writer  # before the next batch is put together
    return WriteOutput(number, rows_written)


def reclean(opened: OpenRun, found: Found) -> RecleanResult:
    """Clean posts again that have another template than the present one.

    This run may have learned a new template for older posts, or a killed run learned one and did not clean them
    with it.
    """
    with opened.timer.measure("reclean"):
        if opened.posts_version or found.plan.kind == RunKind.HISTORY:
            return reclean_leftovers(opened.lake, opened.run, opened.context)
        # this run cleaned all posts with the templates in force
        record_caught_up(opened.lake, opened.context)
        return RecleanResult()
