"""The stages of ingest, replay and backfill as tasks: fetch, open, find, read, learn, write, reclean, report."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed

from flows.pipeline.direct import open_ingest_sources
from flows.pipeline.execution.heads import Heads
from flows.pipeline.options import IngestOptions
from flows.pipeline.planning.changes import Changes
from flows.pipeline.planning.plan import Planner
from flows.pipeline.reporting.account import Summary, raise_if_failed
from flows.pipeline.reporting.results import LearnResult, RecleanResult
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.git_cache import (
    RETRY_DELAYS_SECONDS,
    TransientGitError,
    strip_credentials,
    sync_mirror,
)
from flows.pipeline.stages import load, run
from flows.pipeline.stages.load import Found, LearnOutput, OpenRun, ReadOutput, WriteOutput
from flows.pipeline.stages.run import Stages
from flows.pipeline.workers.context import ParseContext
from flows.prefect.artifacts import report_run
from flows.prefect.lake_flow import lake_task, quoted
from flows.prefect.task_logs import log_progress
from posts.sources.paths import printable

T = TypeVar("T")


def _is_outage(_: Task[..., Any], __: TaskRun, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), TransientGitError)


@lake_task(
    "fetch",
    retries=len(RETRY_DELAYS_SECONDS),
    retry_delay_seconds=list(RETRY_DELAYS_SECONDS),
    retry_condition_fn=_is_outage,
)
def fetch(url: str) -> State[Path]:
    """Update the copy of a remote repository, and return its folder. An outage of the network is retried."""
    return Completed(message=f"the copy of {strip_credentials(url)} is up to date", data=sync_mirror(url))


@lake_task("open")
def _open(options: IngestOptions, stack: ExitStack) -> State[list[Source]]:
    sources = open_ingest_sources(options, stack, lambda url: fetch(url).result())
    return Completed(
        message=f"opened {', '.join(printable(source.origin) for source in sources)}", data=sources
    )


@lake_task("find")
def _find(opened: OpenRun, sources: Sequence[Source], planner: Planner) -> State[Found]:
    found = load.find(opened, sources, planner)
    plan, commits = found.plan, sum(len(replay.effective_times) for replay in found.plan.replays)
    replay_note = f"{commits} commits to replay, " if plan.replays else ""
    changes_note = f"{plan.moved} moved, {plan.deleted.height} gone"
    message = f"{plan.file_count} files found, {replay_note}{found.to_read} to read, {changes_note}"
    return Completed(message=message, data=found)


@lake_task("read")
def _read(opened: OpenRun, found: Found, changes: Changes) -> State[ReadOutput]:
    result = load.read(opened, found, changes)
    posts = result.heads.index["post"].drop_nulls().n_unique()
    return Completed(message=f"{result.heads.bytes_read} bytes read, {posts} posts touched", data=result)


@lake_task("learn")
def _learn(opened: OpenRun, found: Found, heads: Heads) -> State[LearnOutput]:
    result = load.learn(opened, found, heads)
    return Completed(message=f"{len(result.context.config.templates)} sources with a template", data=result)


@lake_task("write")
def _write(
    opened: OpenRun, found: Found, heads: Heads, context: ParseContext, first_commit: int
) -> State[WriteOutput]:
    result = load.write(opened, found, heads, context, first_commit)
    return Completed(message=f"{result.rows} rows of the ledger committed", data=result)


@lake_task("reclean")
def _reclean(opened: OpenRun, found: Found) -> State[RecleanResult]:
    result = load.reclean(opened, found)
    message = f"{result.posts} older posts cleaned again, {result.changed} with another text"
    return Completed(message=message, data=result)


_report = lake_task("report")(report_run)


def _as_function(task: Task[..., State[T]]) -> Callable[..., T]:
    """Return a function that runs a task with its arguments as they are, and returns its result."""

    def call(*arguments: Any) -> T:
        return task(*map(quoted, arguments)).result()

    return call


open_sources = _as_function(_open)
STAGES = Stages(
    _as_function(_find),
    _as_function(_read),
    _as_function(_learn),
    _as_function(_write),
    _as_function(_reclean),
    lambda *arguments: _report(*map(quoted, arguments)),
)


def require_success(result: T, ended: Summary | LearnResult) -> T:
    """Return the result of a flow.

    Raises FailuresError, with the result, if files could not be parsed or a source shrank or vanished.
    """
    raise_if_failed(ended.run_id, ended.alarms, result)
    return result


def run_stages(opened: OpenRun, sources: Sequence[Source], planner: Planner) -> Summary:
    """Run all stages as tasks and return the summary; read, learn and write for each change."""
    with log_progress():
        return run.run_stages(opened, sources, planner, STAGES)
