"""The backfill as a Prefect flow: a plan to look at first, then the run that carries it out."""

from pathlib import Path
from typing import Annotated, Any

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote
from pydantic import Field

from flows.form import LAKE, Day, Source, as_day
from flows.pipeline.backfill.markdown import MAX_FILES_SHOWN, plan_markdown, result_markdown
from flows.pipeline.backfill.request import BackfillRequest, Forecast
from flows.pipeline.backfill.run import BackfillResult, BackfillRun, open_backfill_run, plan_backfill
from flows.pipeline.options import IngestOptions
from flows.pipeline.reporting.account import Summary
from flows.pipeline.sources.credentials import raise_if_credentials
from flows.prefect.lake_flow import lake_flow, lake_task
from flows.prefect.task_logs import logged_opening, logged_progress
from flows.tasks import carry_out, ended
from lake.store import open_lake
from posts.sources.paths import printable
from schemas.enums import BackfillMode, HtmlParser

# rows of the table of files: more than anyone reads
MOST_FILES = 1_000
COLUMNS = ("path", "why", "outcome", "reason", "source_id", "period")


@lake_task("plan")
def make_plan(wish: BackfillRequest) -> Forecast:
    forecast, files = plan_backfill(wish, get_run_logger().warning)
    shown = files.head(MOST_FILES).select(COLUMNS).rows(named=True)
    cells = [{name: printable(value or "") for name, value in row.items()} for row in shown]
    page = plan_markdown(
        forecast, [row["path"] for row in shown[:MAX_FILES_SHOWN]], open_lake(wish.options.lake)
    )
    create_markdown_artifact(page, key="backfill-plan", description=f"Plan {forecast.plan_id}: {forecast}")
    told = f"The first {len(cells):,} of {forecast.files:,} files of plan {forecast.plan_id}"
    create_table_artifact(cells, key="backfill-files", description=told)
    get_run_logger().info(f"plan {forecast.plan_id}: {forecast}")
    return forecast


@lake_task("compare")
def compare(begun: BackfillRun, summary: Summary) -> BackfillResult:
    done = begun.finish(summary)
    create_markdown_artifact(result_markdown(done), key="backfill", description=str(done.held))
    tell = get_run_logger().info if done.held.is_as_planned else get_run_logger().warning
    tell(f"plan {done.forecast.plan_id}: {done.held}")
    return done


def _named() -> str:
    given = flow_run.parameters
    if given["plan"]:
        return f"backfill {given['lake']} by plan {given['plan']}"
    what = "plan to backfill" if given["dry_run"] else "backfill"
    return (
        f"{what} {given['lake']}: {given['mode']}, {given['since'] or 'first'} to {given['until'] or 'last'}"
    )


@lake_flow(
    name="backfill",
    flow_run_name=_named,
    task_runner=ThreadPoolTaskRunner(max_workers=2),
)
def backfill(
    sources: list[Source] = [],  # noqa: B006 - Prefect copies parameters
    lake: str = LAKE,
    since: Day | None = None,
    until: Day | None = None,
    only: list[str] = [],  # noqa: B006
    mode: BackfillMode = BackfillMode.MISSING,
    dry_run: bool = True,
    plan: str = "",
    path: str = "",
    as_files: bool = False,
    workers: Annotated[int, Field(ge=0, le=256)] = 0,
    parser: HtmlParser = HtmlParser.LEXBOR,
    wait_seconds: Annotated[float, Field(ge=0)] = 600,
) -> Forecast | BackfillResult:
    """Fill a hole in a lake: plan which files of a range of days to read, look at the plan, then carry it out.

    Args:
        sources: Places as for ingest; none named: those that the lake has read, repositories at the commit that it has
            come to.
        lake: Folder of the lake.
        since: Only files of posts from this day (UTC) on.
        until: Only files of posts up to this day (UTC), it included.
        only: Only files of these sources, by name or source_id.
        mode: missing reads files that the lake has not read; failed tries rejects again, from their place or from the
            bytes that the lake keeps; all reads every file of the range anew.
        dry_run: Only plan, and write nothing but the plan. Without it, what is planned is carried out at once.
        plan: Carry out this plan, as a dry run has named it; it is carried out whatever dry_run says, and all else is as it was planned.
        path: Only this folder of each named source.
        as_files: Read a git working copy as a folder of files, committed or not.
        workers: Processes that parse; 0 takes one per processor.
        parser: HTML parser. lexbor is fast; beautifulsoup is the second opinion.
        wait_seconds: How long to wait for another run that writes to the same lake.

    """
    raise_if_credentials(sources)
    order = IngestOptions(
        tuple(sources), Path(lake), None, workers, parser, False, wait_seconds, path, as_files
    )
    # the form always names a mode: with a plan, the usual one says nothing
    said = None if plan and mode is BackfillMode.MISSING else mode
    wish = BackfillRequest(order, said, as_day("since", since), as_day("until", until), tuple(only))
    if dry_run and not plan:
        held: Any = quote(wish)
        with logged_progress():
            return make_plan(held)
    with logged_opening(open_backfill_run(wish, plan, get_run_logger().warning)) as begun:
        summary = carry_out(begun.ingest_run, begun.plan_remaining)
        under_way: Any = quote(begun)
        return ended(compare(under_way, summary), summary)
