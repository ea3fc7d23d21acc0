"""The ingest from start to end, without Prefect: find, read, learn, write, reclean, report."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from flows.pipeline.clock import start_run
from flows.pipeline.execution.shrunk import plan_without_shrinking
from flows.pipeline.lake_settings.load import load_settings
from flows.pipeline.options import IngestOptions, ReplayOptions
from flows.pipeline.parsing import open_for_parsing
from flows.pipeline.planning.history import plan_history
from flows.pipeline.planning.plan import Planner, plan_ingest, plan_replay
from flows.pipeline.reporting.account import Summary
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.git_cache import fetch_with_retry
from flows.pipeline.sources.resolve import SourceOpener
from flows.pipeline.stages.load import OpenRun
from flows.pipeline.stages.run import run_stages
from flows.pipeline.workers.cluster import Cluster
from flows.pipeline.workers.context import create_parse_context
from lake.create import check_lake_path, create_lake
from lake.store import is_lake, open_lake
from schemas.reasons import check_reasons


@contextmanager
def open_ingest_run(
    options: IngestOptions, open_sources: Callable[[IngestOptions, ExitStack], list[Source]] | None = None
) -> Iterator[tuple[OpenRun, list[Source]]]:
    """Yield a run of a lake that is open for writing, and its sources.

    The lake is created if it does not exist, and what a killed run left behind is repaired. Raises SourceError and lake.errors.LakeError before anything is written.
    """
    check_lake_path(options.lake)
    run = start_run()
    with ExitStack() as stack:
        sources = (open_sources or open_ingest_sources)(options, stack)
        if not is_lake(options.lake):
            _probe_sources(sources)
        lake_opener = partial(create_lake, granularity=options.period.granularity)
        context = create_parse_context(options.workers, options.parser, Cluster.of(options, sources))
        lake, context = stack.enter_context(
            open_for_parsing(options.lake, run, options.wait_seconds, context, lake_opener)
        )
        yield OpenRun.begin(lake, run, context), sources


def open_ingest_sources(
    options: IngestOptions, stack: ExitStack, fetch: Callable[[str], Path] = fetch_with_retry
) -> list[Source]:
    """Return the sources of an ingest; the stack closes them. Raises SourceError.

    `fetch` updates the copy of a remote repository and returns its folder.
    """
    settings = load_settings(options.lake).parse_settings()
    opener = SourceOpener(
        stack, subpath=options.path, worktree=options.worktree, settings=settings, fetch=fetch
    )
    return opener.open(options.sources)


def _probe_sources(sources: Iterable[Source]) -> None:
    """List the files of each repository before a lake is created: a repository may be damaged."""
    for source in sources:
        if source.commit_id is not None:
            deque(source.list_files(), maxlen=0)


def ingest(options: IngestOptions) -> Summary:
    """Run an ingest in this process and its workers, and return its summary."""
    return _run_stages(options, ingest_planner(options))


def replay(options: ReplayOptions) -> Summary:
    """Parse rejected files again, from the bytes that the lake keeps, and return the summary of the run."""
    open_lake(options.lake)
    return _run_stages(without_sources(options), replay_planner(options))


def without_sources(options: ReplayOptions) -> IngestOptions:
    """Return the ingest options of a replay, which reads no source."""
    return IngestOptions(
        sources=(),
        lake=options.lake,
        workers=options.workers,
        executor=options.executor,
        scheduler=options.scheduler,
        parser=options.parser,
        wait_seconds=options.wait_seconds,
    )


def _run_stages(options: IngestOptions, planner: Planner) -> Summary:
    with open_ingest_run(options) as (opened, sources):
        return run_stages(opened, sources, planner)


def replay_planner(options: ReplayOptions) -> Planner:
    """Return the planner that parses rejected files again. Raises MisuseError for an unknown reason."""
    check_reasons(options.reasons)
    return partial(plan_replay, reasons=options.reasons, since=options.since)


def ingest_planner(options: IngestOptions) -> Planner:
    planner = plan_history if options.history else partial(plan_ingest, verify=options.verify)
    return planner if options.allow_shrink else partial(plan_without_shrinking, planner=planner)
