"""The progress of runs: a bar on a terminal, else lines."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import typer

from cli.output.terminal import VERBOSITY, print_note, print_to_stderr

INTERRUPTED = 130
# a narrower terminal has room for a bar and a count
MIN_WIDE_BAR_CELLS = 72
SECONDS_BETWEEN_LINES = 5


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
