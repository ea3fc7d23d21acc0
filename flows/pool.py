"""Processes for the parsing of posts. They import the posts room and nothing above it."""

import gc
import multiprocessing
import os
import sys
import threading
import types
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

from schemas.errors import PostlakeError


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


@contextmanager
def pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Give an executor of `workers` processes; what is not begun when the block is left by an error is dropped.

    Raises WorkerError when the system ended a process, as it does when memory runs out.
    """
    executor = ProcessPoolExecutor(workers, mp_context=_Context(), initializer=_prepare)
    try:
        yield executor
    except BrokenProcessPool as error:
        raise WorkerError("a worker process was ended from outside (out of memory?); what was committed stays, "
                          "run again, with fewer --workers if it happens again") from error  # fmt: skip
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _prepare() -> None:
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
