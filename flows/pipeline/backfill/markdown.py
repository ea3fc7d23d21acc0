"""The plan of a backfill, and what was done of it, as Markdown for the Prefect UI."""

import shlex
from collections.abc import Iterable

from flows.pipeline.backfill.request import Forecast
from flows.pipeline.backfill.run import Done
from flows.pipeline.reporting.markdown import code, first, plain, section, table
from lake.store import Lake

MOST_ROWS = 40
FIRST_FILES = 20


def plan_as_markdown(forecast: Forecast, paths: Iterable[str], lake: Lake) -> str:
    """Tell a plan: counts, reasons, partitions, first files, minutes, and what to enter to carry it out."""
    partitions = [list(each.values()) for each in forecast.partitions]
    files: list[list[object]] = [[path] for path in paths]
    parts = [
        f"# Backfill plan {plain(forecast.plan_id)}",
        f"**{plain(forecast)}.** Nothing was written; {plain(_asked(forecast))}.",
        section("What would be read", _counts("why", forecast.why)),
        section("What it would become", _counts("outcome", forecast.outcomes)),
        section("Reasons", _counts("reason", forecast.reasons)),
        section("To know", "\n".join(f"- {plain(line)}" for line in [*forecast.remarks(), *_gone(forecast)])),
        section("Partitions", _table(("source_id", "partition", "files"), partitions, MOST_ROWS)),
        section("First files", _table(("path",), files, FIRST_FILES)),
        section("Carry it out", _how(forecast, lake)) if forecast.files else "There is nothing to do.",
    ]
    return "\n\n".join(filter(None, parts))


def done_as_markdown(done: Done) -> str:
    """Tell what was done of a plan, and where it differed."""
    held, forecast, summary = done.held, done.forecast, done.summary
    left = [[each["path"], each["what"]] for each in held.left_files]
    differing = [[each["path"], each["planned"], each["became"]] for each in held.differing_files]
    took = f"{summary.seconds:.1f} s; planned was {forecast.estimate}"
    parts = [
        f"# Backfill {plain(summary.run_id)}",
        f"**It {plain(held)}.** Plan {plain(forecast.plan_id)}: {plain(_asked(forecast))}.",
        f"{held.texts_changed} posts that were there have another text now. It took {plain(took)}.",
        section(f"Left out: {held.left} files", _table(("path", "which"), left, MOST_ROWS) if left else ""),
        section(
            f"Otherwise than planned: {held.differ} files",
            _table(("path", "planned", "became"), differing, MOST_ROWS),
        ),
    ]
    return "\n\n".join(filter(None, parts))


def _asked(forecast: Forecast) -> str:
    days = f"of the days from {forecast.since or 'the first'} until {forecast.until or 'the last'}"
    only = f", of {', '.join(forecast.only)}" if forecast.only else ""
    return f"mode {forecast.mode}, {days}{only}, from {', '.join(forecast.origins)}"


def _gone(forecast: Forecast) -> list[str]:
    return [f"{origin} is not there any more: {trouble}" for origin, trouble in forecast.gone_places.items()]


def _counts(title: str, counted: dict[str, int]) -> str:
    rows = [[name, number] for name, number in counted.items()]
    return _table((title, "files"), rows, MOST_ROWS)


def _table(header: tuple[str, ...], rows: list[list[object]], most: int) -> str:
    return table(header, first(rows, most), numbers=("files",)) if rows else ""


def _how(forecast: Forecast, lake: Lake) -> str:
    form = f"In the form of this deployment: enter the **Plan** {plain(forecast.plan_id)}; leave all else as it was."
    command = ["postlake", "backfill", "--lake", str(lake.root), "--plan", forecast.plan_id]
    return f"{form}\n\n{code([shlex.join(command)])}"
