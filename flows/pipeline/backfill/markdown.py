"""Format the plan of a backfill and its result as Markdown for the Prefect UI."""

import shlex
from collections.abc import Iterable, Sequence

from flows.pipeline.backfill.forecast import Forecast
from flows.pipeline.backfill.run import BackfillResult
from flows.pipeline.reporting.markdown import code_block, escape, section, table
from lake.store import Lake

MAX_ROWS = 40
MAX_FILES_SHOWN = 20


def plan_markdown(forecast: Forecast, paths: Sequence[str], lake: Lake) -> str:
    """Return a plan as Markdown: counts, reasons, partitions, first files, minutes, how to carry it out."""
    partitions = [each.values() for each in forecast.partitions]
    unavailable = [
        f"{origin} is not there any more: {trouble}" for origin, trouble in forecast.gone_places.items()
    ]
    parts = [
        f"# Backfill plan {escape(forecast.plan_id)}",
        f"**{escape(forecast)}.** Nothing was written; {escape(_request_text(forecast))}.",
        section("What would be read", _table(("why", "files"), forecast.why.items())),
        section("What it would become", _table(("outcome", "files"), forecast.outcomes.items())),
        section("Reasons", _table(("reason", "files"), forecast.reasons.items())),
        section("To know", "\n".join(f"- {escape(line)}" for line in [*forecast.notes(), *unavailable])),
        section("Partitions", _table(("source_id", "partition", "files"), partitions)),
        section("First files", _table(("path",), ([path] for path in paths[:MAX_FILES_SHOWN]))),
        section("Carry it out", _how_to_run(forecast, lake)) if forecast.files else "There is nothing to do.",
    ]
    return "\n\n".join(filter(None, parts))


def result_markdown(result: BackfillResult) -> str:
    """Return the result of a plan and the files that were skipped, as Markdown."""
    forecast, summary = result.forecast, result.summary
    skipped_rows = [[each["path"], each["what"]] for each in result.skipped_files]
    duration_text = f"{summary.seconds:.1f} s; planned was {forecast.estimate}"
    parts = [
        f"# Backfill {escape(summary.run_id)}",
        f"**Plan {escape(forecast.plan_id)} {escape(result)}.** {escape(_request_text(forecast))}.",
        f"{result.texts_changed} posts that were there have another text now. It took {escape(duration_text)}.",
        section(f"Skipped: {result.skipped} files", _table(("path", "which"), skipped_rows)),
    ]
    return "\n\n".join(filter(None, parts))


def _request_text(forecast: Forecast) -> str:
    days_text = f"of the days from {forecast.since or 'the first'} until {forecast.until or 'the last'}"
    sources_text = f", of {', '.join(forecast.only)}" if forecast.only else ""
    return f"mode {forecast.mode}, {days_text}{sources_text}, from {', '.join(forecast.origins)}"


def _table(header: tuple[str, ...], rows: Iterable[Iterable[object]]) -> str:
    return table(header, rows, numbers=("files",), max_rows=MAX_ROWS)


def _how_to_run(forecast: Forecast, lake: Lake) -> str:
    form_text = f"In the form of this deployment: enter the **Plan** {escape(forecast.plan_id)}; leave all else as it was."
    command = ["postlake", "backfill", "--lake", str(lake.root), "--plan", forecast.plan_id]
    return f"{form_text}\n\n{code_block([shlex.join(command)])}"
