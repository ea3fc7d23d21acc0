"""The ingest from end to end, without Prefect: find, transform, load, report."""

import datetime as dt
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from flows.pipeline.clock import start_run
from flows.pipeline.execution.shrunk import plan_without_shrinking
from flows.pipeline.ingest_run import IngestRun, Planner
from flows.pipeline.migrate import migrate
from flows.pipeline.options import IngestOptions
from flows.pipeline.planning.history import plan_history
from flows.pipeline.planning.plan import plan_ingest, plan_replay
from flows.pipeline.reporting.account import Summary
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.resolve import SourceOpener
from flows.pipeline.workers.pool import create_parse_context, with_worker_pool
from lake.create import check_lake_path, create_lake
from lake.lock import has_unreleased_lock
from lake.store import is_lake, open_lake
from lake.writer import open_for_write
from schemas.reasons import check_reasons

Log = Callable[[str], None]


@contextmanager
def open_ingest_run(options: IngestOptions, log: Log) -> Iterator[IngestRun]:
    """Open a lake for writing, made if it is not there, and mend what a killed run left behind.

    Raises SourceError and lake.errors.LakeError before anything is written.
    """
    check_lake_path(options.lake)
    run = start_run()
    with ExitStack() as stack:
        sources = SourceOpener(stack, log, subpath=options.subpath, as_files=options.as_files).open(
            options.sources
        )
        if not is_lake(options.lake):
            _probe_sources(sources)
        opener = partial(create_lake, granularity=options.granularity)
        is_after_kill = has_unreleased_lock(options.lake)
        lake = stack.enter_context(open_for_write(options.lake, run, options.wait_seconds, log, opener))
        context = with_worker_pool(
            create_parse_context(options.workers, options.parser), stack, start_now=is_after_kill
        )
        migrate(lake, run, context, log)
        yield IngestRun(lake, run, context, sources)


def _probe_sources(sources: Iterable[Source]) -> None:
    """List what is in a repository, which may be damaged, before a lake is made for it."""
    for source in sources:
        if source.commit_id is not None:
            deque(source.list_files(), maxlen=0)


def ingest(options: IngestOptions, log: Log) -> Summary:
    """Run an ingest in this process and its workers."""
    return _run_stages(options, ingest_planner(options, log), log)


def replay(
    options: IngestOptions, log: Log, reasons: Collection[str] = (), since: dt.date | None = None
) -> Summary:
    """Try rejected files again, from the bytes that the lake keeps: for some reasons, or all, and read since a day."""
    open_lake(options.lake)
    return _run_stages(options, replay_planner(reasons, since), log)


def _run_stages(options: IngestOptions, planner: Planner, log: Log) -> Summary:
    with open_ingest_run(options, log) as ingest_run:
        ingest_run.find(planner)
        ingest_run.learn()
        ingest_run.load(ingest_run.transform())
        ingest_run.complete()
        return ingest_run.report()


def replay_planner(reasons: Collection[str], since: dt.date | None) -> Planner:
    """Plan to try rejected files again. Raises MisuseError for a reason that there is not."""
    check_reasons(reasons)
    return partial(plan_replay, reasons=reasons, since=since)


def ingest_planner(options: IngestOptions, log: Log) -> Planner:
    planner = (
        partial(plan_history, log=log)
        if options.replay_history
        else partial(plan_ingest, verify=options.verify)
    )
    return planner if options.allow_shrink else partial(plan_without_shrinking, planner=planner)
