"""Output of runs that learn or clean, the progress of runs, and the versions of a post."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from cli.output.tables import print_table
from cli.output.terminal import (
    VERBOSITY,
    create_console,
    echo,
    escape_control_characters,
    print_note,
    print_to_stderr,
)
from posts.sources.paths import printable

if TYPE_CHECKING:
    from rich.text import Text

    from cli.output.textdiff import DiffLine
    from flows.pipeline.reporting.results import LearnResult

INTERRUPTED = 130


# a narrower terminal has room for a bar and a count
MIN_WIDE_BAR_CELLS = 72
SECONDS_BETWEEN_LINES = 5
STYLES = {"removed": "red strike", "added": "green", "skipped": "dim", "same": ""}
# they distinguish the kinds where there is no colour
MARKERS = {"removed": ("[-", "-]"), "added": ("{+", "+}"), "skipped": ("... ", " ..."), "same": ("", "")}


@contextmanager
def progress_display() -> Iterator[None]:
    """Show the progress of the run within this block: a bar on a terminal, else a line every few seconds."""
    from flows.pipeline.progress import progress_listener

    try:
        with _open_listener() as listener, progress_listener(listener):
            yield
    except KeyboardInterrupt:
        print_to_stderr("interrupted; what was committed stays, the next run goes on from there")
        raise typer.Exit(INTERRUPTED) from None


def _open_listener() -> AbstractContextManager[Callable[[str, int, int], None]]:
    if VERBOSITY.is_quiet:
        return nullcontext(lambda *_: None)
    return _progress_bar() if sys.stderr.isatty() else nullcontext(_progress_lines())


@contextmanager
def _progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    bar_console = Console(stderr=True)
    is_wide = bar_console.width >= MIN_WIDE_BAR_CELLS

    class Count(ProgressColumn):
        """Files done, total, percentage and rate; each only if it is known and there is room."""

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
    with Progress(*columns, console=bar_console, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def update(stage: str, done_count: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done_count, total=total or None)

        yield update


def _progress_lines() -> Callable[[str, int, int], None]:
    from flows.pipeline.progress import progress_line

    start_times: dict[str, float] = {}
    last_printed: dict[str, tuple[float, int]] = {}

    def update(stage: str, done_count: int, total: int) -> None:
        if not (done_count or total):
            return
        now = time.monotonic()
        seconds = now - start_times.setdefault(stage, now)
        last_printed_at, last_count = last_printed.setdefault(stage, (now, 0))
        if last_count == done_count or (
            now - last_printed_at < SECONDS_BETWEEN_LINES and done_count != total
        ):
            return
        last_printed[stage] = now, done_count
        rate = f", {done_count / seconds:,.0f}/s" if seconds > 1 else ""
        remaining_note = (
            f", {(total - done_count) * seconds / done_count:.0f} s left"
            if rate and done_count < total
            else ""
        )
        print_note(f"{progress_line(stage, done_count, total)}{rate}{remaining_note}")

    return update


def show_learn_result(result: "LearnResult", *, as_json: bool) -> None:
    """Print the result of a run that learned or cleaned, as JSON or as a table of new templates and a line.

    Raises FailuresError if some posts could not be parsed.
    """
    from flows.pipeline.reporting.account import raise_if_failed

    if as_json:
        typer.echo(json.dumps(asdict(result), ensure_ascii=False))
    else:
        _print_learn_result(result)
    raise_if_failed(result.run_id, result.alarms, result)


def _print_learn_result(result: "LearnResult") -> None:
    columns = ["source_id", "version", "patterns", "new", "learned_from"]
    new_templates = [tuple(getattr(each, name) for name in columns) for each in result.learned if each.is_new]
    if new_templates:
        print_table(columns, new_templates)
    for alarm in result.alarms:
        print_to_stderr(f"alarm: {alarm}")
    reclean_result = result.recleaned
    sentences = [
        f"{len(result.learned)} sources examined, {len(new_templates)} with a new template"
        if result.kind == "learn"
        else "",
        f"{reclean_result.posts} posts cleaned again, {reclean_result.changed} with another text",
        f"{reclean_result.skipped} left as they were: an ingest of their files would name, place or date them otherwise"
        if reclean_result.skipped
        else "",
        f"{len(reclean_result.failed)} left as they were: they could not be parsed"
        if reclean_result.failed
        else "",
    ]
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in result.stage_seconds.items())
    echo(f"run {result.run_id}: {'; '.join(filter(None, sentences))}; {result.seconds:.1f} s ({stages})")


def print_diff_line(line: "DiffLine", indent: str) -> None:
    """Print the changes of a passage: in colours on a terminal, else between [- -] and {+ +}."""
    from rich.padding import Padding

    create_console().print(Padding(_styled_line(line), (0, 0, 0, len(indent)), expand=False))


def _styled_line(line: "DiffLine") -> "Text":
    from rich.text import Text

    styled_text = Text()
    for span in line:
        before, after = MARKERS[span.kind] if not sys.stdout.isatty() or span.kind == "skipped" else ("", "")
        styled_text.append(f"{before}{escape_control_characters(span.text)}{after}", STYLES[span.kind])
    return styled_text


# the fields, besides the text, whose changes are shown
COMPARED_FIELDS = ("title", "author", "source", "published_at", "url", "tags", "categories", "language")


def print_versions(rows: list[dict[str, Any]]) -> None:
    """Print the versions of a post (rows of `revisions`), the oldest first, each with its changes."""
    last_version = rows[-1]
    for line in (last_version["title"], last_version["url"] or "", f"post_id {last_version['post_id']}", ""):
        echo(line)
    previous: dict[str, Any] | None = None
    for row in rows:
        _print_version(row, previous)
        if row["withdrawn_at"]:
            echo(f"{_format_time(row['withdrawn_at'])}  withdrawn: its last file was gone")
        previous = row


def _print_version(row: dict[str, Any], previous: dict[str, Any] | None) -> None:
    echo(
        f"{_format_time(row['version_at'])}  {_version_event(row, previous)}, {row['text_chars']} characters"
    )
    echo(f"    {printable(row['path'])}  blob {row['blob'][:12]}")
    if previous is None:
        return
    from cli.output.textdiff import diff_texts, diff_words

    for name in COMPARED_FIELDS:
        if row[name] != previous[name]:
            print_diff_line(
                diff_words(f"{name}: {_format_value(previous[name])}", f"{name}: {_format_value(row[name])}"),
                "    ",
            )
    if row["text"] != previous["text"]:
        for line in diff_texts(previous["text"], row["text"]):
            print_diff_line(line, "    ")


def _version_event(row: dict[str, Any], previous: dict[str, Any] | None) -> str:
    if previous is None:
        return "first seen"
    return_text = "came back" if previous["withdrawn_at"] else ""
    change_text = ", ".join(name for name in ("text", *COMPARED_FIELDS) if row[name] != previous[name])
    if row["blob"] != previous["blob"]:
        change_text = f"changed {change_text or 'in its file, nothing that is shown here'}"
    return ", ".join(filter(None, [return_text, change_text]))


def _format_time(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _format_value(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
