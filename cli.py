"""The front door: `postlake ingest`, `sql`, `rejects`, `replay`, `info`, `clean`."""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from posts.paths import printable
from schemas.errors import PostlakeError
from schemas.words import Engine, Granularity

if TYPE_CHECKING:
    from flows.pipeline import Order, Summary

app = typer.Typer(
    help="Post files in, a queryable Parquet lake out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

FAILED, INTERRUPTED = 1, 130
ROWS_SHOWN = 40
WIDE = 200
SECONDS_BETWEEN_LINES = 5

LakeDir = Annotated[Path, typer.Option("--lake", help="Folder of the lake.", envvar="POSTLAKE_LAKE")]
Workers = Annotated[int, typer.Option(min=0, max=256, help="Processes that parse; 0: one per processor.")]
Parser = Annotated[Engine, typer.Option(help="HTML parser: the fast one, or the second opinion.")]
Wait = Annotated[float, typer.Option(min=0, help="Seconds to wait for another run that writes to the lake.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object as the last line of output.")]
Reason = Annotated[str | None, typer.Option(help="Only files rejected for this reason.")]
DATA_LAKE = Path("data/lake")


class Form(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


@app.command()
def ingest(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Folders that hold post files.")],
    lake: LakeDir = DATA_LAKE,
    month: Annotated[
        bool, typer.Option("--month", help="Partition a new lake by month (the default).")
    ] = False,
    year: Annotated[bool, typer.Option("--year", help="Partition a new lake by year.")] = False,
    day: Annotated[bool, typer.Option("--day", help="Partition a new lake by day.")] = False,
    workers: Workers = 0,
    parser: Parser = Engine.LEXBOR,
    verify: Annotated[bool, typer.Option("--verify", help="Compare contents, not size and time.")] = False,
    path: Annotated[str, typer.Option(help="Only this folder of each source.")] = "",
    history: Annotated[
        bool, typer.Option("--history", help="Replay every commit of git repositories, the oldest first.")
    ] = False,
    as_files: Annotated[
        bool, typer.Option("--as-files", help="Read a git working copy as a folder, committed or not.")
    ] = False,
    direct: Annotated[bool, typer.Option("--direct", help="Run without Prefect.")] = False,
    wait: Wait = 600,
    as_json: Json = False,
) -> None:
    """Load post files (*.md, *.markdown, *.html) into a lake; unchanged files are not read again."""
    asked = [name for name, is_asked in zip(Granularity, (month, year, day), strict=True) if is_asked]
    if len(asked) > 1:
        raise typer.BadParameter("give one of --month, --year and --day")
    from flows.pipeline import Order
    from flows.pipeline import ingest as run_direct

    order = Order(
        tuple(sources), lake, next(iter(asked), None), workers, parser, verify, wait, path, as_files, history
    )
    with _watching():
        summary = run_direct(order, _say) if direct else _run_flow(order)
    _show(summary, as_json)


def _run_flow(order: "Order") -> "Summary":
    # the terminal shows progress and the summary; the log is for the UI
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "WARNING")
    if not os.environ.get("PREFECT_API_URL"):
        _say("starting Prefect's own API; --direct does without, PREFECT_API_URL names one that runs")
    from flows.ingest import ingest as flow

    return flow(
        sources=list(order.sources),
        lake=str(order.lake),
        granularity=order.granularity,
        workers=order.workers,
        parser=order.engine,
        verify=order.verify,
        wait_seconds=order.wait_seconds,
    )


@app.command()
def replay(
    lake: LakeDir = DATA_LAKE,
    reason: Reason = None,
    workers: Workers = 0,
    parser: Parser = Engine.LEXBOR,
    wait: Wait = 600,
    as_json: Json = False,
) -> None:
    """Try rejected files again, from the bytes that the lake keeps."""
    from flows.pipeline import Order
    from flows.pipeline import replay as run_replay

    with _watching():
        summary = run_replay(Order((), lake, None, workers, parser, False, wait), reason, _say)
    _show(summary, as_json)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="For example: SELECT * FROM sources")],
    lake: LakeDir = DATA_LAKE,
    form: Annotated[Form, typer.Option("--format", help="How to print the answer.")] = Form.TABLE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write instead.")] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a table to print.")] = ROWS_SHOWN,
) -> None:
    """Ask the lake in SQL (DuckDB's).

    Tables: posts, files, raw, runs, revisions, templates. Views: rejects, sources, daily.
    """
    from lake.query import export
    from lake.query import rows as ask
    from lake.store import open_lake

    opened = open_lake(lake)
    if form is Form.TABLE and output is None:
        _print_table(*ask(opened, query, rows))
        return
    if form is Form.PARQUET and output is None and sys.stdout.isatty():
        raise typer.BadParameter("Parquet is no text: give --output FILE, or send the output to a file")
    form = Form.CSV if form is Form.TABLE else form
    if output is not None:
        export(opened, query, str(output), form)
        return
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / f"answer.{form}"
        export(opened, query, str(answer), form)
        with answer.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)


