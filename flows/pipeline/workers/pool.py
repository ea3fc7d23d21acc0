"""A pool of worker processes that parse posts. They import the package `posts` and nothing above it."""

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

from flows.pipeline.workers.bisection import WorkerLostError, run_halving
from flows.pipeline.workers.cpu_limit import with_cpu_limit
from flows.pipeline.workers.isolated import IsolatedWorker
from flows.settings import settings
from posts.parse import Templates
from posts.post import NotAPost
from posts.worker import ParseConfig, ParseTask
from schemas.enums import HtmlParser, Outcome, Reason
from schemas.errors import PostlakeError

T = TypeVar("T")
ParseFunction = Callable[[Iterable[ParseTask], ParseConfig], T]
# The size of a worker's chunk: large enough to hide the cost of the transfer, small enough to distribute the
# work.
CHUNK_BYTES, CHUNK_FILES = 512 * 1024, 200
# Starting a pool takes longer than parsing this many bytes.
MIN_POOL_BYTES = 2 * CHUNK_BYTES
# A larger file is parsed in a worker process even in a small run; one post in 800 is larger. No parsing of
# fewer bytes is known to come near the limit of CPU time or the end of the C stack. In this process nothing
# could stop it. A run after a killed one parses all files in worker processes.
MAX_IN_PROCESS_BYTES = 64 * 1024


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
        self._workers, self._stack, self._seconds = workers, stack, seconds
        self._executor: ProcessPoolExecutor | None = None
        self._isolated_worker: IsolatedWorker
        self._folder: Path
        self._published = list[ParseConfig]()

    @property
    def is_running(self) -> bool:
        return self._executor is not None

    def start(self) -> None:
        self._folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="postlake-")))
        self._executor = self._new_executor()
        self._isolated_worker = IsolatedWorker(
            _Context(), partial(_init_worker, self._folder), self._folder, self._seconds
        )
        self._stack.callback(self._stop)

    def submit(
        self, function: ParseFunction[T], tasks: list[ParseTask], config: ParseConfig
    ) -> Callable[[], T]:
        """Submit tasks to the running pool, and return a function that waits for the result.

        That function raises WorkerLostError where a process ended, the one with these tasks or another.
        """
        call = partial(_run_with_limit, function, tasks, self._publish_config(config), self._seconds)
        try:
            return partial(_wait_for, self._running_executor.submit(call))
        except BrokenProcessPool:
            self._running_executor.shutdown(wait=False)
            self._executor = self._new_executor()
            return partial(_wait_for, self._executor.submit(call))

    def run_isolated(self, function: ParseFunction[T], tasks: list[ParseTask], config: ParseConfig) -> T:
        """Return the result of tasks in a process without other work. Raises WorkerLostError if it ended."""
        return self._isolated_worker.run(
            partial(_run_with_config, function, self._publish_config(config)), tasks
        )

    def _new_executor(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers, mp_context=_Context(), initializer=_init_worker, initargs=(self._folder,)
        )

    def _stop(self) -> None:
        self._running_executor.shutdown(wait=True, cancel_futures=True)
        self._isolated_worker.stop()

    @property
    def _running_executor(self) -> ProcessPoolExecutor:
        if self._executor is None:
            raise RuntimeError("the pool is not begun")
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
        return self._folder / f"reader-{len(self._published)}"


@dataclass(frozen=True, slots=True)
class ParseContext:
    """The settings of parsing: number of processes, parser and templates, and the pool of the run, if any."""

    workers: int
    config: ParseConfig
    pool: WorkerPool | None = None
    # CPU seconds for one file
    file_seconds: float = field(default_factory=lambda: settings().file_seconds)

    def with_templates(self, templates: Templates) -> "ParseContext":
        """Return this context, with the same pool and other templates."""
        return replace(self, config=replace(self.config, templates=templates))


def create_parse_context(workers: int, parser: HtmlParser) -> ParseContext:
    """Return a context without templates, for `workers` processes; 0 means one per processor."""
    return ParseContext(workers or available_workers(), ParseConfig(parser))


def with_worker_pool(context: ParseContext, stack: ExitStack, *, start_now: bool = False) -> ParseContext:
    """Return a context whose tasks run in one pool until the stack is closed, with any configuration.

    With `start_now` all files are parsed in worker processes, even in a small run.
    """
    pool = WorkerPool(context.workers, stack, context.file_seconds)
    if start_now:
        pool.start()
    return replace(context, pool=pool)


