"""The ingest as a Prefect flow: a few coarse tasks, and a report that people look at."""

from pathlib import Path
from typing import Annotated, Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote
from pydantic import Field

from flows.steps.channel import Channel
from flows.steps.mirror import without_user
from flows.steps.pipeline import Order, Session, Summary, planned, session
from flows.steps.summary import as_markdown, in_words
from flows.task_logs import done, warn_of
from lake.batch import Batch
from schemas.words import Engine, Granularity

EXAMPLES = "examples/posts"


@task(name="find", task_run_name="find", cache_policy=NO_CACHE)
def find(opened: Session, order: Order) -> State[None]:
    plan = opened.find(planned(order))
    commits = sum(len(walk.moments) for walk in plan.walks)
    ahead = f"{commits} commits to replay" if plan.walks else f"{plan.todo.height} to read"
    went = f"{plan.moved} moved, {plan.gone.height} gone"
    return done(f"{plan.found} files found, {ahead}, {went}")


@task(name="learn", task_run_name="learn", cache_policy=NO_CACHE)
def learn(opened: Session) -> State[None]:
    return done(f"{opened.learn()} sources with a template")


@task(name="transform", task_run_name="transform", cache_policy=NO_CACHE)
def transform(opened: Session, channel: Channel[Batch]) -> State[None]:
    number = channel.feed(opened.transform())
    return done(f"{opened.bytes_read} bytes read, {number} batches")


@task(name="load", task_run_name="load", cache_policy=NO_CACHE)
def load(opened: Session, channel: Channel[Batch]) -> State[None]:
    return done(f"{opened.load(channel)} batches committed")


@task(name="complete", task_run_name="complete", cache_policy=NO_CACHE)
def complete(opened: Session) -> State[None]:
    posts = opened.complete()
    return done(
        f"{posts.posts} posts cleaned again with what was learned of all, {posts.changed} with another text"
    )


@task(name="report", task_run_name="report", cache_policy=NO_CACHE)
def report(opened: Session) -> Summary:
    summary = opened.report()
    create_markdown_artifact(as_markdown(summary, opened.lake), key="ingest", description="What the run did")
    get_run_logger().info(in_words(summary))
    warn_of(summary.alarms)
    return summary


def _named() -> str:
    """Name a run by what it reads and writes, without the passwords that a URL may hold."""
    given = flow_run.parameters
    return f"ingest {', '.join(map(without_user, given['sources']))} into {given['lake']}"


@flow(
    name="ingest",
    flow_run_name=_named,
    task_runner=ThreadPoolTaskRunner(max_workers=2),  # type: ignore[arg-type]
    validate_parameters=True,
    persist_result=False,
)
def ingest(
    sources: Annotated[list[str], Field(min_length=1)] = [EXAMPLES],  # noqa: B006 - Prefect copies parameters
    lake: str = "data/lake",
    granularity: Granularity | None = None,
    workers: Annotated[int, Field(ge=0, le=256)] = 0,
    parser: Engine = Engine.LEXBOR,
    verify: bool = False,
    wait_seconds: Annotated[float, Field(ge=0)] = 600,
    path: str = "",
    history: bool = False,
    as_files: bool = False,
) -> Summary:
    """Load post files into a lake: find, learn, transform, load, complete, report.

    Args:
        sources: Folders, git repositories (a working copy, bare, bundle or URL; repo@rev names a branch, tag or
            commit) and archives (zip, tar, tar.gz, tar.zst, tar.xz) that hold post files (*.md, *.markdown,
            *.html), at any depth.
        lake: Folder of the lake; made if it is not there.
        granularity: Period of one partition; set when the lake is made (default: month).
        workers: Processes that parse; 0 takes one per processor.
        parser: HTML parser. lexbor is fast; beautifulsoup is the second opinion.
        verify: Read every file and compare contents, instead of trusting size and modification time.
        wait_seconds: How long to wait for another run that writes to the same lake.
        path: Only this folder of each source.
        history: Replay every commit of git repositories, the oldest first.
        as_files: Read a git working copy as a folder of files, committed or not.

    """
    order = Order(
        tuple(sources),
        Path(lake),
        granularity,
        workers,
        parser,
        verify,
        wait_seconds,
        path,
        as_files,
        history,
    )
    with session(order, get_run_logger().warning) as opened:
        return _stages(opened, order)


def _stages(opened: Session, order: Order) -> Summary:
    """Transform and load run side by side; `quote` keeps Prefect from looking into what is handed over."""
    held: Any = quote(opened)
    channel: Channel[Batch] = Channel(room=1)
    handed: Any = quote(channel)
    find(held, order)
    learn(held)
    transforming = transform.submit(held, handed)
    loading = load.submit(held, handed)
    try:
        loading.result()
    finally:
        channel.close()
        transforming.result()
    complete(held)
    return report(held)
