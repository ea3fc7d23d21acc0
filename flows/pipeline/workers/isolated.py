"""One process that works alone, so that it is known what it was at when it ended."""

import faulthandler
import re
import signal
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any, TypeVar

from flows.pipeline.workers.bisection import LostError
from flows.pipeline.workers.cpu_limit import limited
from posts.boundary import own_place

T = TypeVar("T")
Item = TypeVar("Item")
# a line of faulthandler's
FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)
TIMED_OUT = -signal.SIGPROF if hasattr(signal, "SIGPROF") else None


class Lone:
    """A process that works on chunks, one at a time; one that ended is followed by another."""

    def __init__(
        self, context: SpawnContext, prepare: Callable[[], None], folder: Path, seconds: float
    ) -> None:
        """Have processes prepare themselves, leave their traces in a folder, and give each item so much CPU time."""
        self._context, self._prepare, self._folder, self._seconds = context, prepare, folder, seconds
        self._process: Any = None
        self._pipe: Connection

    def work(self, work: Callable[[Iterable[Item]], T], chunk: list[Item]) -> T:
        """Return what the process makes of a chunk. Raises LostError where it ended, or ran out of memory."""
        at, pipe = None, self._started()
        try:
            pipe.send((work, chunk))
            while isinstance(answer := pipe.recv(), int):
                at = answer
        except (EOFError, OSError) as error:
            raise self._lost(at) from error
        done, failed = answer
        if isinstance(failed, MemoryError):
            raise LostError("out of memory", at)
        if failed is not None:
            raise failed
        return done  # type: ignore[no-any-return]  # of the work that was sent

    def end(self) -> None:
        """End the process: without a pipe there is nothing for it to do."""
        if self._process is not None:
            self._pipe.close()
            self._process.join()
            self._process = None

    def _started(self) -> Connection:
        if self._process is None:
            self._pipe, far = self._context.Pipe()
            arguments = (far, self._prepare, self._trace, self._seconds)
            self._process = self._context.Process(target=_serve, args=arguments, daemon=True)
            self._process.start()
            far.close()
        return self._pipe

    @property
    def _trace(self) -> Path:
        return self._folder / "trace"

    def _lost(self, at: int | None) -> LostError:
        self._process.join()
        code, places = self._process.exitcode, self._places()
        self.end()
        if code == TIMED_OUT:
            return LostError(f"over {self._seconds:g} s of CPU{places}", at, is_proven=True)
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return LostError(f"the process that read it ended: {how}{places}", at)

    def _places(self) -> str:
        """Tell the last place in our code that the process left a trace of."""
        trace = self._trace.read_text(errors="replace") if self._trace.exists() else ""
        frames = (own_place(file, int(line), function) for file, line, function in FRAME.findall(trace))
        place = next(filter(None, frames), None)
        return f" ({place})" if place else ""


def _serve(pipe: Connection, prepare: Callable[[], None], trace: Path, seconds: float) -> None:
    # Ctrl-C is for the process that started this one, which then closes the pipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
    with trace.open("w") as file:
        faulthandler.enable(file)
        if TIMED_OUT is not None:
            faulthandler.register(signal.SIGPROF, file, all_threads=False, chain=True)
        while True:
            try:
                work, chunk = pipe.recv()
            except EOFError:
                return
            pipe.send(_answer(pipe, work, chunk, seconds))


def _answer(pipe: Connection, work: Callable[[Iterable[Any]], Any], chunk: list[Any], seconds: float) -> Any:
    try:
        return work(limited(_noted(pipe, chunk), seconds)), None
    except Exception as error:  # noqa: BLE001 - it rises where the work was ordered
        return None, error


def _noted(pipe: Connection, chunk: list[Item]) -> Iterator[Item]:
    for at, item in enumerate(chunk):
        pipe.send(at)
        yield item
