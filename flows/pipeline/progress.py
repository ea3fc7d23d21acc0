"""The progress of a run: stages report it, and listeners receive it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ProgressListener = Callable[[str, int, int], None]
_listener: ContextVar[ProgressListener] = ContextVar("postlake_watcher", default=lambda *_: None)


@contextmanager
def progress_listener(listener: ProgressListener) -> Iterator[None]:
    """Send the progress that stages report within this block to another listener too.

    The values are stage, files done and files in total (0: not known).
    """
    outer_listener = _listener.get()

    def notify_both(stage: str, done: int, total: int) -> None:
        outer_listener(stage, done, total)
        listener(stage, done, total)

    token = _listener.set(notify_both)
    try:
        yield
    finally:
        _listener.reset(token)


def report_progress(stage: str, done: int, total: int) -> None:
    _listener.get()(stage, done, total)


def progress_line(stage: str, done: int, total: int) -> str:
    """Return the progress of a stage: `receiving: 22,567 of 57,120 (39%)`. Unknown numbers are omitted."""
    if not total:
        return f"{stage}: {done:,}" if done else stage
    return f"{stage}: {done:,} of {total:,} ({100 * done // total}%)"
