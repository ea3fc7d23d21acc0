"""Processes for the parsing of posts. They import the posts room and nothing above it."""

import gc
import multiprocessing
import os
import pickle
import shutil
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from flows.pipeline.workers.bisection import LostError, results
from flows.pipeline.workers.cpu_limit import limited
from flows.pipeline.workers.isolated import Lone
from flows.settings import settings
from posts.parse import Templates
from posts.post import Refusal
from posts.worker import Reader, Task
from schemas.enums import HtmlParser, Outcome, Reason
from schemas.errors import PostlakeError

T = TypeVar("T")
Work = Callable[[Iterable[Task], Reader], T]
# What a worker is given at a time: large enough to hide the handing over, small enough to share out.
HANDFUL_BYTES, HANDFUL_FILES = 512 * 1024, 200
# Starting a pool takes longer than parsing this much.
WORTH_A_POOL = 2 * HANDFUL_BYTES
# A larger file is read in a process of its own even in a small run: one post in 800 is, and with fewer bytes no reading
# is known to come near the limit of CPU time or the end of C's stack. In this process nothing could stop it; a run after
# one that was killed reads all in processes.
MAX_BYTES_HERE = 64 * 1024


class WorkerError(PostlakeError):
    """No process that parses stays alive."""


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

    def __init__(self, workers: int, stack: ExitStack, seconds: float) -> None:
        self._workers, self._stack, self._seconds = workers, stack, seconds
        self._executor: ProcessPoolExecutor | None = None
        self._lone: Lone
        self._folder: Path
        self._handed = list[Reader]()

    @property
    def is_begun(self) -> bool:
        return self._executor is not None

    def begin(self) -> None:
        self._folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="postlake-")))
        self._executor = self._new_executor()
        self._lone = Lone(_Context(), partial(_prepare, self._folder), self._folder, self._seconds)
        self._stack.callback(self._end)

    def submit(self, work: Work[T], tasks: list[Task], reader: Reader) -> Callable[[], T]:
        """Have a begun pool do some work; the answer raises LostError where a process ended, this one's or another."""
        ordered = partial(_with_reader, work, tasks, self._hand(reader), self._seconds)
        try:
            return partial(_answer, self._begun.submit(ordered))
        except BrokenProcessPool:
            self._begun.shutdown(wait=False)
            self._executor = self._new_executor()
            return partial(_answer, self._executor.submit(ordered))

    def alone(self, work: Work[T], tasks: list[Task], reader: Reader) -> T:
        """Have one process do some work, and nothing else. Raises LostError where it ended."""
        return self._lone.work(partial(_at_place, work, self._hand(reader)), tasks)

    def _new_executor(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers, mp_context=_Context(), initializer=_prepare, initargs=(self._folder,)
        )

    def _end(self) -> None:
        self._begun.shutdown(wait=True, cancel_futures=True)
        self._lone.end()

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
    # of CPU, that one file may take
    seconds: float = field(default_factory=lambda: settings().file_seconds)

    def knowing(self, templates: Templates) -> "Workshop":
        """Return this workshop, its pool with it, with other templates."""
        return replace(self, reader=replace(self.reader, templates=templates))


def workshop(workers: int, engine: HtmlParser) -> Workshop:
    """Return a workshop that knows no templates yet, of so many processes; of one per processor for none."""
    return Workshop(workers or available_workers(), Reader(engine))


def with_pool(shop: Workshop, stack: ExitStack, *, begun: bool = False) -> Workshop:
    """Return a workshop whose work is done by one pool, whatever the reader, until the stack is left.

    One that is `begun` reads in processes from the first file on, however small the run.
    """
    pool = Pool(shop.workers, stack, shop.seconds)
    if begun:
        pool.begin()
    return replace(shop, pool=pool)


class Workers:
    """Work on posts: in this process at first, in a pool from the moment on that it is worth starting one.

    What ends the process that reads it, or takes too long, is found and refused; the others are read all the same.
    """

    def __init__(self, shop: Workshop, stack: ExitStack) -> None:
        self._reader, self._pool = shop.reader, shop.pool or Pool(shop.workers, stack, shop.seconds)

    def expect(self, size_bytes: int) -> None:
        """Be told of how much work comes next."""
        if not self._pool.is_begun and size_bytes > WORTH_A_POOL:
            self._pool.begin()

    def begin(self, work: Work[T], tasks: list[Task]) -> Callable[[], list[T]]:
        """Have a handful of files worked on; the answers, one per part that it was cut into, wait until it is."""
        if not self._pool.is_begun and any(map(_needs_a_process, tasks)):
            self._pool.begin()
        if self._pool.is_begun:
            return partial(self._answers, work, tasks, self._pool.submit(work, tasks, self._reader))
        return partial(self._answers, work, tasks, partial(self._here, work, tasks))

    def _here(self, work: Work[T], tasks: list[Task]) -> T:
        try:
            return work(tasks, self._reader)
        except MemoryError as error:
            raise LostError("out of memory") from error

    def _answers(self, work: Work[T], tasks: list[Task], answer: Callable[[], T]) -> list[T]:
        try:
            return [answer()]
        except LostError:
            if not self._pool.is_begun:
                self._pool.begin()
            alone = partial(self._pool.alone, work, reader=self._reader)
            return list(results(tasks, alone, partial(self._refused, work)))

    def _refused(self, work: Work[T], task: Task, lost: LostError) -> T:
        """Return what work makes of a file that is refused unread. Raises WorkerError where no process can work at all."""
        try:
            self._pool.alone(work, [], self._reader)
        except LostError as error:
            raise WorkerError(f"no process that parses stays alive ({error.why}); what was committed stays, "
                              "run again, with fewer --workers if it happens again") from error  # fmt: skip
        reason = Reason.PARSER_TIMEOUT if lost.is_proven else Reason.PARSER_CRASHED
        refusal = Refusal(Outcome.REJECTED, reason, detail=lost.why)
        return work([replace(task, content=refusal)], self._reader)


def _needs_a_process(task: Task) -> bool:
    return isinstance(task.content, bytes) and len(task.content) > MAX_BYTES_HERE


def _answer(future: Future[T]) -> T:
    try:
        return future.result()
    except (BrokenProcessPool, MemoryError) as error:
        raise LostError("a process ended") from error


def _with_reader(work: Work[T], tasks: list[Task], place: str, seconds: float) -> T:
    return work(limited(tasks, seconds), _reader_at(place))


def _at_place(work: Work[T], place: str, tasks: Iterable[Task]) -> T:
    return work(tasks, _reader_at(place))


@lru_cache(maxsize=1)
def _reader_at(place: str) -> Reader:
    reader: Reader = pickle.loads(Path(place).read_bytes())  # noqa: S301 - written by this run
    return reader


def _prepare(folder: Path) -> None:
    # parsed posts are many small lists without cycles; collecting them is a fifth of a worker's time
    gc.set_threshold(100_000, 50, 50)
    # Ctrl-C reaches all processes of a terminal; the run ends its workers itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)
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
