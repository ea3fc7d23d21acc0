"""The maintenance of the tables of a lake as a Prefect flow."""

from dataclasses import asdict

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.pipeline.maintenance.maintain import MaintainResult, MaintainRun, open_maintain_run
from flows.pipeline.options import MaintainOptions
from flows.pipeline.reporting.markdown import section, table
from flows.prefect.lake_flow import lake_flow, lake_task, quoted
from flows.prefect.superseded import cancel_superseded_runs
from flows.prefect.task_logs import log_progress


@lake_task("compact")
def compact_tables(maintain_run: MaintainRun) -> State[None]:
    return Completed(message=f"{maintain_run.compact()} small files put together")


@lake_task("clean")
def clean_tables(maintain_run: MaintainRun) -> MaintainResult:
    result = maintain_run.clean()
    page = maintain_markdown(result)
    create_markdown_artifact(page, key=result.kind, description=result.summary_line())
    get_run_logger().info(result.summary_line())
    return result


def maintain_markdown(result: MaintainResult) -> str:
    """Return the result of a maintenance run, by table, as Markdown."""
    rows = [list(asdict(each).values()) for each in result.tables]
    names = list(asdict(result.tables[0]))
    seconds = table(("stage", "seconds"), result.stage_seconds.items(), numbers=["seconds"])
    versions = table(("table", "version"), result.versions.items(), numbers=["version"])
    parts = [
        f"# Run {result.run_id}{' (dry run)' if result.dry_run else ''}",
        result.summary_line(),
        table(names, rows, numbers=names[1:]),
        section("Seconds", seconds),
        section("Table versions", versions),
    ]
    return "\n\n".join(parts)


@lake_flow(MaintainOptions, name="maintain", flow_run_name="maintain {lake}")
def maintain(options: MaintainOptions) -> MaintainResult:
    """Compact small files, and delete files of old table versions and files that a killed run left behind."""
    cancel_superseded_runs()
    with open_maintain_run(options) as maintain_run, log_progress():
        compact_tables(quoted(maintain_run))
        return clean_tables(quoted(maintain_run))
