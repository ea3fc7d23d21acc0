"""Artifacts of a run in Prefect's UI: a page about its result, and a table of the rejected files."""

from collections.abc import Sequence
from uuid import UUID

import polars as pl
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from flows.pipeline.learn_run import LearnRun
from flows.pipeline.reporting.account import Summary, UnbalancedError
from flows.pipeline.reporting.results import LearnResult, RecleanResult
from flows.pipeline.reporting.summary import Links, learn_markdown, run_markdown, summary_line
from flows.pipeline.stages.load import Found, OpenRun
from flows.pipeline.stages.report import Round, report
from flows.prefect.events import emit_finished, publish_alarms
from lake.query.freshness import source_names
from lake.store import Lake
from lake.tables import files
from posts.sources.paths import printable
from schemas.enums import RunKind

# Paths of pages in the UI, without a host: a worker does not know the host name that browsers use.
RUN_PAGE, ARTIFACT_PAGE = "/v2/runs/flow-run/{}", "/v2/artifacts/artifact/{}"
# rows of a table; nobody reads more
MAX_TABLE_ROWS, MAX_CELL_CHARS = 1_000, 300


def report_run(opened: OpenRun, found: Found, rounds: Sequence[Round], recleaned: RecleanResult) -> Summary:
    """Record a run that loads files, publish its artifacts, logs and events, and return its summary.

    Raises UnbalancedError, after publishing, if its counts do not add up.
    """
    try:
        summary = report(opened, found, rounds, recleaned)
    except UnbalancedError as error:
        _publish_summary(error.summary, opened)
        raise
    _publish_summary(summary, opened)
    return summary


def report_learn_run(learn_run: LearnRun) -> LearnResult:
    """Record a run that learns or cleans, publish its artifact, logs and events, and return its result."""
    result = learn_run.report()
    page = learn_markdown(result, learn_run.lake, _page_links(None), learn_run.context)
    create_markdown_artifact(page, key=result.kind, description="What the run did")
    publish_alarms(result.alarms, result.run_id, learn_run.lake)
    return result


def _publish_summary(summary: Summary, opened: OpenRun) -> None:
    lake = opened.lake
    rejects = _create_rejects_table(summary, lake)
    page = run_markdown(summary, lake, _page_links(rejects), opened.context)
    create_markdown_artifact(page, key=_artifact_key(summary), description=summary_line(summary))
    get_run_logger().info(summary_line(summary))
    publish_alarms(summary.alarms, summary.run_id, lake)
    emit_finished(summary, lake)


def _artifact_key(summary: Summary) -> str:
    # the key "backfill" is used for the result of a plan
    key_by_kind: dict[str, str] = {RunKind.HISTORY: "ingest", RunKind.BACKFILL: "backfill-run"}
    return key_by_kind.get(summary.kind, summary.kind)


def _create_rejects_table(summary: Summary, lake: Lake) -> UUID | None:
    """Create a table of the first MAX_TABLE_ROWS rejected files of a run; return its id, or None without any."""
    if not summary.rejected:
        return None
    rejects = files.rejects(lake).filter(pl.col("run_id") == summary.run_id).head(MAX_TABLE_ROWS)
    names = source_names(lake, rejects["source_id"].drop_nulls())
    source = pl.col("source_id").replace(names)
    rows = rejects.select("path", "reason", "field", "detail", source=source)
    limit_note = f"; the first {MAX_TABLE_ROWS:,} are shown" if summary.rejected > MAX_TABLE_ROWS else ""
    description = f"{summary.rejected:,} files rejected by run {summary.run_id}{limit_note}"
    return create_table(rows, "rejects", description)


def create_table(rows: pl.DataFrame, key: str, description: str) -> UUID:
    """Create an artifact with the first MAX_TABLE_ROWS rows of texts, and return its id."""
    shown_rows = rows.head(MAX_TABLE_ROWS).iter_rows(named=True)
    cells = [{name: _cell_text(value) for name, value in row.items()} for row in shown_rows]
    return create_table_artifact(cells, key=key, description=description)  # type: ignore[return-value]  # sync here: a UUID


def _cell_text(value: str | None) -> str:
    return "" if value is None else printable(value)[:MAX_CELL_CHARS]


def _page_links(rejects: UUID | None) -> Links:
    pages = {"this run, with its log": RUN_PAGE.format(flow_run.id)}
    if rejects is not None:
        pages["the files that it rejected"] = ARTIFACT_PAGE.format(rejects)
    return pages
