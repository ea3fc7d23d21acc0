"""One process that works alone, so that the item at which it ended is known."""

import faulthandler
import re
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any, TypeVar

from flows.pipeline.workers.bisection import WorkerLostError
from flows.pipeline.workers.cpu_limit import with_cpu_limit
from posts.boundary import format_own_location

T = TypeVar("T")
Item = TypeVar("Item")
# a line of faulthandler output
FRAME_PATTERN = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)
TIMEOUT_EXIT_CODE = -signal.SIGPROF if hasattr(signal, "SIGPROF") else None


class IsolatedWorker:
    """A process that works on one chunk at a time; if it ends, another one is started."""

    def __init__(
        self, spawn_context: SpawnContext, init_worker: Callable[[], None], trace_folder: Path, seconds: float
    ) -> None:
        """Set how processes initialize, the folder for their traces, and the CPU seconds for each item."""
        self._spawn_context, self._init_worker, self._trace_folder, self._seconds = (
            spawn_context,
            init_worker,
            trace_folder,
            seconds,
        )
        self._process: Any = None
        self._pipe: Connection

    def run(self, function: Callable[[Sequence[Item], Any], T], chunk: Sequence[Item]) -> T:
        """Return the result of `function(chunk, guard)`, which iterates over the chunk through the guard.

        Raises WorkerLostError if the process ends or runs out of memory.
        """
        index, pipe = None, self._ensure_started()
        try:
            pipe.send((function, chunk))
            while isinstance(message := pipe.recv(), int):
                index = message
        except (EOFError, OSError) as error:
            raise self._lost_error(index) from error
        result, failure = message
        if isinstance(failure, MemoryError):
            raise WorkerLostError("out of memory", index)
        if failure is not None:
            raise failure
        return result  # type: ignore[no-any-return]  # the result of the function that was sent

    def stop(self) -> None:
        """End the process: it exits when its pipe is closed."""
        if self._process is not None:
            self._pipe.close()
            self._process.join()
            self._process = None

    def _ensure_started(self) -> Connection:
        if self._process is None:
            self._pipe, child_pipe = self._spawn_context.Pipe()
            arguments = (child_pipe, self._init_worker, self._trace_path, self._seconds)
            self._process = self._spawn_context.Process(target=_serve_chunks, args=arguments, daemon=True)
            self._process.start()
            child_pipe.close()
        return self._pipe

    @property
    def _trace_path(self) -> Path:
        return self._trace_folder / "trace"

    def _lost_error(self, index: int | None) -> WorkerLostError:
        self._process.join()
        exit_code, location = self._process.exitcode, self._last_location()
        self.stop()
        if exit_code == TIMEOUT_EXIT_CODE:
            return WorkerLostError(f"over {self._seconds:g} s of CPU{location}", index, is_proven=True)
        ending = signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
        return WorkerLostError(f"the process that read it ended: {ending}{location}", index)

    def _last_location(self) -> str:
        """Return the last location in our code that the process traced, as ` (location)`; empty if none."""
        trace = self._trace_path.read_text(errors="replace") if self._trace_path.exists() else ""
        frames = (
            format_own_location(file, int(line), function)
            for file, line, function in FRAME_PATTERN.findall(trace)
        )
        location = next(filter(None, frames), None)
        return f" ({location})" if location else ""


def _serve_chunks(
    pipe: Connection, init_worker: Callable[[], None], trace_path: Path, seconds: float
) -> None:
    # Ctrl-C is for the parent process, which then closes the pipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    init_worker()
    with trace_path.open("w") as file:
        faulthandler.enable(file)
        if TIMEOUT_EXIT_CODE is not None:
            faulthandler.register(signal.SIGPROF, file, all_threads=False, chain=True)
        while True:
            try:
                function, chunk = pipe.recv()
            except EOFError:
                return
            pipe.send(_run_chunk(pipe, function, chunk, seconds))


def _run_chunk(
    pipe: Connection, function: Callable[[Sequence[Any], Any], Any], chunk: Sequence[Any], seconds: float
) -> Any:
    try:
        return function(chunk, partial(_guard, pipe, seconds)), None
    except Exception as error:  # noqa: BLE001 - raised again in the parent process
        return None, error


def _guard(pipe: Connection, seconds: float, items: Iterable[Item]) -> Iterator[Item]:
    """Yield items, announce each, and limit its CPU time."""
    return with_cpu_limit(_announcing_items(pipe, items), seconds)


def _announcing_items(pipe: Connection, items: Iterable[Item]) -> Iterator[Item]:
    for index, item in enumerate(items):
        pipe.send(index)
        yield item
