"""What the command line shows: tables, progress, differences."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from cli.tables import print_table
from cli.terminal import OUTPUT, clear, console, fail, put, say
from posts.sources.paths import printable

if TYPE_CHECKING:
    from rich.text import Text

    from cli.textdiff import DiffLine
    from flows.pipeline.reporting.results import LearnResult

INTERRUPTED = 130


# a narrower terminal has room for a bar and a count
WIDE_BAR = 72
SECONDS_BETWEEN_LINES = 5
STYLES = {"removed": "red strike", "added": "green", "skipped": "dim", "same": ""}
# what tells the kinds apart where there is no colour
MARKS = {"removed": ("[-", "-]"), "added": ("{+", "+}"), "skipped": ("... ", " ..."), "same": ("", "")}


@contextmanager
def watching() -> Iterator[None]:
    """Show how far the run is: a bar on a terminal, else a line now and then."""
    from flows.pipeline.progress import progress_listener

    try:
        with _progress() as watcher, progress_listener(watcher):
            yield
    except KeyboardInterrupt:
        fail("interrupted; what was committed stays, the next run goes on from there")
        raise typer.Exit(INTERRUPTED) from None


def _progress() -> AbstractContextManager[Callable[[str, int, int], None]]:
    if OUTPUT.is_quiet:
        return nullcontext(lambda *_: None)
    return _bar() if sys.stderr.isatty() else nullcontext(_lines())


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    terminal = Console(stderr=True)
    is_wide = terminal.width >= WIDE_BAR

    class Count(ProgressColumn):
        """How many are done, of how many, what share, and how fast; each only where it is known and there is room."""

        def render(self, task: Task) -> Text:
            of = f"/{task.total:,.0f}" if task.total else ""
            share = f" {task.percentage:.0f}%" if task.total and is_wide else ""
            speed = task.finished_speed or task.speed
            rate = f" {speed:,.0f}/s" if speed and is_wide else ""
            return Text(f"{task.completed:,.0f}{of}{share}{rate}" if task.completed or task.total else "")

    columns = (
        TextColumn("{task.description:9}"),
        BarColumn(None),
        Count(),
        *[TimeRemainingColumn()] * is_wide,
    )
    with Progress(*columns, console=terminal, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def watch(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done, total=total or None)

        yield watch


def _lines() -> Callable[[str, int, int], None]:
    from flows.pipeline.progress import progress_line

    began: dict[str, float] = {}
    told: dict[str, tuple[float, int]] = {}

    def watch(stage: str, done: int, total: int) -> None:
        if not (done or total):
            return
        now = time.monotonic()
        seconds = now - began.setdefault(stage, now)
        last, number = told.setdefault(stage, (now, 0))
        if number == done or (now - last < SECONDS_BETWEEN_LINES and done != total):
            return
        told[stage] = now, done
        rate = f", {done / seconds:,.0f}/s" if seconds > 1 else ""
        left = f", {(total - done) * seconds / done:.0f} s left" if rate and done < total else ""
        say(f"{progress_line(stage, done, total)}{rate}{left}")

    return watch


def show_upkeep(done: "LearnResult", *, as_json: bool) -> None:
    """Print what was learned and cleaned: as JSON, or a row per source with a new template and a line of counts.

    Raises FailuresError where some posts could not be parsed.
    """
    from flows.pipeline.reporting.account import raise_if_failed

    if as_json:
        typer.echo(json.dumps(asdict(done), ensure_ascii=False))
    else:
        _print_upkeep(done)
    raise_if_failed(done.run_id, done.alarms, done)


def _print_upkeep(done: "LearnResult") -> None:
    columns = ["source_id", "version", "patterns", "new", "learned_from"]
    learned = [tuple(getattr(each, name) for name in columns) for each in done.learned if each.is_new]
    if learned:
        print_table(columns, learned)
    for alarm in done.alarms:
        fail(f"look at {alarm}")
    posts = done.recleaned
    words = [
        f"{len(done.learned)} sources looked at, {len(learned)} with a new template"
        if done.kind == "learn"
        else "",
        f"{posts.posts} posts cleaned again, {posts.changed} with another text",
        f"{posts.left} left as they were: an ingest of their files would name, place or date them otherwise"
        if posts.left
        else "",
        f"{len(posts.failed)} left as they were: they could not be parsed" if posts.failed else "",
    ]
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in done.stage_seconds.items())
    put(f"run {done.run_id}: {'; '.join(filter(None, words))}; {done.seconds:.1f} s ({stages})")


def print_line(line: "DiffLine", indent: str) -> None:
    """Print what changed in a passage: in colours on a terminal, else between [- -] and {+ +}."""
    from rich.padding import Padding

    console().print(Padding(_marked(line), (0, 0, 0, len(indent)), expand=False))


def _marked(line: "DiffLine") -> "Text":
    from rich.text import Text

    marked = Text()
    for span in line:
        before, after = MARKS[span.kind] if not sys.stdout.isatty() or span.kind == "skipped" else ("", "")
        marked.append(f"{before}{clear(span.text)}{after}", STYLES[span.kind])
    return marked


# What of a post people look at, besides its text.
COMPARED = ("title", "author", "source", "published_at", "url", "tags", "categories", "language")


def print_versions(rows: list[dict[str, Any]]) -> None:
    """Print the versions of a post, rows of revisions, the oldest first, each with what it changed."""
    last = rows[-1]
    for line in (last["title"], last["url"] or "", f"post_id {last['post_id']}", ""):
        put(line)
    before: dict[str, Any] | None = None
    for row in rows:
        _print_version(row, before)
        if row["withdrawn_at"]:
            put(f"{_moment(row['withdrawn_at'])}  withdrawn: its last file was gone")
        before = row


def _print_version(row: dict[str, Any], before: dict[str, Any] | None) -> None:
    put(f"{_moment(row['version_at'])}  {_event(row, before)}, {row['text_chars']} characters")
    put(f"    {printable(row['path'])}  blob {row['blob'][:12]}")
    if before is None:
        return
    from cli.textdiff import diff_texts, diff_words

    for name in COMPARED:
        if row[name] != before[name]:
            print_line(diff_words(f"{name}: {_plain(before[name])}", f"{name}: {_plain(row[name])}"), "    ")
    if row["text"] != before["text"]:
        for line in diff_texts(before["text"], row["text"]):
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
