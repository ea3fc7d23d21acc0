"""Processes for the parsing of posts. They import the posts room and nothing above it."""

import gc
import multiprocessing
import os
import pickle
import shutil
import sys
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from posts.parse import Templates
from posts.work import Reader, Task
from schemas.errors import PostlakeError
from schemas.words import Engine

T = TypeVar("T")
Work = Callable[[list[Task], Reader], T]
# What a worker is given at a time: large enough to hide the handing over, small enough to share out.
HANDFUL_BYTES, HANDFUL_FILES = 512 * 1024, 200
# Starting a pool takes longer than parsing this much.
WORTH_A_POOL = 2 * HANDFUL_BYTES


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


class Pool:
    """Processes for one run, begun when there is enough work for them. Each reads a reader once, however many tasks follow."""

    def __init__(self, workers: int, stack: ExitStack) -> None:
        self._workers, self._stack = workers, stack
        self._executor: ProcessPoolExecutor | None = None
        self._folder: Path
        self._handed = list[Reader]()

    @property
    def is_begun(self) -> bool:
        return self._executor is not None

    def begin(self) -> None:
        self._folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="postlake-")))
        self._executor = ProcessPoolExecutor(
            self._workers, mp_context=_Context(), initializer=_prepare, initargs=(self._folder,)
        )
        self._stack.callback(self._executor.shutdown, wait=True, cancel_futures=True)

    def submit(self, work: Work[T], tasks: list[Task], reader: Reader) -> Callable[[], T]:
        """Have a begun pool do some work; its answer and this raise WorkerError when the system ended a process."""
        with _told_of_ends():
            return partial(_answer, self._begun.submit(_with_reader, work, tasks, self._hand(reader)))

    @property
    def _begun(self) -> ProcessPoolExecutor:
        if self._executor is None:
            raise RuntimeError("the pool is not begun")
        return self._executor

    def _hand(self, reader: Reader) -> str:
        """Put a reader where the processes find it: templates are larger than a handful of files."""
        if not self._handed or self._handed[-1] is not reader:
            self._handed.append(reader)
            self._place.write_bytes(pickle.dumps(reader))
        return str(self._place)

    @property
    def _place(self) -> Path:
        return self._folder / f"reader-{len(self._handed)}"


@dataclass(frozen=True, slots=True)
class Workshop:
    """How files are parsed: by how many processes, with which parser and templates; in the pool of a run, if it has one."""

    workers: int
    reader: Reader
    pool: Pool | None = None

    def knowing(self, templates: Templates) -> "Workshop":
        """Give this workshop, its pool with it, with other templates."""
        return replace(self, reader=replace(self.reader, templates=templates))


def workshop(workers: int, engine: Engine) -> Workshop:
    """Give a workshop that knows no templates yet, of so many processes; of one per processor for none."""
    return Workshop(workers or available_workers(), Reader(engine))


def with_pool(shop: Workshop, stack: ExitStack) -> Workshop:
    """Give a workshop whose work is done by one pool, whatever the reader, until the stack is left."""
    return replace(shop, pool=Pool(shop.workers, stack))


class Workers:
    """Work on posts: in this process at first, in a pool from the moment on that it is worth starting one."""

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._reader, self._pool = shop.reader, shop.pool or Pool(shop.workers, stack)

    def expect(self, size_bytes: int) -> None:
        """Be told of how much work comes next."""
        if not self._pool.is_begun and size_bytes > WORTH_A_POOL:
            self._pool.begin()

    def begin(self, work: Work[T], tasks: list[Task]) -> Callable[[], T]:
        """Have a handful of files worked on; the answer waits until it is."""
        if self._pool.is_begun:
            return self._pool.submit(work, tasks, self._reader)
        return partial(work, tasks, self._reader)


@contextmanager
def _told_of_ends() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise WorkerError("a worker process was ended from outside (out of memory?); what was committed stays, "
                          "run again, with fewer --workers if it happens again") from error  # fmt: skip


def _answer(future: Future[T]) -> T:
    with _told_of_ends():
        return future.result()


def _with_reader(work: Work[T], tasks: list[Task], place: str) -> T:
    return work(tasks, _reader_at(place))


@lru_cache(maxsize=1)
def _reader_at(place: str) -> Reader:
    reader: Reader = pickle.loads(Path(place).read_bytes())  # noqa: S301 - written by this run
    return reader


def _prepare(folder: Path) -> None:
    # parsed posts are many small lists without cycles; collecting them is a fifth of a worker's time
    gc.set_threshold(100_000, 50, 50)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=[parent, folder], daemon=True).start()


def _end_with(parent: Any, folder: Path) -> None:
    """End this process when the run is killed, which leaves its folder; a pool's worker would wait for work for ever."""
    parent.join()
    shutil.rmtree(folder, ignore_errors=True)
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
