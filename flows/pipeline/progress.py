"""How far a run is: stages tell, whoever watches is told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Watcher = Callable[[str, int, int], None]


def _nobody(stage: str, done: int, total: int) -> None:
    """Take no notice."""


_watcher: ContextVar[Watcher] = ContextVar("postlake_watcher", default=_nobody)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Send what stages tell within this block to a watcher too: stage, files done, files in all (0: not known)."""
    others = _watcher.get()

    def both(stage: str, done: int, total: int) -> None:
        others(stage, done, total)
        watcher(stage, done, total)

    token = _watcher.set(both)
    try:
        yield
    finally:
        _watcher.reset(token)


def tell(stage: str, done: int, total: int) -> None:
    _watcher.get()(stage, done, total)


def in_words(stage: str, done: int, total: int) -> str:
    """Return how far a stage is: `receiving: 22,567 of 57,120 (39%)`; without what is not known."""
    if not total:
        return f"{stage}: {done:,}" if done else stage
    return f"{stage}: {done:,} of {total:,} ({100 * done // total}%)"
