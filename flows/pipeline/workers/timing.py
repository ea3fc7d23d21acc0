"""How long tasks take, measured where they run and counted by stage."""

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from posts.worker import ParseConfig

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timed(Generic[T]):
    """The result of a task, the wall seconds that it took, and the machine that did it."""

    result: T
    seconds: float
    machine: str


def run_timed(
    function: Callable[[Sequence[Any], Any, ParseConfig], T],
    items: Sequence[Any],
    guard: Any,
    config: ParseConfig,
) -> Timed[T]:
    """Return the result of a task with its time."""
    start = time.perf_counter()
    result = function(items, guard, config)
    return Timed(result, time.perf_counter() - start, platform.node())


@dataclass(slots=True)
class StageWork:
    """The tasks of a stage: how many, their seconds, and of the slowest its seconds, files, bytes and machine."""

    tasks: int = 0
    seconds: float = 0.0
    slowest_seconds: float = 0.0
    slowest_files: int = 0
    slowest_bytes: int = 0
    slowest_machine: str = ""


@dataclass(slots=True)
class Work:
    """The tasks that a run has done, by stage."""

    stages: dict[str, StageWork] = field(default_factory=dict)

    def add(self, stage: str, timed: Timed[Any], files: int, size_bytes: int) -> None:
        """Count a task."""
        work = self.stages.setdefault(stage, StageWork())
        work.tasks += 1
        work.seconds += timed.seconds
        if timed.seconds >= work.slowest_seconds:
            work.slowest_seconds, work.slowest_machine = timed.seconds, timed.machine
            work.slowest_files, work.slowest_bytes = files, size_bytes
