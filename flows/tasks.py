"""The stages of ingest, replay and backfill as tasks: find, learn, transform, load, complete, report."""

from typing import Any, TypeVar

from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.utilities.annotations import quote

from flows.pipeline.execution.channel import BoundedQueue
from flows.pipeline.ingest_run import IngestRun
from flows.pipeline.planning.plan import Planner
from flows.pipeline.reporting.account import Summary, raise_if_failed
from flows.pipeline.reporting.results import LearnResult
from flows.prefect.artifacts import report_run
from flows.prefect.lake_flow import lake_task
from flows.prefect.task_logs import completed_state, log_progress
from lake.batch import Batch

T = TypeVar("T")


@lake_task("find")
def find(ingest_run: IngestRun, planner: Planner) -> State[None]:
    plan = ingest_run.find(planner)
    commit_count = sum(len(commit_replay.effective_times) for commit_replay in plan.replays)
    replay_note = f"{commit_count} commits to replay, " if plan.replays else ""
    changes_note = f"{plan.moved} moved, {plan.deleted.height} gone"
    return completed_state(
        f"{plan.file_count} files found, {replay_note}{plan.todo.height} to read, {changes_note}"
    )


@lake_task("learn")
def learn(ingest_run: IngestRun) -> State[None]:
    return completed_state(f"{ingest_run.learn()} sources with a template")


@lake_task("transform")
def transform(ingest_run: IngestRun, batch_queue: BoundedQueue[Batch]) -> State[None]:
    batch_count = batch_queue.put_all(ingest_run.transform())
    return completed_state(f"{ingest_run.bytes_read} bytes read, {batch_count} batches")


@lake_task("load")
def load(ingest_run: IngestRun, batch_queue: BoundedQueue[Batch]) -> State[None]:
    return completed_state(f"{ingest_run.load(batch_queue)} batches committed")


@lake_task("complete")
def complete(ingest_run: IngestRun) -> State[None]:
    reclean_result = ingest_run.complete()
    return completed_state(
        f"{reclean_result.posts} posts cleaned again with what was learned of all, {reclean_result.changed} with another text"
    )


@lake_task("report")
def report(ingest_run: IngestRun) -> Summary:
    return report_run(ingest_run)


def require_success(result: T, run: Summary | LearnResult) -> T:
    """Return the result of a flow.

    Raises FailuresError, with the result, if files could not be parsed or a source shrank or vanished.
    """
    raise_if_failed(run.run_id, run.alarms, result)
    return result


def run_stages(ingest_run: IngestRun, planner: Planner) -> Summary:
    """Run all stages and return the summary; transform and load run at the same time.

    `quote` keeps Prefect from inspecting the arguments of tasks.
    """
    quoted_run: Any = quote(ingest_run)
    batch_queue: BoundedQueue[Batch] = BoundedQueue(max_items=1)
    quoted_queue: Any = quote(batch_queue)
    quoted_planner: Any = quote(planner)
    with log_progress():
        find(quoted_run, quoted_planner)
        learn(quoted_run)
        transform_future = transform.submit(quoted_run, quoted_queue)
        try:
            load.submit(quoted_run, quoted_queue).result()
        except KeyboardInterrupt:
            get_run_logger().warning("interrupted: the run ends once the batch under way is written")
            raise
        finally:
            batch_queue.close()
            transform_future.result()
        complete(quoted_run)
    return report(quoted_run)
