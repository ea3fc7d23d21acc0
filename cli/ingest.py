"""Commands that read posts into a lake: `ingest`, `replay`."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import with_options
from cli.options import LAKE_OPTION, REASON_OPTION, WAIT_OPTION, Json
from cli.output.progress import progress_display
from cli.output.results import print_summary, show_result
from cli.output.terminal import VERBOSITY, print_note
from flows.pipeline.declared import as_parameters
from flows.pipeline.options import IngestOptions, ReplayOptions
from schemas.enums import PeriodOption

if TYPE_CHECKING:
    from flows.pipeline.reporting.account import Summary


@with_options(
    IngestOptions,
    sources=typer.Argument(metavar="SOURCE"),
    lake=LAKE_OPTION,
    wait_seconds=WAIT_OPTION,
)
def ingest(
    options: IngestOptions,
    context: typer.Context,
    month: Annotated[bool, typer.Option("--month", help="The same as --period month.")] = False,
    year: Annotated[bool, typer.Option("--year", help="The same as --period year.")] = False,
    day: Annotated[bool, typer.Option("--day", help="The same as --period day.")] = False,
    direct: Annotated[bool, typer.Option("--direct", help="Run without Prefect.")] = False,
    as_json: Json = False,
) -> None:
    """Load post files into a lake; unchanged files are not read again."""
    flags = {PeriodOption.MONTH: month, PeriodOption.YEAR: year, PeriodOption.DAY: day}
    periods = {period for period, is_given in flags.items() if is_given}
    source = context.get_parameter_source("period")
    if source is not None and source.name == "COMMANDLINE":
        periods |= {options.period} - {PeriodOption.AUTO}
    if len(periods) > 1:
        raise typer.BadParameter("give one of --period, --month, --year and --day")
    from flows.pipeline.direct import ingest as run_direct

    options = replace(options, period=next(iter(periods), options.period))
    with progress_display():
        summary = run_direct(options) if direct else _run_flow(options)
    show_result(summary, summary, print_summary, as_json=as_json)


def _run_flow(options: IngestOptions) -> "Summary":
    from flows.pipeline.sources.credentials import raise_if_credentials

    # Prefect stores the parameters before it calls the flow
    raise_if_credentials(options.sources, "a source (with --direct, Prefect keeps nothing)")
    # the terminal shows progress and the summary; the log is for the UI
    level = "INFO" if VERBOSITY.is_verbose else "ERROR" if VERBOSITY.is_quiet else "WARNING"
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", level)
    from prefect.settings import get_current_settings

    # the URL can also come from a Prefect profile
    if url := get_current_settings().api.url:
        from flows.prefect.deploy import require_answer

        require_answer(url)
    else:
        print_note("starting Prefect's own API; --direct does without, PREFECT_API_URL names one that runs")
        from flows.server.own_api import start

        start()
    from flows.form import complete_parameters
    from flows.ingest import ingest as flow
    from flows.pipeline.reporting.account import FailuresError

    try:
        with complete_parameters():
            return flow(**as_parameters(options))  # type: ignore[no-any-return]  # Prefect types it as Any
    except FailuresError as error:
        return error.result  # type: ignore[no-any-return]  # the result of the flow


@with_options(
    ReplayOptions,
    lake=LAKE_OPTION,
    reasons=REASON_OPTION,
    wait_seconds=WAIT_OPTION,
)
def replay(options: ReplayOptions, as_json: Json = False) -> None:
    """Parse rejected files again, from the bytes that the lake keeps.

    Without options all rejected files; with them, only those with some reasons, or rejected since a day.
    """
    from flows.pipeline.direct import replay as run_replay

    with progress_display():
        summary = run_replay(options)
    show_result(summary, summary, print_summary, as_json=as_json)
