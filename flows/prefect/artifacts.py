"""What a run leaves in Prefect's UI: a page that tells what it did, and a table of what it rejected."""

from uuid import UUID

from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from flows.pipeline.ingest_run import IngestRun
from flows.pipeline.learn_run import LearnRun
from flows.pipeline.reporting.account import Summary, UnbalancedError
from flows.pipeline.reporting.rejects import MAX_REJECTS, list_rejects
from flows.pipeline.reporting.results import LearnResult
from flows.pipeline.reporting.summary import Links, learn_markdown, run_markdown, summary_line
from flows.prefect.events import announce, announce_end
from flows.prefect.task_logs import warn_of
from lake.store import Lake
from lake.tables import runs
from posts.sources.paths import printable

# Pages of the UI, on the server that shows the artifact: by which name a browser reaches that, a worker does not know.
RUN_PAGE, ARTIFACT_PAGE = "/v2/runs/flow-run/{}", "/v2/artifacts/artifact/{}"
LONGEST = 300


def reported(opened: IngestRun) -> Summary:
    """End an ingest or replay: balance and record it, and tell of it. Raises UnbalancedError once all is told."""
    try:
        summary = opened.report()
    except UnbalancedError as error:
        _tell(error.summary, opened.lake)
        raise
    _tell(summary, opened.lake)
    return summary


def reported_upkeep(keeper: LearnRun) -> LearnResult:
    """End a run that learns or cleans anew, and tell of it."""
    kept = keeper.report()
    page = learn_markdown(kept, keeper.lake, _links(None))
    create_markdown_artifact(page, key=kept.kind, description="What the run did")
    warn_of(kept.alarms)
    announce(kept.alarms, kept.run_id, keeper.lake)
    return kept


def _tell(summary: Summary, lake: Lake) -> None:
    rejects = _table_of_rejects(summary, lake)
    page = run_markdown(summary, lake, _links(rejects))
    create_markdown_artifact(page, key=_key(summary), description=summary_line(summary))
    get_run_logger().info(summary_line(summary))
    warn_of(summary.alarms)
    announce(summary.alarms, summary.run_id, lake)
    announce_end(summary, lake)


def _key(summary: Summary) -> str:
    # what a backfill did of its plan stands under its own name
    named = {runs.HISTORY: "ingest", runs.BACKFILL: "backfill-run"}
    return named.get(summary.kind, summary.kind)


def _table_of_rejects(summary: Summary, lake: Lake) -> UUID | None:
    """Show the files that a run rejected, the first thousand; nothing where there are none."""
    if not summary.rejected:
        return None
    rows = list_rejects(lake, summary.run_id).select("path", "reason", "field", "detail", "source")
    cells = [{name: _cell(value) for name, value in row.items()} for row in rows.iter_rows(named=True)]
    more = f"; the first {MAX_REJECTS:,} are shown" if summary.rejected > MAX_REJECTS else ""
    told = f"{summary.rejected:,} files rejected by run {summary.run_id}{more}"
    return create_table_artifact(cells, key="rejects", description=told)  # type: ignore[return-value]  # sync, in a task


def _cell(value: str | None) -> str:
    return "" if value is None else printable(value)[:LONGEST]


def _links(rejects: UUID | None) -> Links:
    pages = {"this run, with its log": RUN_PAGE.format(flow_run.id)}
    if rejects is not None:
        pages["the files that it rejected"] = ARTIFACT_PAGE.format(rejects)
    return pages
