"""A pool of worker processes that parse posts. They import the package `posts` and nothing above it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

from flows.pipeline.workers.bisection import WorkerLostError
from flows.pipeline.workers.config_file import ConfigFiles, load_config
from flows.pipeline.workers.cpu_limit import with_cpu_limit
from flows.pipeline.workers.isolated import IsolatedWorker
from flows.pipeline.workers.timing import Timed, run_timed
from flows.pipeline.workers.worker_process import WorkerContext, init_worker
from lake.storage.location import Location
from posts.worker import ParseConfig
from schemas.errors import PostlakeError

# Starting a pool takes longer than parsing this many bytes.
MIN_POOL_BYTES = 1024 * 1024

T = TypeVar("T")
Item = TypeVar("Item")
T_co = TypeVar("T_co", covariant=True)
Item_contra = TypeVar("Item_contra", contravariant=True)


class Guard(Protocol):
    """Yield the items of a chunk, each within the limits of one item."""

    def __call__(self, items: Iterable[Item], /) -> Iterator[Item]: ...


class ChunkFunction(Protocol[Item_contra, T_co]):
    """A function that a worker runs for a chunk of items; it iterates over them through the guard.

    It can be pickled.
    """

    def __call__(self, items: Sequence[Item_contra], guard: Guard, config: ParseConfig, /) -> T_co: ...


class WorkerError(PostlakeError):
    """A failure to keep any worker process alive."""


class WorkerPool:
    """Worker processes of one run, started when there is enough work.

    A process loads a configuration once, for any number of tasks.
    """

    def __init__(self, workers: int, stack: ExitStack, seconds: float) -> None:
        """Set the number of processes, what ends them when it is closed, and the CPU seconds for each item."""
        self._workers, self._seconds = workers, seconds
        self._executor: ProcessPoolExecutor | None = None
        self._isolated_worker: IsolatedWorker
        self._folder: TemporaryDirectory[str]
        self._configs: ConfigFiles
        stack.callback(self.stop)

    @property
    def is_running(self) -> bool:
        return self._executor is not None

    def start(self, prepare: Callable[[], None] | None = None) -> None:
        """Start the pool, unless it runs.

        A process starts when it gets its first task. `prepare` is a first task for each.
        """
        if self.is_running:
            return
        self._folder = TemporaryDirectory(prefix="postlake-")
        self._configs = ConfigFiles(self._folder_path)
        self._executor = self._new_executor()
        self._isolated_worker = IsolatedWorker(
            WorkerContext(), partial(init_worker, self._folder_path), self._folder_path, self._seconds
        )
        if prepare:
            for _ in range(self._workers):
                self._executor.submit(prepare)

    def submit(
        self, function: ChunkFunction[Item, T], items: Sequence[Item], config: ParseConfig
    ) -> Callable[[], Timed[T]]:
        """Submit items to the running pool, and return a function that waits for the result.

        That function raises WorkerLostError where a process ended, the one with these items or another.
        """
        guard = partial(with_cpu_limit, seconds=self._seconds)
        call = partial(_run_timed, function, self._configs.write(config), items, guard)
        try:
            return partial(_wait_for, self._running_executor.submit(call))
        except BrokenProcessPool:
            self._running_executor.shutdown(wait=False)
            self._executor = self._new_executor()
            return partial(_wait_for, self._executor.submit(call))

    def run_isolated(self, function: ChunkFunction[Item, T], items: Sequence[Item], config: ParseConfig) -> T:
        """Return the result of items in a process without other work. Raises WorkerLostError if it ended."""
        return self._isolated_worker.run(
            partial(_run_with_config, function, self._configs.write(config)), items
        )

    def _new_executor(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers, mp_context=WorkerContext(), initializer=init_worker, initargs=(self._folder_path,)
        )

    def stop(self) -> None:
        """End the processes, if the pool runs. It can be started again."""
        if self._executor is None:
            return
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._isolated_worker.stop()
        self._folder.cleanup()
        self._executor = None

    @property
    def _folder_path(self) -> Path:
        return Path(self._folder.name)

    @property
    def _running_executor(self) -> ProcessPoolExecutor:
        if self._executor is None:
            raise RuntimeError("the pool is not running")
        return self._executor


def _wait_for(future: Future[T]) -> T:
    try:
        return future.result()
    except (BrokenProcessPool, MemoryError) as error:
        raise WorkerLostError("a process ended") from error


def _run_with_config(
    function: ChunkFunction[Item, T], config_file: Location, items: Sequence[Item], guard: Guard
) -> T:
    return function(items, guard, load_config(config_file))


def _run_timed(
    function: ChunkFunction[Item, T], config_file: Location, items: Sequence[Item], guard: Guard
) -> Timed[T]:
    return run_timed(function, items, guard, load_config(config_file))
