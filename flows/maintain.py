"""Keeping the tables of a lake in shape as a Prefect flow."""

from dataclasses import asdict
from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.utilities.annotations import quote

from flows.pipeline.maintenance.maintain import (
    MaintainResult,
    MaintainRun,
    open_maintain_run,
)
from flows.pipeline.options import MaintainOptions
from flows.pipeline.reporting.markdown import section, table
from flows.prefect.lake_flow import lake_flow, lake_task
from flows.prefect.superseded import make_up_for_missed
from flows.prefect.task_logs import done, logged_progress


@lake_task("compact")
def compact_tables(maintainer: MaintainRun) -> State[None]:
    return done(f"{maintainer.compact()} small files put together")


@lake_task("clean")
def clean(maintainer: MaintainRun) -> MaintainResult:
    maintained = maintainer.clean()
    page = as_markdown(maintained)
    create_markdown_artifact(page, key=maintained.kind, description=maintained.summary_line())
    get_run_logger().info(maintained.summary_line())
    return maintained


def as_markdown(maintained: MaintainResult) -> str:
    """Tell what was done for each table."""
    rows = [list(asdict(each).values()) for each in maintained.tables]
    names = list(asdict(maintained.tables[0]))
    seconds = table(("stage", "seconds"), maintained.stage_seconds.items(), numbers=["seconds"])
    versions = table(("table", "version"), maintained.versions.items(), numbers=["version"])
    parts = [
        f"# Run {maintained.run_id}{' (dry run)' if maintained.dry_run else ''}",
        maintained.summary_line(),
        table(names, rows, numbers=names[1:]),
        section("Seconds", seconds),
        section("Table versions", versions),
    ]
    return "\n\n".join(parts)


@lake_flow(MaintainOptions, name="maintain", flow_run_name="maintain {lake}")
def maintain(options: MaintainOptions) -> MaintainResult:
    """Put small files together, and delete those that only old versions of the tables need, or a killed run left."""
    make_up_for_missed()
    with open_maintain_run(options) as maintain_run, logged_progress():
        quoted_run: Any = quote(maintain_run)
        compact_tables(quoted_run)
        return clean(quoted_run)
