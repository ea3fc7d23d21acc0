"""The command `backfill`: a plan, and what was done of it."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import watching
from cli.ingest import print_summary
from cli.options import DATA_LAKE, Json, LakeDir, Parser, Since, Sources, Until, Wait, Workers, as_day
from cli.tables import print_table
from cli.terminal import put, say
from posts.sources.paths import printable
from schemas.enums import BackfillMode, HtmlParser

if TYPE_CHECKING:
    from flows.pipeline.backfill.request import Forecast
    from flows.pipeline.backfill.run import BackfillResult

SHOWN = 20


def backfill(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE...]", help="Places as for ingest; none: those that the lake has read."
        ),
    ] = None,
    lake: LakeDir = DATA_LAKE,
    since: Since = None,
    until: Until = None,
    mode: Annotated[
        BackfillMode | None,
        typer.Option(
            help="missing (the default): files that the lake has not read; failed: rejects; all: read anew."
        ),
    ] = None,
    source: Sources = None,
    plan: Annotated[str, typer.Option(metavar="ID", help="Carry out this plan.")] = "",
    now: Annotated[bool, typer.Option("--now", help="Plan and carry out at once.")] = False,
    path: Annotated[str, typer.Option(help="Only this folder of each SOURCE.")] = "",
    as_files: Annotated[
        bool, typer.Option("--as-files", help="Read a git working copy as a folder, committed or not.")
    ] = False,
    workers: Workers = 0,
    parser: Parser = HtmlParser.LEXBOR,
    wait: Wait = 600,
    as_json: Json = False,
) -> None:
    """Fill a hole in a lake: plan which files of a range of days to read, then carry out the plan.

    A plan reads no more than the heads of files and changes nothing. Files that are gone from their place are left to
    the next ingest.
    """
    from flows.pipeline.backfill import run as steps
    from flows.pipeline.backfill.request import BackfillRequest
    from flows.pipeline.options import IngestOptions

    order = IngestOptions(tuple(sources or ()), lake, None, workers, parser, False, wait, path, as_files)
    wish = BackfillRequest(order, mode, as_day(since), as_day(until), tuple(source or ()))
    with watching():
        if plan or now:
            _show_done(steps.run_backfill(wish, plan, say), as_json)
            return
        forecast, files = steps.plan_backfill(wish, say)
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
