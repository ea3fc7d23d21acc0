"""The id and start time of a run, and the time that each stage takes."""

import datetime as dt
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lake.batch import Run


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def start_run() -> Run:
    started_at = now()
    return Run(f"{started_at:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}", started_at)


class StageTimer:
    """A stopwatch: seconds since its creation and seconds per stage, rounded to milliseconds."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._stage_seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        finally:
            self._stage_seconds[stage] = self._stage_seconds.get(stage, 0) + time.monotonic() - start

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self._start, 3)

    @property
    def stage_seconds(self) -> dict[str, float]:
        return {stage: round(seconds, 3) for stage, seconds in self._stage_seconds.items()}
