"""What the command line shows: tables, progress, differences."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from posts.paths import printable

if TYPE_CHECKING:
    from rich.text import Text

    from flows.steps.upkeep import Kept
    from posts.difference import Line

INTERRUPTED = 130
WIDE = 200
SECONDS_BETWEEN_LINES = 5
STYLES = {"removed": "red strike", "added": "green", "skipped": "dim", "same": ""}
# what tells the kinds apart where there is no colour
MARKS = {"removed": ("[-", "-]"), "added": ("{+", "+}"), "skipped": ("... ", " ..."), "same": ("", "")}


def print_table(columns: list[str], rows: list[tuple[Any, ...]], *, has_more: bool = False) -> None:
    """Print a table as wide as the terminal, or as wide as it is when the output goes elsewhere."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, value in zip(columns, rows[0] if rows else columns, strict=True):
        table.add_column(name, justify="right" if isinstance(value, int | float) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console().print(table)
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
def watching() -> Iterator[None]:
    """Show how far the run is: a bar on a terminal, else a line now and then."""
    from flows.steps.progress import watched_by

    try:
        with _bar() if sys.stderr.isatty() else nullcontext(_lines()) as watcher, watched_by(watcher):
            yield
    except KeyboardInterrupt:
        say("interrupted; what was committed stays, the next run goes on from there")
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
        say(f"{stage}: {done}{f' of {total}' if total else ''} files{rate}{left}")

    return watch


def show_upkeep(done: "Kept", *, as_json: bool) -> None:
    """Print what was learned and cleaned: as JSON, or a row per source with a new template and a line of counts."""
    if as_json:
        typer.echo(json.dumps(asdict(done), ensure_ascii=False))
        return
    columns = ["source_id", "version", "patterns", "new", "learned_from"]
    learned = [tuple(getattr(each, name) for name in columns) for each in done.learned if each.is_new]
    if learned:
        print_table(columns, learned)
    for alarm in done.alarms:
        say(f"look at {alarm}")
    posts = done.recleaned
    words = [
        f"{len(done.learned)} sources looked at, {len(learned)} with a new template"
        if done.kind == "learn"
        else "",
        f"{posts.posts} posts cleaned again, {posts.changed} with another text",
        f"{posts.left} left as they were: an ingest of their files would name, place or date them otherwise"
        if posts.left
        else "",
    ]
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in done.stage_seconds.items())
    typer.echo(f"run {done.run_id}: {'; '.join(filter(None, words))}; {done.seconds:.1f} s ({stages})")


def say(line: str) -> None:
    typer.echo(f"postlake: {line}", err=True)


def console() -> Any:
    """Give a console as wide as the terminal, or wide where the output goes elsewhere."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)


def print_line(line: "Line", indent: str) -> None:
    """Print what changed in a passage: in colours on a terminal, else between [- -] and {+ +}."""
    from rich.padding import Padding

    console().print(Padding(_marked(line), (0, 0, 0, len(indent)), expand=False))


def _marked(line: "Line") -> "Text":
    from rich.text import Text

    marked = Text()
    for span in line:
        before, after = MARKS[span.kind] if not sys.stdout.isatty() or span.kind == "skipped" else ("", "")
        marked.append(f"{before}{span.text}{after}", STYLES[span.kind])
    return marked


# What of a post people look at, besides its text.
COMPARED = ("title", "author", "source", "published_at", "url", "tags", "categories", "language")


def print_versions(rows: list[dict[str, Any]]) -> None:
    """Print the versions of a post, rows of revisions, the oldest first, each with what it changed."""
    last = rows[-1]
    typer.echo(f"{last['title']}\n{last['url'] or ''}\npost_id {last['post_id']}\n")
    before: dict[str, Any] | None = None
    for row in rows:
        _print_version(row, before)
        if row["withdrawn_at"]:
            typer.echo(f"{_moment(row['withdrawn_at'])}  withdrawn: its last file was gone")
        before = row


def _print_version(row: dict[str, Any], before: dict[str, Any] | None) -> None:
    typer.echo(f"{_moment(row['version_at'])}  {_event(row, before)}, {row['text_chars']} characters")
    typer.echo(f"    {printable(row['path'])}  blob {row['blob'][:12]}")
    if before is None:
        return
    from posts.difference import difference, words

    for name in COMPARED:
        if row[name] != before[name]:
            print_line(words(f"{name}: {_plain(before[name])}", f"{name}: {_plain(row[name])}"), "    ")
    if row["text"] != before["text"]:
        for line in difference(before["text"], row["text"]):
            print_line(line, "    ")


def _event(row: dict[str, Any], before: dict[str, Any] | None) -> str:
    if before is None:
        return "first seen"
    returned = "came back" if before["withdrawn_at"] else ""
    changed = ", ".join(name for name in ("text", *COMPARED) if row[name] != before[name])
    if row["blob"] != before["blob"]:
        changed = f"changed {changed or 'in its file, nothing that is shown here'}"
    return ", ".join(filter(None, [returned, changed]))


def _moment(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _plain(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
