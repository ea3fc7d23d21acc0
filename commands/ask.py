"""Commands that ask a lake: `sql`, `rejects`, `history`, `info`, `report`."""

import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from commands.options import DATA_LAKE, Form, Json, LakeDir, Reason
from commands.terminal import print_table, print_versions
from schemas.words import PageLanguage

ROWS_SHOWN = 40


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


def report(
    html: Annotated[Path, typer.Option(help="File to write the page to.")],
    lake: LakeDir = DATA_LAKE,
    language: Annotated[
        PageLanguage | None,
        typer.Option(help="That the page opens in; it holds both. Default: that of most posts."),
    ] = None,
) -> None:
    """Write a page with charts of a lake, for a browser: one file that needs no network."""
    from flows.pages.write import write

    figures = write(lake, html, language)
    typer.echo(f"{html}: {figures.posts} posts from {figures.live.height} sources")
