"""The stages of ingest, replay and backfill as tasks: fetch, find, read, learn, write, reclean, report."""

from pathlib import Path
from typing import Any, TypeVar

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import Completed

from flows.pipeline.execution.heads import Heads
from flows.pipeline.ingest_run import IngestRun
from flows.pipeline.planning.plan import Planner
from flows.pipeline.reporting.account import Summary, raise_if_failed
from flows.pipeline.reporting.results import LearnResult
from flows.pipeline.sources.git_cache import (
    RETRY_DELAYS_SECONDS,
    TransientGitError,
    strip_credentials,
    sync_mirror,
)
from flows.prefect.artifacts import report_run
from flows.prefect.lake_flow import lake_task, quoted
from flows.prefect.task_logs import log_progress

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


@lake_task("find")
def find(ingest_run: IngestRun, planner: Planner) -> State[None]:
    plan = ingest_run.find(planner)
    commit_count = sum(len(commit_replay.effective_times) for commit_replay in plan.replays)
    replay_note = f"{commit_count} commits to replay, " if plan.replays else ""
    changes_note = f"{plan.moved} moved, {plan.deleted.height} gone"
    return Completed(
        message=f"{plan.file_count} files found, {replay_note}{plan.todo.height} to read, {changes_note}"
    )


@lake_task("read")
def read(ingest_run: IngestRun, results: list[Heads]) -> State[None]:
    heads = ingest_run.read()
    results.append(heads)
    posts = heads.index["post"].drop_nulls().n_unique()
    return Completed(message=f"{heads.bytes_read} bytes read, {posts} posts touched")


@lake_task("learn")
def learn(ingest_run: IngestRun, heads: Heads) -> State[None]:
    return Completed(message=f"{ingest_run.learn(heads)} sources with a template")


@lake_task("write")
def write(ingest_run: IngestRun, heads: Heads) -> State[None]:
    return Completed(message=f"{ingest_run.write(heads)} rows of the ledger committed")


@lake_task("reclean")
def reclean(ingest_run: IngestRun) -> State[None]:
    result = ingest_run.reclean()
    return Completed(message=f"{result.posts} older posts cleaned again, {result.changed} with another text")


report = lake_task("report")(report_run)


def require_success(result: T, run: Summary | LearnResult) -> T:
    """Return the result of a flow.

    Raises FailuresError, with the result, if files could not be parsed or a source shrank or vanished.
    """
    raise_if_failed(run.run_id, run.alarms, result)
    return result


def run_stages(ingest_run: IngestRun, planner: Planner) -> Summary:
    """Run all stages and return the summary; read, learn and write in each round."""
    quoted_run, quoted_planner = quoted(ingest_run), quoted(planner)
    with log_progress():
        find(quoted_run, quoted_planner)
        for _ in ingest_run.iter_rounds():
            results = list[Heads]()
            read(quoted_run, quoted(results))
            heads = quoted(results.pop())
            learn(quoted_run, heads)
            write(quoted_run, heads)
        reclean(quoted_run)
    return report(quoted_run)
