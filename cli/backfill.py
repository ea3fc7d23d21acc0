"""The command `backfill`: a plan, and what was done of it."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import with_options
from cli.console import watching
from cli.ingest import print_summary
from cli.options import LAKE_OPTION, SOURCE_OPTION, WAIT_OPTION, Json
from cli.tables import print_table
from cli.terminal import put, say
from flows.pipeline.options import BackfillOptions
from posts.sources.paths import printable

if TYPE_CHECKING:
    from flows.pipeline.backfill.request import Forecast
    from flows.pipeline.backfill.run import BackfillResult

SHOWN = 20


@with_options(
    BackfillOptions,
    sources=typer.Argument(
        metavar="[SOURCE...]", help="Sources as for ingest; none: those that the lake has read."
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

    A plan reads no more than the heads of files and changes nothing. Files that are gone from their place are left to
    the next ingest.
    """
    from flows.pipeline.backfill.run import plan_backfill, run_backfill

    with watching():
        if options.plan or now:
            _show_done(run_backfill(options), as_json)
            return
        forecast, files = plan_backfill(options)
    _show_plan(forecast, [printable(path) for path in files["path"].head(SHOWN)], as_json)


def _show_plan(forecast: "Forecast", first: list[str], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(forecast), ensure_ascii=False))
        return
    put(f"plan {forecast.plan_id}: {forecast}")
    for title, counted in (
        ("why", forecast.why),
        ("would be", forecast.outcomes),
        ("reason", forecast.reasons),
    ):
        if counted:
            print_table([title, "files"], list(counted.items()))
    if forecast.partitions:
        rows = [tuple(each.values()) for each in forecast.partitions]
        print_table(["source_id", "partition", "files"], rows[:SHOWN])
        if len(rows) > SHOWN:
            put(f"and {len(rows) - SHOWN} more partitions; --json names them all")
    for line in [
        *first,
        *([f"and {forecast.files - len(first)} more"] if forecast.files > len(first) else []),
    ]:
        put(f"    {line}")
    for line in forecast.notes():
        put(line)
    if forecast.files:
        put(f"postlake backfill --plan {forecast.plan_id} carries it out")


def _show_done(done: "BackfillResult", as_json: bool) -> None:
    from flows.pipeline.reporting.account import raise_if_failed

    if as_json:
        typer.echo(json.dumps(asdict(done), ensure_ascii=False))
    else:
        _print_done(done)
    raise_if_failed(done.summary.run_id, done.summary.alarms, done)


def _print_done(done: "BackfillResult") -> None:
    print_summary(done.summary)
    for each in done.held.left_files[:SHOWN]:
        say(f"left out: {printable(each['path'])} {each['what']}")
    for each in done.held.differing_files[:SHOWN]:
        say(f"{printable(each['path'])}: planned {each['planned']}, became {each['became']}")
    put(f"plan {done.forecast.plan_id}: {done.held}")
