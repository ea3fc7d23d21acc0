"""Commands that work on a lake and read no source: `learn`, `reclean`, `maintain`, `verify`."""

import json
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import show_upkeep, watching
from cli.options import DATA_LAKE, Json, LakeDir, Parser, Sources, Wait, Workers
from cli.tables import print_table
from cli.terminal import put, say
from schemas.enums import HtmlParser

if TYPE_CHECKING:
    from flows.pipeline.maintenance.maintain import TableMaintenance


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
    from flows.pipeline.learn_run import LearnOptions
    from flows.pipeline.learn_run import learn as run_learn

    order = LearnOptions(lake, tuple(source or ()), workers, wait_seconds=wait)
    with watching():
        done = run_learn(order, say, from_scratch=anew, with_reclean=and_reclean)
    show_upkeep(done, as_json=as_json)


def reclean(
    lake: LakeDir = DATA_LAKE,
    source: Sources = None,
    workers: Workers = 0,
    parser: Parser = HtmlParser.LEXBOR,
    wait: Wait = 600,
    as_json: Json = False,
) -> None:
    """Clean posts again, from the bytes that the lake keeps, where their template or the cleaner is another now."""
    from flows.pipeline.learn_run import LearnOptions, reclean_lake

    with watching():
        done = reclean_lake(LearnOptions(lake, tuple(source or ()), workers, parser, wait), say)
    show_upkeep(done, as_json=as_json)


def maintain(
    lake: LakeDir = DATA_LAKE,
    retention_days: Annotated[
        float, typer.Option(min=0, max=30, help="How far back versions of the tables stay readable.")
    ] = 7,
    compact: Annotated[bool, typer.Option("--compact/--no-compact", help="Put small files together.")] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be done, and do nothing.")
    ] = False,
    no_readers: Annotated[
        bool,
        typer.Option("--no-readers", help="Nothing reads the lake: allow a retention of less than a day."),
    ] = False,
    wait: Wait = 600,
    as_json: Json = False,
) -> None:
    """Put small files together, and delete what only old versions of the tables need, or a killed run left."""
    from flows.pipeline.maintenance.maintain import MaintainOptions
    from flows.pipeline.maintenance.maintain import maintain as run_maintain

    order = MaintainOptions(lake, retention_days, compact, dry_run, no_readers, wait)
    with watching():
        done = run_maintain(order, say)
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    print_table(["table", "files", "deleted", "freed"], list(map(_row, done.tables)))
    put(f"run {done.run_id}: {done.summary_line()}")


def _row(care: "TableMaintenance") -> tuple[str, str, int, str]:
    """Return what was done for a table as it is shown: `12 -> 3` files where some were put together."""
    files = f"{care.files_before} -> {care.files}" if care.files != care.files_before else str(care.files)
    return care.table, files, care.removed + care.orphans, f"{care.freed_bytes / 1e6:.1f} MB"


def verify(
    lake: LakeDir = DATA_LAKE,
    deep: Annotated[
        bool, typer.Option("--deep/--shallow", help="Read every byte; or logs, counts and keys only.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Look at a whole lake for what should not be so. Reads only; exit code 1 if anything is found."""
    from flows.pipeline.maintenance.verify import verify as look_at

    with watching():
        verified = look_at(lake, deep=deep)
    if as_json:
        typer.echo(json.dumps(asdict(verified), ensure_ascii=False))
    else:
        names = ["check", "table", "checked", "findings"]
        names += ["skipped"] if any(each.skipped for each in verified.checks) else []
        print_table(names, [tuple(getattr(each, name) for name in names) for each in verified.checks])
        if verified.shown:
            put()
            print_table(["check", "table", "where", "detail"], [astuple(each) for each in verified.shown])
        put(verified.summary_line())
    verified.raise_if_faulty()
