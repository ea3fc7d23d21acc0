"""A pool of worker processes that parse posts. They import the package `posts` and nothing above it."""

import multiprocessing
import os
import pickle
import shutil
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import lru_cache, partial
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.util import Finalize
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

from flows.pipeline.memory import collect_garbage_rarely
from flows.pipeline.workers.bisection import WorkerLostError
from flows.pipeline.workers.cpu_limit import with_cpu_limit
from flows.pipeline.workers.isolated import IsolatedWorker
from flows.pipeline.workers.timing import Timed, run_timed
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


class _Worker(SpawnProcess):
    """A process that does not import the main module again; under Prefect that module is Prefect itself."""

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
        self._published = list[ParseConfig]()
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
        self._executor = self._new_executor()
        self._isolated_worker = IsolatedWorker(
            _Context(), partial(_init_worker, self._folder_path), self._folder_path, self._seconds
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
        call = partial(_run_timed, function, self._publish_config(config), items, guard)
        try:
            return partial(_wait_for, self._running_executor.submit(call))
        except BrokenProcessPool:
            self._running_executor.shutdown(wait=False)
            self._executor = self._new_executor()
            return partial(_wait_for, self._executor.submit(call))

    def run_isolated(self, function: ChunkFunction[Item, T], items: Sequence[Item], config: ParseConfig) -> T:
        """Return the result of items in a process without other work. Raises WorkerLostError if it ended."""
        return self._isolated_worker.run(
            partial(_run_with_config, function, self._publish_config(config)), items
        )

    def _new_executor(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers, mp_context=_Context(), initializer=_init_worker, initargs=(self._folder_path,)
        )

    def stop(self) -> None:
        """End the processes, if the pool runs. It can be started again."""
        if self._executor is None:
            return
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._isolated_worker.stop()
        self._folder.cleanup()
        self._executor = None
        self._published.clear()

    @property
    def _folder_path(self) -> Path:
        return Path(self._folder.name)

    @property
    def _running_executor(self) -> ProcessPoolExecutor:
        if self._executor is None:
            raise RuntimeError("the pool is not running")
        return self._executor

    def _publish_config(self, config: ParseConfig) -> str:
        """Write the configuration to a file that workers load, and return its path.

        Templates are larger than a chunk of files, so they are not sent with each chunk.
        """
        if not self._published or self._published[-1] is not config:
            self._published.append(config)
            self._config_path.write_bytes(pickle.dumps(config))
        return str(self._config_path)

    @property
    def _config_path(self) -> Path:
        return self._folder_path / f"config-{len(self._published)}"


def _wait_for(future: Future[T]) -> T:
    try:
        return future.result()
    except (BrokenProcessPool, MemoryError) as error:
        raise WorkerLostError("a process ended") from error


def _run_with_config(
    function: ChunkFunction[Item, T], config_path: str, items: Sequence[Item], guard: Guard
) -> T:
    return function(items, guard, _load_config(config_path))


def _run_timed(
    function: ChunkFunction[Item, T], config_path: str, items: Sequence[Item], guard: Guard
) -> Timed[T]:
    return run_timed(function, items, guard, _load_config(config_path))


@lru_cache(maxsize=1)
def _load_config(config_path: str) -> ParseConfig:
    config: ParseConfig = pickle.loads(Path(config_path).read_bytes())  # noqa: S301 - written by this run
    return config


def _init_worker(folder: Path) -> None:
    # several processes share the machine, and their frames are small
    os.environ["POLARS_MAX_THREADS"] = "1"
    collect_garbage_rarely()
    # Ctrl-C reaches all processes of a terminal; the run ends its workers itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # to delete all objects one by one at the end took 0.2 s, for which the run waited
    Finalize(None, _exit_at_once, exitpriority=-1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_with_parent, args=[parent, folder], daemon=True).start()


def _exit_at_once() -> None:
    if sys.exc_info()[0] is None:
        os._exit(0)


def _exit_with_parent(parent: Any, folder: Path) -> None:
    """End this process when the run is killed, and delete the folder of the run.

    Without this, a worker would wait for work forever.
    """
    parent.join()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
