"""Files are parsed in this process while there are few, else in a pool of processes."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from flows.pipeline.workers.bisection import WorkerLostError, run_halving
from flows.pipeline.workers.pool import ParseFunction, T, WorkerError, WorkerPool
from flows.settings import settings
from posts.parse import Templates
from posts.post import NotAPost
from posts.worker import ParseConfig, ParseTask
from schemas.enums import DEFAULT_PARSER, HtmlParser, Outcome, Reason

# The size of a worker's chunk: large enough to hide the cost of the transfer, small enough to distribute the
# work.
CHUNK_BYTES, CHUNK_FILES = 512 * 1024, 200
# Starting a pool takes longer than parsing this many bytes.
MIN_POOL_BYTES = 2 * CHUNK_BYTES
# A larger file is parsed in a worker process even in a small run; one post in 800 is larger. No parsing of
# fewer bytes is known to come near the limit of CPU time or the end of the C stack. In this process nothing
# could stop it. A run after a killed one parses all files in worker processes.
MAX_IN_PROCESS_BYTES = 64 * 1024


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


def create_parse_context(workers: int = 0, parser: HtmlParser = DEFAULT_PARSER) -> ParseContext:
    """Return a context without templates, for `workers` processes; 0 means one per processor."""
    return ParseContext(workers or available_workers(), ParseConfig(parser))


def with_worker_pool(context: ParseContext, stack: ExitStack, *, start_now: bool = False) -> ParseContext:
    """Return a context whose tasks run in one pool until the stack is closed, with any configuration.

    With `start_now` all files are parsed in worker processes, even in a small run.
    """
    pool = _worker_pool(context, stack)
    if start_now:
        pool.start()
    return replace(context, pool=pool)


def _worker_pool(context: ParseContext, stack: ExitStack) -> WorkerPool:
    return WorkerPool(context.workers, stack, context.file_seconds)


class LazyExecutor:
    """An executor that works in this process first, and in a pool once it is worth starting one.

    A file that crashes its process, or takes too long, is found and rejected; the others are parsed
    nevertheless.
    """

    def __init__(self, context: ParseContext, stack: ExitStack) -> None:
        self._config, self._pool = context.config, context.pool or _worker_pool(context, stack)

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
