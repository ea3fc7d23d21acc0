"""Find, in a chunk of work, what ends whoever works on it. Knows chunks and results, and nothing of processes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class WorkerLostError(Exception):
    """Whoever worked on a chunk ended before it answered: why, and at which item, if that is known.

    `is_proven` where that item is the cause, whatever else the machine does, as of a limit that it exceeded.
    """

    reason: str
    index: int | None = None
    is_proven: bool = False


def run_halving(
    chunk: list[Item],
    function: Callable[[list[Item]], Result],
    reject: Callable[[Item, WorkerLostError], Result],
) -> Iterator[Result]:
    """Yield the results of a chunk, in the order of its items: one, or one for each part that it had to be cut into.

    `function` raises WorkerLostError where a chunk is lost. An item that is lost when it is worked on alone, twice if the first
    time proves nothing, is refused.
    """
    try:
        yield function(chunk)
    except WorkerLostError as lost:
        if lost.is_proven and lost.index is not None:
            items_before, items_after = chunk[: lost.index], chunk[lost.index + 1 :]
            yield from run_halving(items_before, function, reject) if items_before else ()
            yield reject(chunk[lost.index], lost)
            yield from run_halving(items_after, function, reject) if items_after else ()
        elif len(chunk) > 1:
            for part in _split_chunk(chunk, lost.index):
                yield from run_halving(part, function, reject)
        else:
            yield _retry_once(chunk, function, reject)


def _retry_once(
    chunk: list[Item],
    function: Callable[[list[Item]], Result],
    reject: Callable[[Item, WorkerLostError], Result],
) -> Result:
    try:
        return function(chunk)
    except WorkerLostError as lost:
        return reject(chunk[0], lost)


def _split_chunk(chunk: list[Item], index: int | None) -> list[list[Item]]:
    """Cut a chunk around the item at which it was lost, else in halves."""
    start, end = (len(chunk) // 2,) * 2 if index is None else (index, index + 1)
    return [part for part in (chunk[:start], chunk[start:end], chunk[end:]) if part]
