"""Find, in a chunk of work, what ends whoever works on it. Knows chunks and results, and nothing of processes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class LostError(Exception):
    """Whoever worked on a chunk ended before it answered: why, and at which item, if that is known.

    `is_proven` where that item is the cause, whatever else the machine does, as of a limit that it exceeded.
    """

    why: str
    at: int | None = None
    is_proven: bool = False


def results(
    chunk: list[Item],
    work: Callable[[list[Item]], Result],
    refuse: Callable[[Item, LostError], Result],
) -> Iterator[Result]:
    """Yield the results of a chunk, in the order of its items: one, or one for each part that it had to be cut into.

    `work` raises LostError where a chunk is lost. An item that is lost when it is worked on alone, twice if the first
    time proves nothing, is refused.
    """
    try:
        yield work(chunk)
    except LostError as lost:
        if lost.is_proven and lost.at is not None:
            before, after = chunk[: lost.at], chunk[lost.at + 1 :]
            yield from results(before, work, refuse) if before else ()
            yield refuse(chunk[lost.at], lost)
            yield from results(after, work, refuse) if after else ()
        elif len(chunk) > 1:
            for part in _parts(chunk, lost.at):
                yield from results(part, work, refuse)
        else:
            yield _once_more(chunk, work, refuse)


def _once_more(
    alone: list[Item],
    work: Callable[[list[Item]], Result],
    refuse: Callable[[Item, LostError], Result],
) -> Result:
    try:
        return work(alone)
    except LostError as lost:
        return refuse(alone[0], lost)


def _parts(chunk: list[Item], at: int | None) -> list[list[Item]]:
    """Cut a chunk around the item at which it was lost, else in halves."""
    first, last = (len(chunk) // 2,) * 2 if at is None else (at, at + 1)
    return [part for part in (chunk[:first], chunk[first:last], chunk[last:]) if part]
