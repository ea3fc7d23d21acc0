"""Processes for the parsing of posts. They import the posts room and nothing above it."""

import gc
import multiprocessing
import os
import sys
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, TypeVar

from posts.work import Reader, Task
from schemas.errors import PostlakeError

T = TypeVar("T")
Work = Callable[[list[Task], Reader], T]
# What a worker is given at a time: large enough to hide the handing over, small enough to share out.
HANDFUL_BYTES, HANDFUL_FILES = 512 * 1024, 200
# Starting a pool takes longer than parsing this much.
WORTH_A_POOL = 2 * HANDFUL_BYTES
# in a worker: how it reads, told once when it starts, since templates are larger than a handful of files
_readers: list[Reader] = []


@dataclass(frozen=True, slots=True)
class Workshop:
    """How files are parsed: by how many processes, with which parser and templates."""

    workers: int
    reader: Reader


class WorkerError(PostlakeError):
    """A process that parses was ended from outside."""


class _Worker(SpawnProcess):
    """A process that does not import the main module again, which under Prefect is Prefect."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 - multiprocessing's name
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            return SpawnProcess._Popen(process_obj)  # noqa: SLF001
        finally:
            sys.modules["__main__"] = main


class _Context(SpawnContext):
    Process = _Worker


class Workers:
    """Work on posts: in this process at first, in a pool from the moment on that it is worth starting one."""

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._shop, self._stack = shop, stack
        self._executor: ProcessPoolExecutor | None = None

    def expect(self, size_bytes: int) -> None:
        """Be told of how much work comes next."""
        if self._executor is None and size_bytes > WORTH_A_POOL:
            self._executor = self._stack.enter_context(_pool(self._shop))

    def begin(self, work: Work[T], tasks: list[Task]) -> Callable[[], T]:
        """Have a handful of files worked on; the answer waits until it is."""
        if self._executor is None:
            return partial(work, tasks, self._shop.reader)
        return self._executor.submit(_with_reader, work, tasks).result


@contextmanager
def _pool(shop: Workshop) -> Iterator[ProcessPoolExecutor]:
    """Give an executor of processes; what is not begun when the block is left by an error is dropped.

    Raises WorkerError when the system ended a process, as it does when memory runs out.
    """
    executor = ProcessPoolExecutor(
        shop.workers, mp_context=_Context(), initializer=_prepare, initargs=(shop.reader,)
    )
    try:
        yield executor
    except BrokenProcessPool as error:
        raise WorkerError("a worker process was ended from outside (out of memory?); what was committed stays, "
                          "run again, with fewer --workers if it happens again") from error  # fmt: skip
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _with_reader(work: Work[T], tasks: list[Task]) -> T:
    return work(tasks, _readers[-1])


def _prepare(reader: Reader) -> None:
    _readers.append(reader)
    # parsed posts are many small lists without cycles; collecting them is a fifth of a worker's time
    gc.set_threshold(100_000, 50, 50)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=[parent], daemon=True).start()


def _end_with(parent: Any) -> None:
    """End this process when the run is killed; a pool's worker would wait for work for ever."""
    parent.join()
    os._exit(1)


def available_workers() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def handfuls(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Cut tasks into what a worker is given at a time."""
    handful, size = list[Task](), 0
    for task in tasks:
        handful.append(task)
        size += task.file.size
        if size >= HANDFUL_BYTES or len(handful) >= HANDFUL_FILES:
            yield handful
            handful, size = [], 0
    if handful:
        yield handful