@app.command()
def rejects(
    lake: LakeDir = DATA_LAKE,
    reason: Reason = None,
    form: Annotated[Form, typer.Option("--format", help="How to print them.")] = Form.TABLE,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a table to print.")] = 1000,
) -> None:
    """List the files that could not become posts: path, reason, field, detail."""
    # the reason is quoted
    where = "" if reason is None else " WHERE reason = '" + reason.replace("'", "''") + "'"
    sql(
        f"SELECT path, reason, field, detail FROM rejects{where} ORDER BY origin, path",  # noqa: S608
        lake,
        form,
        None,
        rows,
    )


@app.command()
def info(lake: LakeDir = DATA_LAKE, as_json: Json = False) -> None:
    """Tell what a lake holds: tables, versions, rows, files, bytes, sources and their dates."""
    from lake.info import posts_by_source, tables
    from lake.store import open_lake

    opened = open_lake(lake)
    counted = list(map(asdict, tables(opened)))
    sources = posts_by_source(opened)
    if as_json:
        known = {"granularity": opened.granularity, "tables": counted, "sources": sources.to_dicts()}
        typer.echo(json.dumps(known, ensure_ascii=False, default=str))
        return
    typer.echo(f"{lake}: posts partitioned by source and {opened.granularity}")
    _print_table(list(counted[0]), [tuple(row.values()) for row in counted])
    typer.echo()
    _print_table(sources.columns, sources.rows())


@app.command()
def clean(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Post files.")],
    to: Annotated[Path | None, typer.Option(help="Folder for <stem>.txt files, instead of stdout.")] = None,
    parser: Parser = Engine.LEXBOR,
) -> None:
    """Print the cleaned text of post files, blocks separated by a blank line."""
    from posts.parse import parse_file
    from posts.post import Post

    bad = 0
    for file in files:
        post = parse_file(os.fsencode(file), parser)
        if not isinstance(post, Post):
            bad += 1
            _say(": ".join(filter(None, [str(file), post.outcome, post.reason, post.detail])))
        elif to is None:
            typer.echo(post.text)
        else:
            to.mkdir(parents=True, exist_ok=True)
            (to / f"{file.stem}.txt").write_text(post.text + "\n" if post.text else "", encoding="utf-8")
    raise typer.Exit(FAILED if bad else 0)


def _show(summary: "Summary", as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(summary), ensure_ascii=False))
        return
    from flows.summary import COUNTS

    _print_table(list(COUNTS), [tuple(getattr(summary, name) for name in COUNTS)])
    if summary.reasons:
        _print_table(["reason", "files"], list(summary.reasons.items()))
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in summary.stage_seconds.items())
    gone = f"; {summary.gone} files gone" if summary.gone else ""
    typer.echo(f"run {summary.run_id}: balanced{gone}; {summary.seconds:.1f} s ({stages})")


def _print_table(columns: list[str], rows: list[tuple[Any, ...]], has_more: bool = False) -> None:
    """Print a table as wide as the terminal, or as wide as it is when the output goes elsewhere."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else WIDE)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, value in zip(columns, rows[0] if rows else columns, strict=True):
        table.add_column(name, justify="right" if isinstance(value, int | float) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console.print(table)
    if has_more:
        typer.echo(f"... first {len(rows)} rows; --rows N shows more, --format csv all", err=True)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    text = str(value)
    return text if text.isprintable() else printable(text)


@contextmanager
def _watching() -> Iterator[None]:
    """Show how far the run is: a bar on a terminal, else a line now and then."""
    from flows.progress import watched_by

    try:
        with _bar() if sys.stderr.isatty() else nullcontext(_lines()) as watcher, watched_by(watcher):
            yield
    except KeyboardInterrupt:
        _say("interrupted; what was committed stays, the next run goes on from there")
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    speed = TextColumn("{task.speed:.0f} files/s")
    columns = (
        TextColumn("{task.description:9}"),
        BarColumn(),
        MofNCompleteColumn(),
        speed,
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def watch(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done)

        yield watch


def _lines() -> Callable[[str, int, int], None]:
    began: dict[str, float] = {}
    told: dict[str, float] = {}

    def watch(stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        seconds = now - began.setdefault(stage, now)
        if now - told.setdefault(stage, now) < SECONDS_BETWEEN_LINES and done != total:
            return
        told[stage] = now
        rate = f", {done / seconds:.0f} files/s" if seconds > 1 else ""
        left = f", {(total - done) * seconds / done:.0f} s left" if rate and done < total else ""
        _say(f"{stage}: {done}{f' of {total}' if total else ''} files{rate}{left}")

    return watch


def _say(line: str) -> None:
    typer.echo(f"postlake: {line}", err=True)


def main() -> None:
    """Run the command line. Misuse ends in one line and exit code 2, a failed run in one line and 1."""
    try:
        app()
    except PostlakeError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _say(f"{error.filename or 'failed'}: {error.strerror or error}")
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
