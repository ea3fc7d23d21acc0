"""Commands that work on a lake and read no source: `learn`, `reclean`, `maintain`, `verify`."""

from dataclasses import astuple
from typing import TYPE_CHECKING

import typer

from cli.command import with_options
from cli.options import LAKE_OPTION, SOURCE_OPTION, WAIT_OPTION, Json
from cli.output.progress import progress_display
from cli.output.results import print_learn_result, show_result
from cli.output.tables import print_table
from cli.output.terminal import echo, print_json
from flows.pipeline.options import LearnOptions, MaintainOptions, RecleanOptions, VerifyOptions

if TYPE_CHECKING:
    from flows.pipeline.maintenance.maintain import TableMaintenance


@with_options(LearnOptions, lake=LAKE_OPTION, sources=SOURCE_OPTION, wait_seconds=WAIT_OPTION)
def learn(options: LearnOptions, as_json: Json = False) -> None:
    """Learn which sentences, blocks and markup recur in the posts of a source, and remove them there.

    Without --source, only sources with posts that are newer than their template are processed.
    """
    from flows.pipeline.learn_run import learn as run_learn

    with progress_display():
        result = run_learn(options)
    show_result(result, result, print_learn_result, as_json=as_json)


@with_options(RecleanOptions, lake=LAKE_OPTION, sources=SOURCE_OPTION, wait_seconds=WAIT_OPTION)
def reclean(options: RecleanOptions, as_json: Json = False) -> None:
    """Clean posts again, from the bytes that the lake keeps, if their template or the cleaner has changed."""
    from flows.pipeline.learn_run import reclean_lake

    with progress_display():
        result = reclean_lake(options)
    show_result(result, result, print_learn_result, as_json=as_json)


@with_options(MaintainOptions, lake=LAKE_OPTION, wait_seconds=WAIT_OPTION)
def maintain(options: MaintainOptions, as_json: Json = False) -> None:
    """Compact small files, and delete files of old table versions and files that a killed run left behind."""
    from flows.pipeline.maintenance.maintain import maintain as run_maintain

    with progress_display():
        result = run_maintain(options)
    if as_json:
        print_json(result)
        return
    print_table(["table", "files", "deleted", "freed"], list(map(_table_row, result.tables)))
    echo(f"run {result.run_id}: {result.summary_line()}")


def _table_row(table_result: "TableMaintenance") -> tuple[str, str, int, str]:
    """Return the row to print for a table; its files are shown as `12 -> 3` if some were compacted."""
    files = (
        f"{table_result.files_before} -> {table_result.files}"
        if table_result.files != table_result.files_before
        else str(table_result.files)
    )
    return (
        table_result.table,
        files,
        table_result.removed + table_result.orphans,
        f"{table_result.freed_bytes / 1e6:.1f} MB",
    )


@with_options(VerifyOptions, lake=LAKE_OPTION, deep=typer.Option("--deep/--shallow"))
def verify(options: VerifyOptions, as_json: Json = False) -> None:
    """Check a whole lake for faults. Reads only; the exit code is 1 if anything is found."""
    from flows.pipeline.maintenance.verify import verify as run_verify

    with progress_display():
        verify_report = run_verify(options.lake, deep=options.deep)
    if as_json:
        print_json(verify_report)
    else:
        names = ["check", "table", "checked", "findings"]
        names += ["skipped"] if any(each.skipped for each in verify_report.checks) else []
        print_table(names, [tuple(getattr(each, name) for name in names) for each in verify_report.checks])
        if verify_report.shown:
            echo()
            print_table(
                ["check", "table", "where", "detail"], [astuple(each) for each in verify_report.shown]
            )
        echo(verify_report.summary_line())
    verify_report.raise_if_faulty()
