"""The verification of a lake as a Prefect flow."""

from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger

from flows.pipeline.maintenance.verify import VerifyReport
from flows.pipeline.maintenance.verify import verify as run_verification
from flows.pipeline.options import VerifyOptions
from flows.pipeline.reporting.markdown import section, table
from flows.prefect.lake_flow import lake_flow, lake_task, quoted
from flows.prefect.task_logs import log_progress

verify_lake = lake_task("verify")(run_verification)


@lake_task("report")
def report(verify_report: VerifyReport) -> None:
    create_markdown_artifact(
        verify_markdown(verify_report), key="verify", description=verify_report.summary_line()
    )
    get_run_logger().info(verify_report.summary_line())
    for finding in verify_report.shown:
        get_run_logger().error("%s: %s %s: %s", finding.check, finding.table, finding.where, finding.detail)


def verify_markdown(verify_report: VerifyReport) -> str:
    """Return the findings and then the checks, as Markdown."""
    finding_rows = [[each.check, each.table, each.where, each.detail] for each in verify_report.shown]
    check_rows = [
        [each.check, each.table, each.checked, each.findings, each.skipped] for each in verify_report.checks
    ]
    numbers = ("checked", "findings")
    parts = [
        f"# Lake {verify_report.lake}",
        verify_report.summary_line(),
        section("Findings", table(("check", "table", "where", "detail"), finding_rows)),
        section("Checks", table(("check", "table", *numbers, "skipped"), check_rows, numbers=numbers)),
    ]
    return "\n\n".join(filter(None, parts))


@lake_flow(VerifyOptions, name="verify", flow_run_name="verify {lake}")
def verify(options: VerifyOptions) -> VerifyReport:
    """Check a whole lake for faults; the run fails if there are any. Reads only."""
    with log_progress():
        verify_report = verify_lake(options.lake, deep=options.deep)
    report(quoted(verify_report))
    verify_report.raise_if_faulty()
    return verify_report
