"""Learning and cleaning anew as Prefect flows."""

from pathlib import Path
from typing import Annotated, Any

from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.utilities.annotations import quote
from pydantic import Field

from flows.form import LAKE
from flows.pipeline.learn_run import LearnOptions, LearnRun, open_learn_run
from flows.pipeline.reporting.results import LearnResult
from flows.prefect.artifacts import reported_upkeep
from flows.prefect.lake_flow import lake_flow, lake_task
from flows.prefect.task_logs import done, logged_progress
from flows.tasks import ended
from lake.tables import runs
from schemas.enums import HtmlParser


@lake_task("learn")
def learn_templates(keeper: LearnRun, *, anew: bool) -> State[None]:
    learned = keeper.learn(from_scratch=anew)
    return done(
        f"{len(learned)} sources looked at, {sum(each.is_new for each in learned)} with a new template"
    )


@lake_task("reclean")
def clean_posts(keeper: LearnRun, sources: list[str]) -> State[None]:
    posts = keeper.reclean(sources)
    return done(f"{posts.posts} posts cleaned again, {posts.changed} with another text")


@lake_task("reclean")
def clean_learned(keeper: LearnRun) -> State[None]:
    posts = keeper.reclean_learned()
    return done(f"{posts.posts} posts cleaned again, {posts.changed} with another text")


@lake_task("report")
def report(keeper: LearnRun) -> LearnResult:
    return reported_upkeep(keeper)


@lake_flow(name="learn", flow_run_name="learn from {lake}")
def learn(
    lake: str = LAKE,
    sources: list[str] = [],  # noqa: B006 - Prefect copies parameters
    anew: bool = False,
    reclean: bool = True,
    workers: Annotated[int, Field(ge=0, le=256)] = 0,
    wait_seconds: Annotated[float, Field(ge=0)] = 600,
) -> LearnResult:
    """Learn what recurs over the posts of each source, and clean its posts of it.

    Args:
        lake: Folder of the lake.
        sources: Only these, by name or source_id; none named: those with posts that their template has not seen.
        anew: Forget what was learned before.
        reclean: Clean the posts of sources with a new template again.
        workers: Processes that parse; 0 takes one per processor.
        wait_seconds: How long to wait for another run that writes to the same lake.

    """
    order = LearnOptions(Path(lake), tuple(sources), workers, HtmlParser.LEXBOR, wait_seconds)
    with open_learn_run(order, runs.LEARN, get_run_logger().warning) as keeper, logged_progress():
        held: Any = quote(keeper)
        learn_templates(held, anew=anew)
        if reclean:
            clean_learned(held)
        kept = report(held)
        return ended(kept, kept)


@lake_flow(name="reclean", flow_run_name="clean {lake} again")
def reclean(
    lake: str = LAKE,
    sources: list[str] = [],  # noqa: B006 - Prefect copies parameters
    workers: Annotated[int, Field(ge=0, le=256)] = 0,
    parser: HtmlParser = HtmlParser.LEXBOR,
    wait_seconds: Annotated[float, Field(ge=0)] = 600,
) -> LearnResult:
    """Clean posts again, from the bytes that the lake keeps, where the cleaner or their template is another now.

    Args:
        lake: Folder of the lake.
        sources: Only these, by name or source_id; none named: all.
        workers: Processes that parse; 0 takes one per processor.
        parser: HTML parser. lexbor is fast; beautifulsoup is the second opinion.
        wait_seconds: How long to wait for another run that writes to the same lake.

    """
    order = LearnOptions(Path(lake), tuple(sources), workers, parser, wait_seconds)
    with open_learn_run(order, runs.RECLEAN, get_run_logger().warning) as keeper, logged_progress():
        held: Any = quote(keeper)
        clean_posts(held, keeper.sources)
        kept = report(held)
        return ended(kept, kept)
