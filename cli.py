"""The front door: `postlake ingest`, `sql`, `history`, `rejects`, `replay`, `learn`, `reclean`, `info`, `clean`, `explain`."""

import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.errors import PostlakeError
from schemas.words import Engine, Granularity
from terminal import print_table, print_versions, say, show_upkeep, watching

if TYPE_CHECKING:
    from flows.pipeline import Order, Summary

app = typer.Typer(
    help="Post files in, a queryable Parquet lake out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

FAILED = 1
ROWS_SHOWN = 40

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
    """Load post files (*.md, *.markdown, *.html) into a lake; what it has read before is not read again.

    A SOURCE is a folder, a git repository (working copy, bare, bundle or URL; repo@rev names a branch, tag or
    commit) or an archive (zip, tar, tar.gz, tar.zst, tar.xz, tar.bz2).
    """
    asked = [name for name, is_asked in zip(Granularity, (month, year, day), strict=True) if is_asked]
    if len(asked) > 1:
        raise typer.BadParameter("give one of --month, --year and --day")
    from flows.pipeline import Order
    from flows.pipeline import ingest as run_direct

    order = Order(
        tuple(sources), lake, next(iter(asked), None), workers, parser, verify, wait, path, as_files, history
    )
    with watching():
        summary = run_direct(order, say) if direct else _run_flow(order)
    _show(summary, as_json)


def _run_flow(order: "Order") -> "Summary":
    # the terminal shows progress and the summary; the log is for the UI
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "WARNING")
    if not os.environ.get("PREFECT_API_URL"):
        say("starting Prefect's own API; --direct does without, PREFECT_API_URL names one that runs")
    from flows.ingest import ingest as flow

    return flow(
        sources=list(order.sources),
        lake=str(order.lake),
        granularity=order.granularity,
        workers=order.workers,
        parser=order.engine,
        verify=order.verify,
        wait_seconds=order.wait_seconds,
        path=order.below,
        history=order.history,
        as_files=order.as_files,
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

    with watching():
        summary = run_replay(Order((), lake, None, workers, parser, False, wait), reason, say)
    _show(summary, as_json)


Sources = Annotated[
    list[str] | None,
    typer.Option("--source", help="Only this source, by name or source_id; may be repeated."),
]


@app.command()
def learn(
    lake: LakeDir = DATA_LAKE,
    source: Sources = None,
    anew: Annotated[bool, typer.Option("--anew", help="Forget what was learned before.")] = False,
    and_reclean: Annotated[
        bool,
        typer.Option("--reclean/--no-reclean", help="Clean the posts of sources with a new template again."),
    ] = True,
    workers: Workers = 0,
    wait: Wait = 600,
    as_json: Json = False,
) -> None:
    """Learn which sentences, blocks and markup recur over the posts of each source, and clean its posts of them.

    Looks at the sources with posts that their template has not seen, or at those that are named.
    """
    from flows.upkeep import Upkeep
    from flows.upkeep import learn as run_learn

    order = Upkeep(lake, tuple(source or ()), workers, wait_seconds=wait)
    with watching():
        done = run_learn(order, say, anew=anew, and_reclean=and_reclean)
    show_upkeep(done, as_json=as_json)


@app.command()
def reclean(
    lake: LakeDir = DATA_LAKE,
    source: Sources = None,
    workers: Workers = 0,
    parser: Parser = Engine.LEXBOR,
    wait: Wait = 600,
    as_json: Json = False,
) -> None:
    """Clean posts again, from the bytes that the lake keeps, where their template or the cleaner is another now."""
    from flows.upkeep import Upkeep, clean_anew

    with watching():
        done = clean_anew(Upkeep(lake, tuple(source or ()), workers, parser, wait), say)
    show_upkeep(done, as_json=as_json)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="For example: SELECT * FROM sources")],
    lake: LakeDir = DATA_LAKE,
    form: Annotated[Form, typer.Option("--format", help="How to print the answer.")] = Form.TABLE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write instead.")] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a table to print.")] = ROWS_SHOWN,
) -> None:
    """Ask the lake in SQL (DuckDB's).

    Tables: posts, files, raw, runs, revisions, templates. Views: rejects, sources, daily, versions (of all
    posts, past and present). posts_at('2022-06-01') is the posts as their sources had them at that moment.
    """
    from lake.query import export
    from lake.query import rows as ask
    from lake.store import open_lake

    opened = open_lake(lake)
    if form is Form.TABLE and output is None:
        columns, found, has_more = ask(opened, query, rows)
        print_table(columns, found, has_more=has_more)
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
def history(
    post: Annotated[str, typer.Argument(metavar="URL|POST_ID", help="The post, by its address or post_id.")],
    lake: LakeDir = DATA_LAKE,
    as_json: Annotated[bool, typer.Option("--json", help="The versions as a JSON array.")] = False,
) -> None:
    """Show the versions of a post: when each came, and what it changed."""
    from lake.history import versions
    from lake.store import open_lake
    from posts.urls import canonical

    rows = versions(open_lake(lake), canonical(post) or post).to_dicts()
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    print_versions(rows)


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
    print_table(list(counted[0]), [tuple(row.values()) for row in counted])
    typer.echo()
    print_table(sources.columns, sources.rows())


