"""Elect the file of each post over time: a pure replay of added and deleted files.

Among the files of a post, the latest published wins, then the largest body, then the first path and origin in
byte order. The choice depends only on the files, not on the order in which they were read.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

import polars as pl

from lake.batch import KEY

Key = tuple[str, str]
# (time, key, row): a file is added or changed to that row, or deleted if row is None
Event = tuple[dt.datetime, Key, int | None]
# (time, row): from this time on the row is the elected file of the post; None: no file is
Election = tuple[dt.datetime, int | None]


@dataclass(slots=True)
class FileColumns:
    """The rows of the ledger (table `files`) that take part in elections, by column.

    `date_and_size` has (published_at in microseconds, body_bytes) of each row. Only a row with
    `is_readable` can be elected.
    """

    key: list[Key]
    post_id: list[str | None]
    date_and_size: list[tuple[int, int]]
    is_readable: list[bool]

    @classmethod
    def from_rows(cls, rows: pl.DataFrame) -> "FileColumns":
        published = pl.col("published_at").dt.timestamp("us").fill_null(0)
        is_readable = pl.col("reason").is_null()
        columns = rows.select(*KEY, "post_id", published, pl.col("body_bytes").fill_null(0), is_readable)
        origin, path, post_id, published_us, sizes, readable = (column.to_list() for column in columns)
        key = list(zip(origin, path, strict=True))
        return cls(key, post_id, list(zip(published_us, sizes, strict=True)), readable)

    def rank(self, row: int) -> tuple[int, int, str, str]:
        """Return the sort key of a row among the rows of one post. The first is elected."""
        (published, size), (origin, path) = self.date_and_size[row], self.key[row]
        return -published, -size, path, origin


@dataclass(slots=True)
class ElectionLog:
    """Result of a replay of events.

    `elections` has the elected rows of each post that an event touched, in order of time. `live_rows` has the
    row of each file that exists at the end. `deleted_rows` has the last row of each file that is deleted at
    the end, and the time of its deletion. `added_at` has the time at which a file was first added.
    """

    elections: dict[str, list[Election]] = field(default_factory=lambda: defaultdict(list))
    live_rows: dict[Key, int] = field(default_factory=dict)
    deleted_rows: dict[Key, tuple[int, dt.datetime]] = field(default_factory=dict)
    added_at: dict[Key, dt.datetime] = field(default_factory=dict)


class EventReplay:
    """The files that exist during a replay of events, grouped by post."""

    def __init__(self, files: FileColumns, live_count: int) -> None:
        """Begin with the first `live_count` rows."""
        self.files = files
        self.election_log = ElectionLog()
        self.claims: dict[str, set[int]] = defaultdict(set)
        for row in range(live_count):
            self._put(row)

    def play(self, events: list[Event]) -> ElectionLog:
        """Replay events in order of time, and return the log.

        Deletions come before additions of the same time.
        """
        events.sort(key=lambda event: (event[0], event[2] is not None))
        for effective_at, group in groupby(events, key=itemgetter(0)):
            touched_posts: set[str] = set()
            for _, key, row in group:
                self._delete(key, effective_at, touched_posts)
                if row is not None:
                    self._add(key, row, effective_at, touched_posts)
            for post_id in sorted(touched_posts):
                self._elect(post_id, effective_at)
        return self.election_log

    def _put(self, row: int) -> None:
        self.election_log.live_rows[self.files.key[row]] = row
        post_id = self.files.post_id[row]
        if post_id is not None:
            self.claims[post_id].add(row)

    def _add(self, key: Key, row: int, effective_at: dt.datetime, touched_posts: set[str]) -> None:
        self.election_log.added_at.setdefault(key, effective_at)
        self.election_log.deleted_rows.pop(key, None)
        self._put(row)
        if (post_id := self.files.post_id[row]) is not None:
            touched_posts.add(post_id)

    def _delete(self, key: Key, effective_at: dt.datetime, touched_posts: set[str]) -> None:
        row = self.election_log.live_rows.pop(key, None)
        if row is None:
            return
        self.election_log.deleted_rows[key] = row, effective_at
        if (post_id := self.files.post_id[row]) is not None:
            self.claims[post_id].discard(row)
            touched_posts.add(post_id)

    def _elect(self, post_id: str, effective_at: dt.datetime) -> None:
        """Elect the row of a post. While all its files are unreadable, the post stays as it is."""
        claims = self.claims[post_id]
        readable_rows = [row for row in claims if self.files.is_readable[row]]
        if len(readable_rows) > 1:
            readable_rows.sort(key=self.files.rank)
        if readable_rows or not claims:
            self.election_log.elections[post_id].append(
                (effective_at, readable_rows[0] if readable_rows else None)
            )
