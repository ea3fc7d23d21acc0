"""Who tells each post, moment by moment? A pure replay of files that come and go.

Among the files that tell a post the latest published wins, then the longest text, then the first path and
origin in byte order: the choice depends on the files alone, not on the order in which they were read.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

import polars as pl

from lake.batch import KEY

Key = tuple[str, str]
# (moment, key, row): a file comes as that row, or goes where row is None
Event = tuple[dt.datetime, Key, int | None]
# (moment, row): from then on that row tells the post; None: no file does
Election = tuple[dt.datetime, int | None]


@dataclass(slots=True)
class FileColumns:
    """The rows of the ledger that take part, by column, and which of them can tell a post.

    `date_and_length` has (published_at in microseconds, text_chars) of each.
    """

    key: list[Key]
    post_id: list[str | None]
    date_and_length: list[tuple[int, int]]
    is_readable: list[bool]

    @classmethod
    def from_rows(cls, rows: pl.DataFrame) -> "FileColumns":
        published = pl.col("published_at").dt.timestamp("us").fill_null(0)
        is_readable = pl.col("reason").is_null()
        columns = rows.select(*KEY, "post_id", published, pl.col("text_chars").fill_null(0), is_readable)
        origin, path, post_id, published_us, chars, readable = (column.to_list() for column in columns)
        key = list(zip(origin, path, strict=True))
        return cls(key, post_id, list(zip(published_us, chars, strict=True)), readable)

    def rank(self, row: int) -> tuple[int, int, str, str]:
        """Order the rows that tell one post; the first is chosen."""
        (published, chars), (origin, path) = self.date_and_length[row], self.key[row]
        return -published, -chars, path, origin


@dataclass(slots=True)
class ElectionLog:
    """What came of a sequence of events.

    `elections` holds, for each post that an event touched, the rows that told it, in order. `live_rows` is the row
    that each file has at the end, `deleted_rows` the row and moment of those that are gone at the end, `added_at` the
    moment at which a file was first there.
    """

    elections: dict[str, list[Election]] = field(default_factory=lambda: defaultdict(list))
    live_rows: dict[Key, int] = field(default_factory=dict)
    deleted_rows: dict[Key, tuple[int, dt.datetime]] = field(default_factory=dict)
    added_at: dict[Key, dt.datetime] = field(default_factory=dict)


class EventReplay:
    """The files that are there, grouped by the post they tell, while events are played."""

    def __init__(self, files: FileColumns, live_count: int, edited_later: Iterable[int]) -> None:
        """Begin with the first `live_count` rows; a doomed one gives way to a row that has just come."""
        self.files, self.live_count = files, live_count
        self.edited_later = set(edited_later)
        self.election_log = ElectionLog()
        self.claims: dict[str, set[int]] = defaultdict(set)
        for row in range(live_count):
            self._put(row)

    def play(self, events: list[Event]) -> ElectionLog:
        """Play events in order of moments; at one moment, all that goes goes before anything comes."""
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
        """A file that cannot be read for a while keeps its post as it stands."""
        claims = self.claims[post_id]
        readable_rows = [row for row in claims if self.files.is_readable[row]]
        if len(readable_rows) > 1:
            readable_rows.sort(key=self.files.rank)
        if self.edited_later and any(row >= self.live_count for row in readable_rows):
            while readable_rows[0] in self.edited_later:
                self._delete(self.files.key[readable_rows.pop(0)], effective_at, set())
        if readable_rows or not claims:
            self.election_log.elections[post_id].append(
                (effective_at, readable_rows[0] if readable_rows else None)
            )
