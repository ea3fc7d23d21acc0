"""The report about a lake as a Prefect flow: an HTML page, and an artifact with its main numbers."""

from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.pipeline.html_report.data import ReportData
from flows.pipeline.html_report.render import write_report
from flows.pipeline.options import ReportOptions
from flows.pipeline.reporting.markdown import table
from flows.prefect.lake_flow import lake_flow, lake_task
from flows.server.reports import publish_page
from lake.storage.location import Location, full_name, parse_location
from schemas.enums import Outcome, PageLanguage


@lake_task("page")
def write_page(lake: str, html: str, language: PageLanguage | None) -> State[None]:
    page = parse_location(html)
    report_data = write_report(parse_location(lake), page, language)
    create_markdown_artifact(
        _report_markdown(report_data, page), key="report", description="A page with charts of the lake"
    )
    if (url := publish_page(page, str(flow_run.id))) is not None:
        create_link_artifact(
            url, "Open the report", key="report-page", description="The page with all charts"
        )
    return Completed(
        message=f"{html}: {report_data.posts} posts from {report_data.live_sources.height} sources"
    )


def _report_markdown(report_data: ReportData, html: Location) -> str:
    last_run = report_data.runs.head(1)
    numbers = {
        "page": full_name(html),
        "posts": f"{report_data.posts:,}",
        "sources": report_data.live_sources.height,
        "first post": report_data.live_sources["first"].min() or "",
        "last post": report_data.live_sources["last"].max() or "",
        "rejected files": report_data.count_files(Outcome.REJECTED),
        "last run": last_run["run_id"].first() or "",
        "balanced": "yes" if last_run["balanced"].all() else "NO",
        "silent sources": report_data.silent_sources,
    }
    return f"# Report of {report_data.lake_name}\n\n" + table(("what", "value"), numbers.items())


@lake_flow(ReportOptions, name="report", flow_run_name="report of {lake}")
def report(options: ReportOptions) -> str:
    """Write an HTML page with charts about a lake: one file that needs no network."""
    html_path = str(options.page)
    write_page(str(options.lake), html_path, options.language)
    return html_path
