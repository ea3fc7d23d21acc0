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
Choice = tuple[dt.datetime, int | None]


@dataclass(slots=True)
class Files:
    """The rows of the ledger that take part, by column, and which of them can tell a post.

    `told` has (published_at in microseconds, text_chars) of each.
    """

    key: list[Key]
    post_id: list[str | None]
    told: list[tuple[int, int]]
    is_readable: list[bool]

    @classmethod
    def of(cls, rows: pl.DataFrame) -> "Files":
        published = pl.col("published_at").dt.timestamp("us").fill_null(0)
        is_readable = pl.col("reason").is_null()
        spelled = rows.select(*KEY, "post_id", published, pl.col("text_chars").fill_null(0), is_readable)
        origin, path, post_id, moment, chars, readable = (column.to_list() for column in spelled)
        key = list(zip(origin, path, strict=True))
        return cls(key, post_id, list(zip(moment, chars, strict=True)), readable)

    def rank(self, row: int) -> tuple[int, int, str, str]:
        """Order the rows that tell one post; the first is chosen."""
        (published, chars), (origin, path) = self.told[row], self.key[row]
        return -published, -chars, path, origin


@dataclass(slots=True)
class Timeline:
    """What came of a sequence of events.

    `choices` holds, for each post that an event touched, the rows that told it, in order. `there` is the row
    that each file has at the end, `went` the row and moment of those that are gone at the end, `came` the
    moment at which a file was first there.
    """

    choices: dict[str, list[Choice]] = field(default_factory=lambda: defaultdict(list))
    there: dict[Key, int] = field(default_factory=dict)
    went: dict[Key, tuple[int, dt.datetime]] = field(default_factory=dict)
    came: dict[Key, dt.datetime] = field(default_factory=dict)


class Replay:
    """The files that are there, grouped by the post they tell, while events are played."""

    def __init__(self, files: Files, standing: int, doomed: Iterable[int]) -> None:
        """Begin with the first `standing` rows; a doomed one gives way to a row that has just come."""
        self.files, self.standing = files, standing
        self.doomed = set(doomed)
        self.timeline = Timeline()
        self.tellers: dict[str, set[int]] = defaultdict(set)
        for row in range(standing):
            self._put(row)

    def play(self, events: list[Event]) -> Timeline:
        """Play events in order of moments; at one moment, all that goes goes before anything comes."""
        events.sort(key=lambda event: (event[0], event[2] is not None))
        for moment, group in groupby(events, key=itemgetter(0)):
            touched: set[str] = set()
            for _, key, row in group:
                self._go(key, moment, touched)
                if row is not None:
                    self._come(key, row, moment, touched)
            for post_id in sorted(touched):
                self._choose(post_id, moment)
        return self.timeline

    def _put(self, row: int) -> None:
        self.timeline.there[self.files.key[row]] = row
        post_id = self.files.post_id[row]
        if post_id is not None:
            self.tellers[post_id].add(row)

    def _come(self, key: Key, row: int, moment: dt.datetime, touched: set[str]) -> None:
        self.timeline.came.setdefault(key, moment)
        self.timeline.went.pop(key, None)
        self._put(row)
        if (post_id := self.files.post_id[row]) is not None:
            touched.add(post_id)

    def _go(self, key: Key, moment: dt.datetime, touched: set[str]) -> None:
        row = self.timeline.there.pop(key, None)
        if row is None:
            return
        self.timeline.went[key] = row, moment
        if (post_id := self.files.post_id[row]) is not None:
            self.tellers[post_id].discard(row)
            touched.add(post_id)

    def _choose(self, post_id: str, moment: dt.datetime) -> None:
        """A file that cannot be read for a while keeps its post as it stands."""
        tellers = self.tellers[post_id]
        readable = [row for row in tellers if self.files.is_readable[row]]
        if len(readable) > 1:
            readable.sort(key=self.files.rank)
        if self.doomed and any(row >= self.standing for row in readable):
            while readable[0] in self.doomed:
                self._go(self.files.key[readable.pop(0)], moment, set())
        if readable or not tellers:
            self.timeline.choices[post_id].append((moment, readable[0] if readable else None))
