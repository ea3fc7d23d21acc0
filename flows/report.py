"""The report of a lake as a Prefect flow: the page, and an artifact with its main numbers."""

from pathlib import Path

from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run

from flows.pipeline.html_report.data import ReportData
from flows.pipeline.html_report.render import write_report
from flows.pipeline.options import ReportOptions
from flows.pipeline.reporting.markdown import table
from flows.prefect.lake_flow import lake_flow, lake_task
from flows.prefect.task_logs import done
from flows.server.reports import published
from schemas.enums import PageLanguage


@lake_task("page")
def write_page(lake: str, html: str, language: PageLanguage | None) -> State[None]:
    figures = write_report(Path(lake), Path(html), language)
    create_markdown_artifact(
        _as_markdown(figures, Path(html)), key="report", description="A page with charts of the lake"
    )
    if (url := published(Path(html), str(flow_run.id))) is not None:
        create_link_artifact(
            url, "Open the report", key="report-page", description="The page with all charts"
        )
    return done(f"{html}: {figures.posts} posts from {figures.live_sources.height} sources")


def _as_markdown(figures: ReportData, html: Path) -> str:
    last = figures.runs.head(1)
    numbers = {
        "page": html.absolute(),
        "posts": f"{figures.posts:,}",
        "sources": figures.live_sources.height,
        "first post": figures.live_sources["first"].min() or "",
        "last post": figures.live_sources["last"].max() or "",
        "rejected files": figures.rejected_files,
        "last run": last["run_id"].first() or "",
        "balanced": "yes" if last["balanced"].all() else "NO",
        "silent sources": figures.silent_sources,
    }
    return f"# Report of {figures.lake_name}\n\n" + table(("what", "value"), numbers.items())


@lake_flow(ReportOptions, name="report", flow_run_name="report of {lake}")
def report(options: ReportOptions) -> str:
    """Write a page with charts of a lake, for a browser: one file that needs no network."""
    page = options.html or str(options.lake / "report.html")
    write_page(str(options.lake), page, options.language)
    return page
