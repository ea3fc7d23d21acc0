"""A bounded hand-over from one thread to another that either side can end."""

from collections import deque
from collections.abc import Iterable, Iterator
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class Channel(Generic[T]):
    """Passes on what one thread feeds to the thread that iterates. At most `room` items wait between them."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._waiting: deque[T] = deque()
        self._changed = Condition()
        self._is_fed = self._is_closed = False

    def feed(self, items: Iterable[T]) -> int:
        """Hand over items, waiting for room; give their number. Stops early once the other side has ended."""
        number = 0
        try:
            for item in items:
                with self._changed:
                    self._changed.wait_for(lambda: self._is_closed or len(self._waiting) < self._room)
                    if self._is_closed:
                        break
                    self._waiting.append(item)
                    number += 1
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._is_fed = True
                self._changed.notify_all()
        return number

    def __iter__(self) -> Iterator[T]:
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._waiting or self._is_fed)
                    if not self._waiting:
                        return
                    item = self._waiting.popleft()
                    self._changed.notify_all()
                yield item
        finally:
            self.close()

    def close(self) -> None:
        """Take nothing more; a feeding thread that waits for room goes on to its end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
