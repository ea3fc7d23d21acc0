"""Files are parsed in this process while there are few, else in a pool of processes."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Protocol, Self, TypeVar

from flows.pipeline.workers.bisection import WorkerLostError, run_halving, run_parts
from flows.pipeline.workers.context import ParseContext, local_pool
from flows.pipeline.workers.pool import MIN_POOL_BYTES, ChunkFunction, T, WorkerError
from flows.pipeline.workers.timing import Timed, run_timed
from posts.post import NotAPost
from posts.sources.files import SourceFile
from schemas.enums import Outcome, Reason

# The size of a worker's chunk: large enough to hide the cost of the transfer, small enough to distribute the
# work.
CHUNK_BYTES, CHUNK_FILES = 512 * 1024, 200
# A larger file is parsed in a worker process even in a small run; one post in 800 is larger. No parsing of
# fewer bytes is known to come near the limit of CPU time or the end of the C stack. In this process nothing
# could stop it. A run after a killed one parses all files in worker processes.
MAX_IN_PROCESS_BYTES = 64 * 1024


class Rejectable(Protocol):
    """An item of work: a file of which the size is known, and which can be rejected unparsed."""

    @property
    def file(self) -> SourceFile: ...

    def reject(self, rejection: NotAPost) -> Self: ...


Item = TypeVar("Item", bound=Rejectable)
Checked = TypeVar("Checked")


class LazyExecutor:
    """An executor that works in this process first, and in a pool once it is worth starting one.

    A file that crashes its process, or takes too long, is found and rejected; the others are parsed
    nevertheless.
    """

    def __init__(self, context: ParseContext, stack: ExitStack, stage: str) -> None:
        """Set where tasks run, what ends a pool of this executor's own, and the stage that tasks are counted for."""
        self._config, self._pool = context.config, context.pool or local_pool(context, stack)
        self._work, self._stage = context.work, stage

    def ensure_capacity(self, size_bytes: int) -> None:
        """Start the pool if this many bytes of work are enough for it."""
        if size_bytes > MIN_POOL_BYTES:
            self._pool.start()

    def submit(self, function: ChunkFunction[Item, T], items: Sequence[Item]) -> Callable[[], list[T]]:
        """Submit a chunk of files, and return a function that waits for the results.

        There is one result, or one for each part that the chunk was split into.
        """
        result = self._start(function, items)

        def wait() -> list[T]:
            try:
                return [result()]
            except WorkerLostError:
                self._pool.start()
                return list(run_halving(list(items), *self._run_and_reject(function)))

        return wait

    def submit_whole(
        self,
        function: ChunkFunction[Item, T],
        items: Sequence[Item],
        check: ChunkFunction[Item, Checked],
        as_failed: Callable[[list[Checked]], T | None],
    ) -> Callable[[], T]:
        """Submit a chunk of files that cannot be split, and return a function that waits for the result.

        If its process ends, it is tried again alone. If that ends too, `check` runs over parts of the chunk, and
        `as_failed` makes the result of what it returned; where that is None no process can work.
        """
        result = self._start(function, items)

        def wait() -> T:
            try:
                return result()
            except WorkerLostError:
                self._pool.start()
            try:
                return self._pool.run_isolated(function, items, self._config)
            except WorkerLostError as error:
                failed = as_failed(list(run_parts(list(items), error, *self._run_and_reject(check))))
                if failed is None:
                    raise _no_worker_error(error) from error
                return failed

        return wait

    def _start(self, function: ChunkFunction[Item, T], items: Sequence[Item]) -> Callable[[], T]:
        if not self._pool.is_running and any(item.file.size > MAX_IN_PROCESS_BYTES for item in items):
            self._pool.start()
        if self._pool.is_running:
            wait = self._pool.submit(function, items, self._config)
        else:
            wait = partial(self._run_here, function, items)
        return partial(self._count, wait, items)

    def _run_here(self, function: ChunkFunction[Item, T], items: Sequence[Item]) -> Timed[T]:
        try:
            return run_timed(function, items, iter, self._config)
        except MemoryError as error:
            raise WorkerLostError("out of memory") from error

    def _count(self, wait: Callable[[], Timed[T]], items: Sequence[Item]) -> T:
        timed = wait()
        self._work.add(self._stage, timed, len(items), sum(item.file.size for item in items))
        return timed.result

    def _run_and_reject(
        self, function: ChunkFunction[Item, T]
    ) -> tuple[Callable[[list[Item]], T], Callable[[Item, WorkerLostError], T]]:
        """Return what runs a function in a process without other work, and what rejects a file."""
        run_isolated = partial(self._pool.run_isolated, function, config=self._config)
        return run_isolated, partial(self._reject, function)

    def _reject(self, function: ChunkFunction[Item, T], item: Item, loss: WorkerLostError) -> T:
        """Return the result for a file rejected unparsed. Raises WorkerError where no process can work."""
        try:
            self._pool.run_isolated(function, [], self._config)
        except WorkerLostError as error:
            raise _no_worker_error(error) from error
        reason = Reason.PARSER_TIMEOUT if loss.is_proven else Reason.PARSER_CRASHED
        rejection = NotAPost(Outcome.REJECTED, reason, detail=loss.reason)
        return function([item.reject(rejection)], iter, self._config)


def run_ahead(submitted: Iterable[Callable[[], T]], workers: int) -> Iterator[T]:
    """Yield the results of submitted chunks in order; few are submitted before they are needed.

    If a process ends, only these are lost with it.
    """
    pending = deque[Callable[[], T]]()
    for wait in submitted:
        pending.append(wait)
        if len(pending) > 2 * workers:
            yield pending.popleft()()
    while pending:
        yield pending.popleft()()


def _no_worker_error(loss: WorkerLostError) -> WorkerError:
    return WorkerError(f"no process that parses stays alive ({loss.reason}); what was committed stays, "
                       "run again, with fewer --workers if it happens again")  # fmt: skip


def chunk_tasks(
    items: Iterable[Item], max_bytes: int = CHUNK_BYTES, max_files: int = CHUNK_FILES
) -> Iterator[list[Item]]:
    """Yield files in chunks for a worker."""
    chunk, size_bytes = list[Item](), 0
    for item in items:
        chunk.append(item)
        size_bytes += item.file.size
        if size_bytes >= max_bytes or len(chunk) >= max_files:
            yield chunk
            chunk, size_bytes = [], 0
    if chunk:
        yield chunk
