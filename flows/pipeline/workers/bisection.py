"""Find the item in a chunk that crashes its worker. Knows chunks and results, and nothing of processes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class WorkerLostError(Exception):
    """The loss of a worker that ended before it returned the result of a chunk.

    `index` is the item that it worked on, if that is known. `is_proven` means that this item is the cause,
    not the machine, as when it exceeded a limit.
    """

    reason: str
    index: int | None = None
    is_proven: bool = False


def run_halving(
    chunk: list[Item],
    function: Callable[[list[Item]], Result],
    reject: Callable[[Item, WorkerLostError], Result],
) -> Iterator[Result]:
    """Yield the results of a chunk in the order of its items: one, or one per part that it was split into.

    `function` raises WorkerLostError where a chunk is lost. An item is rejected if it is lost when it is
    processed alone: at once if the loss is proven, else after a second try.
    """
    try:
        yield function(chunk)
    except WorkerLostError as lost:
        yield from run_parts(chunk, lost, function, reject)


def run_parts(
    chunk: list[Item],
    lost: WorkerLostError,
    function: Callable[[list[Item]], Result],
    reject: Callable[[Item, WorkerLostError], Result],
) -> Iterator[Result]:
    """Yield the results of the parts of a chunk that was lost, as `run_halving`."""
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
    """Return the parts of a chunk, split around the item at which it was lost, or into halves."""
    start, end = (len(chunk) // 2,) * 2 if index is None else (index, index + 1)
    return [part for part in (chunk[:start], chunk[start:end], chunk[end:]) if part]
