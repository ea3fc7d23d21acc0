"""The command `backfill`: it prints a plan, or the result of a plan that was carried out."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import with_options
from cli.options import LAKE_OPTION, SOURCE_OPTION, WAIT_OPTION, Json
from cli.output.progress import progress_display
from cli.output.results import print_summary, show_result
from cli.output.tables import print_table
from cli.output.terminal import echo, print_json, print_note
from flows.pipeline.options import BackfillOptions
from posts.sources.paths import printable

if TYPE_CHECKING:
    from flows.pipeline.backfill.forecast import Forecast
    from flows.pipeline.backfill.run import BackfillResult

MAX_ROWS_SHOWN = 20


@with_options(
    BackfillOptions,
    sources=typer.Argument(
        metavar="SOURCE", help="Sources as for ingest; none: those that the lake has read."
    ),
    lake=LAKE_OPTION,
    only=SOURCE_OPTION,
    plan=typer.Option("--plan", metavar="ID"),
    wait_seconds=WAIT_OPTION,
)
def backfill(
    options: BackfillOptions,
    now: Annotated[bool, typer.Option("--now", help="Plan and carry out at once.")] = False,
    as_json: Json = False,
) -> None:
    """Fill a hole in a lake: plan which files of a range of days to read, then carry out the plan.

    Planning parses only the front matter of files and changes no table. Deleted files are left to the next
    ingest.
    """
    from flows.pipeline.backfill.run import plan_backfill, run_backfill

    with progress_display():
        if options.plan or now:
            result = run_backfill(options)
            show_result(result, result.summary, _print_result, as_json=as_json)
            return
        forecast, files = plan_backfill(options)
    _show_plan(forecast, [printable(path) for path in files["path"].head(MAX_ROWS_SHOWN)], as_json)


def _show_plan(forecast: "Forecast", first_paths: list[str], as_json: bool) -> None:
    if as_json:
        print_json(forecast)
        return
    echo(f"plan {forecast.plan_id}: {forecast}")
    counts = {"why": forecast.why, "would be": forecast.outcomes, "reason": forecast.reasons}
    for title, file_counts in counts.items():
        if file_counts:
            print_table([title, "files"], list(file_counts.items()))
    if forecast.partitions:
        rows = [tuple(each.values()) for each in forecast.partitions]
        print_table(["source_id", "partition", "files"], rows[:MAX_ROWS_SHOWN])
        if len(rows) > MAX_ROWS_SHOWN:
            echo(f"and {len(rows) - MAX_ROWS_SHOWN} more partitions; --json names them all")
    for path in first_paths:
        echo(f"    {path}")
    if forecast.files > len(first_paths):
        echo(f"    and {forecast.files - len(first_paths)} more")
    for line in forecast.notes():
        echo(line)
    if forecast.files:
        echo(f"postlake backfill --plan {forecast.plan_id} carries it out")


def _print_result(result: "BackfillResult") -> None:
    print_summary(result.summary)
    for each in result.skipped_files[:MAX_ROWS_SHOWN]:
        print_note(f"skipped: {printable(each['path'])} {each['what']}")
    echo(f"plan {result.forecast.plan_id} {result}")
