"""What a task of Prefect's leaves in its log and beside its name."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.steps.alarms import Alarm
from flows.steps.progress import watched_by

SECONDS_BETWEEN_LINES = 15


def done(counts: str) -> State[None]:
    """End a task with its counts, in the log and beside its name in the UI."""
    get_run_logger().info(counts)
    return Completed(message=counts)


def warn_of(alarms: Iterable[Alarm]) -> None:
    """Log what a person should look at."""
    for alarm in alarms:
        get_run_logger().warning(alarm.text)


@contextmanager
def logged_progress() -> Iterator[None]:
    """Log now and then how far the stages within this block are."""
    last = time.monotonic()

    def watch(stage: str, done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            get_run_logger().info(f"{stage}: {done:,} of {total:,}" if total else f"{stage}: {done:,}")

    with watched_by(watch):
        yield
