"""Commands that read posts into a lake: `ingest`, `replay`."""

import json
import os
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import watching
from cli.options import DATA_LAKE, Json, LakeDir, Parser, Reasons, Since, Wait, Workers, as_day
from cli.tables import print_table
from cli.terminal import OUTPUT, fail, put, say
from schemas.enums import Granularity, HtmlParser

if TYPE_CHECKING:
    from flows.pipeline.options import IngestOptions
    from flows.pipeline.reporting.account import Summary


def ingest(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Folders, git repositories, archives.")
    ],
    lake: LakeDir = DATA_LAKE,
    month: Annotated[
        bool, typer.Option("--month", help="Partition a new lake by month (the default).")
    ] = False,
    year: Annotated[bool, typer.Option("--year", help="Partition a new lake by year.")] = False,
    day: Annotated[bool, typer.Option("--day", help="Partition a new lake by day.")] = False,
    workers: Workers = 0,
    parser: Parser = HtmlParser.LEXBOR,
    verify: Annotated[bool, typer.Option("--verify", help="Compare contents, not size and time.")] = False,
    path: Annotated[str, typer.Option(help="Only this folder of each source.")] = "",
    history: Annotated[
        bool, typer.Option("--history", help="Replay every commit of git repositories, the oldest first.")
    ] = False,
    as_files: Annotated[
        bool, typer.Option("--as-files", help="Read a git working copy as a folder, committed or not.")
    ] = False,
    allow_shrink: Annotated[
        bool,
        typer.Option(
            "--allow-shrink",
            help="Withdraw the posts of a source of which over half is gone; else that fails the run.",
        ),
    ] = False,
    direct: Annotated[bool, typer.Option("--direct", help="Run without Prefect.")] = False,
    wait: Wait = 600,
    as_json: Json = False,
) -> None:
    """Load post files (*.md, *.markdown, *.html) into a lake; what it has read before is not read again.

    A SOURCE is a folder, a git repository (working copy, bare, bundle or URL; repo@rev names a branch, tag or
    commit) or an archive (zip, tar, tar.gz, tar.zst, tar.xz, tar.bz2).
    """
    asked = [name for name, is_asked in zip(Granularity, (month, year, day), strict=True) if is_asked]
    if len(asked) > 1:
        raise typer.BadParameter("give one of --month, --year and --day")
    from flows.pipeline.direct import ingest as run_direct
    from flows.pipeline.options import IngestOptions

    order = IngestOptions(
        tuple(sources),
        lake,
        next(iter(asked), None),
        workers,
        parser,
        verify,
        wait,
        path,
        as_files,
        history,
        allow_shrink,
    )
    with watching():
        summary = run_direct(order, say) if direct else _run_flow(order)
    show_summary(summary, as_json)


def _run_flow(order: "IngestOptions") -> "Summary":
    from flows.pipeline.sources.credentials import raise_if_credentials

    # Prefect keeps parameters before it hands them over
    raise_if_credentials(order.sources, "a source (with --direct, Prefect keeps nothing)")
    # the terminal shows progress and the summary; the log is for the UI
    level = "INFO" if OUTPUT.is_verbose else "ERROR" if OUTPUT.is_quiet else "WARNING"
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", level)
    from prefect.settings import get_current_settings

    # a profile of Prefect may name a server too
    if url := get_current_settings().api.url:
        from flows.prefect.deploy import require_answer

        require_answer(url)
    else:
        say("starting Prefect's own API; --direct does without, PREFECT_API_URL names one that runs")
        from flows.server.own_api import start

        start()
    from flows.ingest import ingest as flow
    from flows.pipeline.reporting.account import FailuresError

    run = partial(
        flow,
        sources=list(order.sources),
        lake=str(order.lake),
        granularity=order.granularity,
        workers=order.workers,
        parser=order.parser,
        verify=order.verify,
        wait_seconds=order.wait_seconds,
        path=order.subpath,
        history=order.replay_history,
        as_files=order.as_files,
        allow_shrink=order.allow_shrink,
    )
    try:
        return run()
    except FailuresError as error:
        return error.result  # type: ignore[no-any-return]  # what the flow gives


def replay(
    lake: LakeDir = DATA_LAKE,
    reason: Reasons = None,
    since: Since = None,
    workers: Workers = 0,
    parser: Parser = HtmlParser.LEXBOR,
    wait: Wait = 600,
    as_json: Json = False,
) -> None:
    """Try rejected files again, from the bytes that the lake keeps: all, or those for some reasons or read since a day."""
    from flows.pipeline.direct import replay as run_replay
    from flows.pipeline.options import IngestOptions

    order = IngestOptions((), lake, None, workers, parser, False, wait)
    with watching():
        summary = run_replay(order, say, reason or (), as_day(since))
    show_summary(summary, as_json)


def show_summary(summary: "Summary", as_json: bool) -> None:
    """Print what a run did. Raises FailuresError where the code failed at files."""
    from flows.pipeline.reporting.account import raise_if_failed

    if as_json:
        typer.echo(json.dumps(asdict(summary), ensure_ascii=False))
    else:
        print_summary(summary)
    raise_if_failed(summary.run_id, summary.alarms, summary)


def print_summary(summary: "Summary") -> None:
    from flows.pipeline.reporting.summary import COUNT_COLUMNS

    if not summary.found and summary.origins:
        fail(f"{', '.join(summary.origins)}: no post files there (*.md, *.markdown, *.html)")
    print_table(list(COUNT_COLUMNS), [tuple(getattr(summary, name) for name in COUNT_COLUMNS)])
    if summary.reasons:
        print_table(["reason", "files"], list(summary.reasons.items()))
    for alarm in summary.alarms:
        fail(f"look at {alarm}")
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in summary.stage_seconds.items())
    went = [f"{count} {word}" for word, count in (("moved", summary.moved), ("gone", summary.gone)) if count]
    put(f"run {summary.run_id}: {'; '.join(['balanced', *went])}; {summary.seconds:.1f} s ({stages})")
