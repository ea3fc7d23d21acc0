"""How far a run is: stages tell, whoever watches is told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ProgressListener = Callable[[str, int, int], None]


def _ignore(stage: str, done: int, total: int) -> None:
    """Take no notice."""


_listener: ContextVar[ProgressListener] = ContextVar("postlake_watcher", default=_ignore)


@contextmanager
def progress_listener(listener: ProgressListener) -> Iterator[None]:
    """Send what stages tell within this block to a watcher too: stage, files done, files in all (0: not known)."""
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
    """Return how far a stage is: `receiving: 22,567 of 57,120 (39%)`; without what is not known."""
    if not total:
        return f"{stage}: {done:,}" if done else stage
    return f"{stage}: {done:,} of {total:,} ({100 * done // total}%)"
