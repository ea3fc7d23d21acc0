"""The backfill as a Prefect flow: a dry run makes a plan for review, another run carries it out."""

from dataclasses import replace

from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from flows.form import Source
from flows.pipeline.backfill.forecast import Forecast
from flows.pipeline.backfill.markdown import plan_markdown, result_markdown
from flows.pipeline.backfill.run import BackfillResult, BackfillRun, open_backfill_run, plan_backfill
from flows.pipeline.declared import keyword
from flows.pipeline.options import BackfillOptions
from flows.pipeline.reporting.account import Summary
from flows.pipeline.sources.credentials import raise_if_credentials
from flows.prefect.artifacts import MAX_TABLE_ROWS, create_table
from flows.prefect.lake_flow import lake_flow, lake_task, quoted
from flows.prefect.task_logs import log_progress, open_with_progress
from flows.tasks import require_success, run_stages
from lake.store import open_lake
from schemas.enums import BackfillMode

TABLE_COLUMNS = ("path", "why", "outcome", "reason", "source_id", "period")


@lake_task("plan")
def make_plan(options: BackfillOptions) -> Forecast:
    forecast, files = plan_backfill(options)
    page = plan_markdown(forecast, files["path"].to_list(), open_lake(options.lake))
    create_markdown_artifact(page, key="backfill-plan", description=f"Plan {forecast.plan_id}: {forecast}")
    shown_count = min(forecast.files, MAX_TABLE_ROWS)
    description = f"The first {shown_count:,} of {forecast.files:,} files of plan {forecast.plan_id}"
    create_table(files.select(TABLE_COLUMNS), "backfill-files", description)
    get_run_logger().info(f"plan {forecast.plan_id}: {forecast}")
    return forecast


@lake_task("finish")
def finish(backfill_run: BackfillRun, summary: Summary) -> BackfillResult:
    result = backfill_run.finish(summary)
    description = f"plan {result.forecast.plan_id} {result}"
    create_markdown_artifact(result_markdown(result), key="backfill", description=description)
    log = get_run_logger().warning if result.skipped else get_run_logger().info
    log(description)
    return result


def _run_name() -> str:
    given = flow_run.parameters
    if given["plan"]:
        return f"backfill {given['lake']} by plan {given['plan']}"
    what = "plan to backfill" if given["dry_run"] else "backfill"
    return (
        f"{what} {given['lake']}: {given['mode']}, {given['since'] or 'first'} to {given['until'] or 'last'}"
    )


@lake_flow(
    BackfillOptions,
    keyword("sources", list[Source], []),
    # the form always sends a choice: with a plan, the default is the same as none (see `backfill`)
    keyword("mode", BackfillMode, BackfillMode.MISSING),
    name="backfill",
    flow_run_name=_run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=2),
)
def backfill(options: BackfillOptions, dry_run: bool = True) -> Forecast | BackfillResult:
    """Fill a hole in a lake: plan which files of a range of days to read, review the plan, then carry it out.

    Args:
        dry_run: Only plan, and write nothing but the plan. If it is off, the plan is carried out at once. It
            has no effect if `plan` names a plan: that plan is carried out.

    """
    raise_if_credentials(options.sources)
    if options.plan and options.mode is BackfillMode.MISSING:
        options = replace(options, mode=None)
    if dry_run and not options.plan:
        with log_progress():
            return make_plan(quoted(options))
    with open_with_progress(open_backfill_run(options)) as backfill_run:
        summary = run_stages(backfill_run.opened, backfill_run.sources, backfill_run.plan_remaining)
        return require_success(finish(quoted(backfill_run), summary), summary)
