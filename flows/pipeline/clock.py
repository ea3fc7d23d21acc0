"""When a run begins, and where its time goes."""

import datetime as dt
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from lake.batch import Run

T = TypeVar("T")


def new_run() -> Run:
    started_at = dt.datetime.now(dt.UTC)
    return Run(f"{started_at:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}", started_at)


class Clock:
    """Seconds since its making, and seconds spent in each stage, to the millisecond."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._stages: dict[str, float] = {}

    @contextmanager
    def measuring(self, stage: str) -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        finally:
            self._stages[stage] = self._stages.get(stage, 0) + time.monotonic() - start

    def waiting_for(self, stage: str, stream: Iterable[T]) -> Iterator[T]:
        """Pass a stream on; the time until each next item counts for the stage."""
        items, end = iter(stream), object()
        while True:
            with self.measuring(stage):
                item = next(items, end)
            if item is end:
                return
            yield item  # type: ignore[misc]  # not the end, so a T

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self._started, 3)

    @property
    def stages(self) -> dict[str, float]:
        return {stage: round(seconds, 3) for stage, seconds in self._stages.items()}
