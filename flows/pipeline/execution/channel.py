"""A bounded queue between two threads that either side can end."""

from collections import deque
from collections.abc import Iterable, Iterator
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class BoundedQueue(Generic[T]):
    """A queue from a feeding thread to an iterating thread, with at most `max_items` items waiting."""

    def __init__(self, max_items: int) -> None:
        self._max_items = max_items
        self._items: deque[T] = deque()
        self._changed = Condition()
        self._is_complete = self._is_closed = False

    def put_all(self, items: Iterable[T]) -> int:
        """Put items, waiting for room; return their number. Stops early once the other side has closed."""
        item_count = 0
        try:
            for item in items:
                with self._changed:
                    self._changed.wait_for(lambda: self._is_closed or len(self._items) < self._max_items)
                    if self._is_closed:
                        break
                    self._items.append(item)
                    item_count += 1
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._is_complete = True
                self._changed.notify_all()
        return item_count

    def __iter__(self) -> Iterator[T]:
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._items or self._is_complete)
                    if not self._items:
                        return
                    item = self._items.popleft()
                    self._changed.notify_all()
                yield item
        finally:
            self.close()

    def close(self) -> None:
        """Accept no more items; a feeding thread that waits for room then finishes."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
