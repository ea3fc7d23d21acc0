"""The stages that ingest, replay and backfill have in common, as tasks: find, learn, transform, load, complete, report."""

from typing import Any, TypeVar

from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.utilities.annotations import quote

from flows.pipeline.execution.channel import BoundedQueue
from flows.pipeline.ingest_run import IngestRun, Planner
from flows.pipeline.reporting.account import Summary, raise_if_failed
from flows.pipeline.reporting.results import LearnResult
from flows.prefect.artifacts import reported
from flows.prefect.lake_flow import lake_task
from flows.prefect.task_logs import done, logged_progress
from lake.batch import Batch

T = TypeVar("T")


@lake_task("find")
def find(opened: IngestRun, planning: Planner) -> State[None]:
    plan = opened.find(planning)
    commits = sum(len(walk.effective_times) for walk in plan.replays)
    replayed = f"{commits} commits to replay, " if plan.replays else ""
    went = f"{plan.moved} moved, {plan.deleted.height} gone"
    return done(f"{plan.file_count} files found, {replayed}{plan.todo.height} to read, {went}")


@lake_task("learn")
def learn(opened: IngestRun) -> State[None]:
    return done(f"{opened.learn()} sources with a template")


@lake_task("transform")
def transform(opened: IngestRun, channel: BoundedQueue[Batch]) -> State[None]:
    number = channel.put_all(opened.transform())
    return done(f"{opened.bytes_read} bytes read, {number} batches")


@lake_task("load")
def load(opened: IngestRun, channel: BoundedQueue[Batch]) -> State[None]:
    return done(f"{opened.load(channel)} batches committed")


@lake_task("complete")
def complete(opened: IngestRun) -> State[None]:
    posts = opened.complete()
    return done(
        f"{posts.posts} posts cleaned again with what was learned of all, {posts.changed} with another text"
    )


@lake_task("report")
def report(opened: IngestRun) -> Summary:
    return reported(opened)


def ended(what: T, run: Summary | LearnResult) -> T:
    """Return what a flow did in a run. Raises FailuresError, which holds it, where the code failed at files."""
    raise_if_failed(run.run_id, run.alarms, what)
    return what


def carry_out(opened: IngestRun, planning: Planner) -> Summary:
    """Run the stages; transform and load go side by side. `quote` keeps Prefect from looking into what is handed over."""
    held: Any = quote(opened)
    channel: BoundedQueue[Batch] = BoundedQueue(max_items=1)
    handed: Any = quote(channel)
    how: Any = quote(planning)
    with logged_progress():
        find(held, how)
        learn(held)
        transforming = transform.submit(held, handed)
        try:
            load.submit(held, handed).result()
        except KeyboardInterrupt:
            get_run_logger().warning("interrupted: the run ends once the batch under way is written")
            raise
        finally:
            channel.close()
            transforming.result()
        complete(held)
    return report(held)
