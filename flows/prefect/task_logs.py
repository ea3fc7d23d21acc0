"""The log of the progress of a run."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import copy_context
from threading import Event, Thread
from typing import TypeVar

from prefect.logging import get_run_logger

from flows.pipeline.progress import progress_line, progress_listener

T = TypeVar("T")
SECONDS_BETWEEN_LINES = 10


class _Progress:
    """The progress of the stages of a run, logged at intervals even if nothing has changed."""

    def __init__(self) -> None:
        self._logger = get_run_logger()
        self.end_event = Event()
        self._line, self._line_since = "", time.monotonic()

    def watch(self, stage: str, done: int, total: int) -> None:
        line = progress_line(stage, done, total)
        if line != self._line:
            self._line, self._line_since = line, time.monotonic()

    def log(self) -> None:
        last_line = ""
        while not self.end_event.wait(SECONDS_BETWEEN_LINES):
            wait_note = (
                f", for {time.monotonic() - self._line_since:.0f} s" if self._line == last_line else ""
            )
            last_line = self._line
            self._logger.info("%s%s", last_line or "working", wait_note)


@contextmanager
def log_progress() -> Iterator[None]:
    """Log the progress of the stages within this block every ten seconds."""
    progress = _Progress()
    thread = Thread(target=copy_context().run, args=[progress.log], daemon=True)
    thread.start()
    try:
        with progress_listener(progress.watch):
            yield
    finally:
        progress.end_event.set()
        thread.join()


@contextmanager
def open_with_progress(context_manager: AbstractContextManager[T]) -> Iterator[T]:
    """Enter a context manager and yield its value, logging progress while it opens.

    Opening may take long, since a repository may be fetched.
    """
    with ExitStack() as stack:
        with log_progress():
            value = stack.enter_context(context_manager)
        yield value
