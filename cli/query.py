"""Commands that query a lake: `sql`, `rejects`, `history`, `info`, `report`."""

import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import REASON_OPTION, Json, LakeDir, OutputFormat, format_of, output_file
from cli.output.tables import print_cut_table, print_table
from cli.output.terminal import echo, print_json, print_note
from cli.output.versions import print_versions
from lake.storage.location import DEFAULT_LOCATION, Location
from schemas.enums import PageLanguage

DEFAULT_ROWS = 40
FORMAT_HELP = "How to write the answer; default: a table, or what the ending of the output file names."
OUTPUT_OPTION: Any = typer.Option(
    "--output", "-o", help="File to write instead.", parser=output_file, metavar="FILE"
)


def sql(
    query: Annotated[
        str, typer.Argument(help="For example: SELECT * FROM sources; - reads it from standard input.")
    ] = "-",
    lake: LakeDir = DEFAULT_LOCATION,
    form: Annotated[OutputFormat | None, typer.Option("--format", help=FORMAT_HELP)] = None,
    output: Annotated[Path | None, OUTPUT_OPTION] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a table to print.")] = DEFAULT_ROWS,
) -> None:
    """Query the lake in SQL (the dialect of DuckDB).

    Tables: posts, files, raw, runs, revisions, templates, renamed_posts. Views: rejects, sources, daily, cuts
    (what each cleaning rule removed from each post), versions (all versions of all posts, past and current),
    withdrawn (the last versions of withdrawn posts). posts_at('2022-06-01') returns the posts as their
    sources had them at that time.

    The query runs with your rights, as in the shell of DuckDB: it can read files (FROM 'names.csv') and write
    them (COPY).
    """
    _run_query(lake, _read_query(query), form, output, rows)


def _read_query(query: str) -> str:
    if query == "-":
        if sys.stdin.isatty():
            raise typer.BadParameter(
                'give a query, for example "SELECT * FROM sources", or send one to standard input'
            )
        query = sys.stdin.read()
    if not query.strip():
        raise typer.BadParameter("the query is empty")
    return query


def _run_query(
    lake: Location, query: str, output_format: OutputFormat | None, output: Path | None, max_rows: int
) -> None:
    """Print the result of a query, or write it to a file."""
    from flows.pipeline.lake_settings.names import open_with_names
    from lake.query.sql import export
    from lake.query.sql import run_query as ask

    if output is not None and output_format in {None, OutputFormat.TABLE}:
        output_format = format_of(output)
    opened_lake = open_with_names(lake)
    if output_format in {None, OutputFormat.TABLE}:
        columns, result_rows, has_more = ask(opened_lake, query, max_rows)
        cut_notes = [
            f"the first {len(result_rows)} rows" if has_more else "",
            print_cut_table(columns, result_rows),
        ]
        if any(cut_notes):
            print_note(
                f"{', '.join(filter(None, cut_notes))}; --format csv or -o FILE gives all{', --rows N more' * has_more}"
            )
    elif output is not None:
        export(opened_lake, query, str(output), str(output_format))
    elif output_format is OutputFormat.PARQUET and sys.stdout.isatty():
        raise typer.BadParameter("Parquet is no text: give -o FILE, or send the output to a file")
    else:
        with tempfile.TemporaryDirectory() as folder:
            answer_file = Path(folder) / f"answer.{output_format}"
            export(opened_lake, query, str(answer_file), str(output_format))
            with answer_file.open("rb") as file:
                if not sys.stdout.isatty():
                    shutil.copyfileobj(file, sys.stdout.buffer)
                    return
                # on a terminal control characters, which cells may contain, are escaped
                for line in file:
                    echo(line.decode().removesuffix("\n"))


def rejects(
    lake: LakeDir = DEFAULT_LOCATION,
    reason: Annotated[list[str] | None, REASON_OPTION] = None,
    form: Annotated[OutputFormat | None, typer.Option("--format", help=FORMAT_HELP)] = None,
    output: Annotated[Path | None, OUTPUT_OPTION] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a table to print.")] = 1000,
) -> None:
    """List the rejected files: path, reason, field, detail."""
    from schemas.reasons import check_reasons

    check_reasons(reason or ())
    # safe to put into SQL: check_reasons accepts only members of Reason
    where = f" WHERE reason IN ({', '.join(map(repr, map(str, reason)))})" if reason else ""
    query = f"SELECT path, reason, field, detail FROM rejects{where} ORDER BY origin, path"  # noqa: S608
    _run_query(lake, query, form, output, rows)


def history(
    post: Annotated[str, typer.Argument(metavar="URL|POST_ID", help="The post, by its address or post_id.")],
    lake: LakeDir = DEFAULT_LOCATION,
    as_json: Annotated[bool, typer.Option("--json", help="The versions as a JSON array.")] = False,
) -> None:
    """Show the versions of a post: when each appeared, and what it changed."""
    from lake.store import open_lake
    from lake.tables.post_versions import post_versions
    from posts.urls import canonicalize

    rows = post_versions(open_lake(lake), canonicalize(post) or post).to_dicts()
    if as_json:
        print_json(rows)
        return
    print_versions(rows)


def info(lake: LakeDir = DEFAULT_LOCATION, as_json: Json = False) -> None:
    """Show the contents of a lake: tables, versions, rows, files, bytes, sources and their dates."""
    from flows.pipeline.lake_settings.names import open_with_names
    from lake.query.info import posts_by_source, tables

    opened_lake = open_with_names(lake)
    table_infos = list(map(asdict, tables(opened_lake)))
    sources = posts_by_source(opened_lake)
    if as_json:
        payload = {
            "granularity": None if opened_lake.has_open_period() else opened_lake.granularity,
            "tables": table_infos,
            "sources": sources.to_dicts(),
        }
        print_json(payload)
        return
    period = (
        "a period that the first posts decide" if opened_lake.has_open_period() else opened_lake.granularity
    )
    echo(f"{lake}: posts partitioned by source and {period}")
    print_table(list(table_infos[0]), [tuple(row.values()) for row in table_infos])
    echo()
    print_table(sources.columns, sources.rows())


def report(
    lake: LakeDir = DEFAULT_LOCATION,
    html: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            "--html",
            help="File to write the page to; default: report.html in the lake.",
            parser=output_file,
            metavar="FILE",
        ),
    ] = None,
    language: Annotated[
        PageLanguage | None,
        typer.Option(help="That the page opens in; it holds both. Default: that of most posts."),
    ] = None,
) -> None:
    """Write an HTML page with charts about a lake: one file that needs no network."""
    from flows.pipeline.html_report.render import write_report
    from flows.pipeline.options import ReportOptions

    page = ReportOptions(lake=lake, html=str(html or "")).page
    report_data = write_report(lake, page, language)
    echo(f"{page}: {report_data.posts} posts from {report_data.live_sources.height} sources")