@app.command()
def clean(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Post files.")],
    lake: Annotated[
        Path | None, typer.Option("--lake", help="Apply the templates that this lake has learned.")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Folder for <stem>.txt files, instead of stdout.")] = None,
    parser: Parser = Engine.LEXBOR,
) -> None:
    """Print the cleaned text of post files, blocks separated by a blank line."""
    from posts.parse import NO_TEMPLATES, parse_file
    from posts.post import Post

    templates, bad = NO_TEMPLATES, 0
    if lake is not None:
        from flows.learn import in_force
        from lake.store import open_lake

        templates = in_force(open_lake(lake))
    for file in files:
        post = parse_file(os.fsencode(file), parser, templates)
        if not isinstance(post, Post):
            bad += 1
            say(": ".join(filter(None, [str(file), post.outcome, post.reason, post.detail])))
        elif to is None:
            typer.echo(post.text)
        else:
            to.mkdir(parents=True, exist_ok=True)
            (to / f"{file.stem}.txt").write_text(post.text + "\n" if post.text else "", encoding="utf-8")
    raise typer.Exit(FAILED if bad else 0)


@app.command()
def explain(
    target: Annotated[
        str, typer.Argument(metavar="FILE|URL|POST_ID", help="A post file, or a post of the lake.")
    ],
    lake: LakeDir = DATA_LAKE,
    parser: Parser = Engine.LEXBOR,
    html: Annotated[Path | None, typer.Option(help="Write a page for a browser to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The blocks as one JSON object.")] = False,
) -> None:
    """Show what was kept of a post and what each rule left out, with the templates that the lake has learned."""
    from explain_page import page
    from explain_terminal import as_dict, print_explanation
    from flows.explain import explain as run_explain

    explanation = run_explain(target, lake, parser, say)
    if html is not None:
        html.write_text(page(explanation), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(as_dict(explanation), ensure_ascii=False, default=str))
    elif html is None:
        print_explanation(explanation)


def _show(summary: "Summary", as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(summary), ensure_ascii=False))
        return
    from flows.summary import COUNTS

    print_table(list(COUNTS), [tuple(getattr(summary, name) for name in COUNTS)])
    if summary.reasons:
        print_table(["reason", "files"], list(summary.reasons.items()))
    for alarm in summary.alarms:
        say(f"look at {alarm}")
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in summary.stage_seconds.items())
    went = [f"{count} {word}" for word, count in (("moved", summary.moved), ("gone", summary.gone)) if count]
    typer.echo(f"run {summary.run_id}: {'; '.join(['balanced', *went])}; {summary.seconds:.1f} s ({stages})")


def main() -> None:
    """Run the command line. Misuse ends in one line and exit code 2, a failed run in one line and 1."""
    try:
        app()
    except PostlakeError as error:
        say(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        say(f"{error.filename or 'failed'}: {error.strerror or error}")
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
