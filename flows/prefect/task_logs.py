"""What a task of Prefect's leaves in its log and beside its name."""

import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import copy_context
from threading import Event, Thread
from typing import TypeVar

from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.pipeline.progress import progress_line, progress_listener
from flows.pipeline.reporting.alarms import Alarm

T = TypeVar("T")
SECONDS_BETWEEN_LINES = 10


def done(counts: str) -> State[None]:
    """End a task with its counts, beside its name in the UI; Prefect logs a state with its message."""
    return Completed(message=counts)


def warn_of(alarms: Iterable[Alarm]) -> None:
    """Log what a person should look at."""
    for alarm in alarms:
        get_run_logger().warning(alarm.text)


class _Progress:
    """How far the stages of a run are, logged at times whether they go on or not."""

    def __init__(self) -> None:
        self._logger = get_run_logger()
        self._ended = Event()
        self._line, self._since = "", time.monotonic()

    def watch(self, stage: str, done: int, total: int) -> None:
        line = progress_line(stage, done, total)
        if line != self._line:
            self._line, self._since = line, time.monotonic()

    def log(self) -> None:
        told = ""
        while not self._ended.wait(SECONDS_BETWEEN_LINES):
            waited = f", for {time.monotonic() - self._since:.0f} s" if self._line == told else ""
            told = self._line
            self._logger.info("%s%s", told or "working", waited)

    def end(self) -> None:
        self._ended.set()


@contextmanager
def logged_progress() -> Iterator[None]:
    """Log every ten seconds how far the stages within this block are."""
    progress = _Progress()
    thread = Thread(target=copy_context().run, args=[progress.log], daemon=True)
    thread.start()
    try:
        with progress_listener(progress.watch):
            yield
    finally:
        progress.end()
        thread.join()


@contextmanager
def logged_opening(opening: AbstractContextManager[T]) -> Iterator[T]:
    """Open what may take long to open, since a repository is fetched for it, and log how far that is until it is done."""
    with ExitStack() as stack:
        with logged_progress():
            opened = stack.enter_context(opening)
        yield opened