class LazyExecutor:
    """An executor that works in this process first, and in a pool once it is worth starting one.

    A file that crashes its process, or takes too long, is found and rejected; the others are parsed
    nevertheless.
    """

    def __init__(self, context: ParseContext, stack: ExitStack) -> None:
        self._config, self._pool = (
            context.config,
            context.pool or WorkerPool(context.workers, stack, context.file_seconds),
        )

    def ensure_capacity(self, size_bytes: int) -> None:
        """Start the pool if this many bytes of work are enough for it."""
        if not self._pool.is_running and size_bytes > MIN_POOL_BYTES:
            self._pool.start()

    def submit(self, function: ParseFunction[T], tasks: list[ParseTask]) -> Callable[[], list[T]]:
        """Submit a chunk of files, and return a function that waits for the results.

        There is one result, or one for each part that the chunk was split into.
        """
        if not self._pool.is_running and any(map(_needs_process, tasks)):
            self._pool.start()
        if self._pool.is_running:
            return partial(self._results, function, tasks, self._pool.submit(function, tasks, self._config))
        return partial(self._results, function, tasks, partial(self._run_here, function, tasks))

    def _run_here(self, function: ParseFunction[T], tasks: list[ParseTask]) -> T:
        try:
            return function(tasks, self._config)
        except MemoryError as error:
            raise WorkerLostError("out of memory") from error

    def _results(
        self, function: ParseFunction[T], tasks: list[ParseTask], result: Callable[[], T]
    ) -> list[T]:
        try:
            return [result()]
        except WorkerLostError:
            if not self._pool.is_running:
                self._pool.start()
            run_isolated = partial(self._pool.run_isolated, function, config=self._config)
            return list(run_halving(tasks, run_isolated, partial(self._reject, function)))

    def _reject(self, function: ParseFunction[T], task: ParseTask, loss: WorkerLostError) -> T:
        """Return the result for a file rejected unparsed. Raises WorkerError where no process can work."""
        try:
            self._pool.run_isolated(function, [], self._config)
        except WorkerLostError as error:
            raise WorkerError(f"no process that parses stays alive ({error.reason}); what was committed stays, "
                              "run again, with fewer --workers if it happens again") from error  # fmt: skip
        reason = Reason.PARSER_TIMEOUT if loss.is_proven else Reason.PARSER_CRASHED
        rejection = NotAPost(Outcome.REJECTED, reason, detail=loss.reason)
        return function([replace(task, content=rejection)], self._config)


def _needs_process(task: ParseTask) -> bool:
    return isinstance(task.content, bytes) and len(task.content) > MAX_IN_PROCESS_BYTES


def _wait_for(future: Future[T]) -> T:
    try:
        return future.result()
    except (BrokenProcessPool, MemoryError) as error:
        raise WorkerLostError("a process ended") from error


def _run_with_limit(
    function: ParseFunction[T], tasks: list[ParseTask], config_path: str, seconds: float
) -> T:
    return function(with_cpu_limit(tasks, seconds), _load_config(config_path))


def _run_with_config(function: ParseFunction[T], config_path: str, tasks: Iterable[ParseTask]) -> T:
    return function(tasks, _load_config(config_path))


@lru_cache(maxsize=1)
def _load_config(config_path: str) -> ParseConfig:
    config: ParseConfig = pickle.loads(Path(config_path).read_bytes())  # noqa: S301 - written by this run
    return config


def _init_worker(folder: Path) -> None:
    # parsed posts are many small lists without cycles; garbage collection took a fifth of a worker's time
    gc.set_threshold(100_000, 50, 50)
    # Ctrl-C reaches all processes of a terminal; the run ends its workers itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_with_parent, args=[parent, folder], daemon=True).start()


def _exit_with_parent(parent: Any, folder: Path) -> None:
    """End this process when the run is killed, and delete the folder of the run.

    Without this, a worker would wait for work forever.
    """
    parent.join()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def available_workers() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def chunk_tasks(tasks: Iterable[ParseTask]) -> Iterator[list[ParseTask]]:
    """Yield tasks in chunks for a worker."""
    chunk, size_bytes = list[ParseTask](), 0
    for task in tasks:
        chunk.append(task)
        size_bytes += task.file.size
        if size_bytes >= CHUNK_BYTES or len(chunk) >= CHUNK_FILES:
            yield chunk
            chunk, size_bytes = [], 0
    if chunk:
        yield chunk
