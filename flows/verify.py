"""A look at a whole lake as a Prefect flow."""

from pathlib import Path
from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger
from prefect.utilities.annotations import quote

from flows.pipeline.maintenance.verify import VerifyReport
from flows.pipeline.maintenance.verify import verify as look_at
from flows.pipeline.options import VerifyOptions
from flows.pipeline.reporting.markdown import section, table
from flows.prefect.lake_flow import lake_flow, lake_task
from flows.prefect.task_logs import logged_progress


@lake_task("verify")
def look(lake: Path, *, deep: bool) -> VerifyReport:
    return look_at(lake, deep=deep)


@lake_task("report")
def report(verified: VerifyReport) -> None:
    create_markdown_artifact(as_markdown(verified), key="verify", description=verified.summary_line())
    get_run_logger().info(verified.summary_line())
    for finding in verified.shown:
        get_run_logger().error("%s: %s %s: %s", finding.check, finding.table, finding.where, finding.detail)


def as_markdown(verified: VerifyReport) -> str:
    """Tell what was found, first, and what was looked at."""
    found = [[each.check, each.table, each.where, each.detail] for each in verified.shown]
    made = [[each.check, each.table, each.checked, each.findings, each.skipped] for each in verified.checks]
    numbers = ("checked", "findings")
    parts = [
        f"# Lake {verified.lake}",
        verified.summary_line(),
        section("Findings", table(("check", "table", "where", "detail"), found) if found else ""),
        section("Checks", table(("check", "table", *numbers, "skipped"), made, numbers=numbers)),
    ]
    return "\n\n".join(filter(None, parts))


@lake_flow(VerifyOptions, name="verify", flow_run_name="verify {lake}")
def verify(options: VerifyOptions) -> VerifyReport:
    """Look at a whole lake for what should not be so; fails if there is anything. Reads only."""
    with logged_progress():
        verified = look(options.lake, deep=options.deep)
    quoted_report: Any = quote(verified)
    report(quoted_report)
    verified.raise_if_faulty()
    return verified
