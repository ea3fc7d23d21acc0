"""The history of repositories, replayed commit by commit as if each had been ingested when it was made."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from flows.pipeline.planning.diff import FOUND
from flows.pipeline.planning.plan import Plan, Walk, plan
from flows.pipeline.sources.base import GitTree, Source
from lake.batch import Checkpoint, Run
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import runs
from posts.sources.paths import printable
from schemas.errors import SourceError

Say = Callable[[str], None]
LEAP = (
    "its history does not go on from what the lake holds of it; what separates the two is taken as one change"
)
NOTHING = Plan(runs.HISTORY, sources=(), found=0, todo=pl.DataFrame(schema=FOUND), moments={})
TICK = dt.timedelta(microseconds=1)


def history_plan(lake: Lake, run: Run, sources: Sequence[Source], *, say: Say) -> Plan:
    """Plan to replay the commits that came since the last ingested one, or all.

    Where a history does not go on from what the lake holds of it (it was rewritten, or cut short, or a run
    was killed that did not replay it), what separates the two is taken as one change, by a plan as for an
    ingest, and said. Raises SourceError for a source without a history.
    """
    repositories = [_repository(source) for source in sources]
    marks = runs.checkpoints_of(lake, [source.origin for source in repositories])
    found = [_walk(lake, source, marks[source.origin], run) for source in repositories]
    walks = [walk for walk in found if walk is not None]
    walked = {walk.source.origin: walk.moment for walk in walks}
    leaps = [source for source in repositories if source.origin not in walked]
    for source in leaps:
        say(f"{printable(source.origin)}: {LEAP}")
    at_once = plan(lake, run, leaps, verify=False) if leaps else NOTHING
    return replace(
        at_once,
        kind=runs.HISTORY if walks else runs.INGEST,
        sources=sources,
        found=at_once.found + sum(1 for walk in walks for _ in walk.source.found()),
        moments=at_once.moments | walked,
        walks=walks,
    )


def _repository(source: Source) -> GitTree:
    if not isinstance(source, GitTree):
        raise SourceError(f"{source.origin}: is no git repository; --history has nothing to replay there")
    return source


def _walk(lake: Lake, source: GitTree, mark: Checkpoint, run: Run) -> Walk | None:
    """Return the commits to replay; None where the lake holds other files than the commit they begin after."""
    is_new = mark.commit is None and files_table.count_live_files(lake, source.origin) == 0
    is_followed = mark.commit is not None and mark.is_complete
    commits = source.repository.line(mark.commit, source.head) if is_new or is_followed else None
    if commits is None:
        return None
    at = moments([commit.at for commit in commits], mark.as_of, run.started_at)
    moment = at[-1] if at else mark.as_of or run.started_at
    return Walk(source, mark, dict(zip((commit.id for commit in commits), at, strict=True)), moment)


def moments(times: Sequence[dt.datetime], after: dt.datetime | None, until: dt.datetime) -> list[dt.datetime]:
    """Return each commit of a line a moment, later than the one before and than `after`.

    Clocks go wrong. Believed are the times of the longest sequence of commits in which time does not run
    backwards, nor past `until`; a commit between two of them is taken to follow the one before it at once.
    """
    believed = _believed(times, after, until)
    first = next((index for index in range(len(times)) if index in believed), len(times))
    last = after or (times[first] if first < len(times) else until) - (first + 1) * TICK
    given = list[dt.datetime]()
    for index, time in enumerate(times):
        last = max(time, last + TICK) if index in believed else last + TICK
        given.append(last)
    return given


def _believed(times: Sequence[dt.datetime], after: dt.datetime | None, until: dt.datetime) -> set[int]:
    """Return the places of a longest sequence of times that does not decrease, between two bounds (patience sorting)."""
    ends, at, before = list[dt.datetime](), list[int](), dict[int, int | None]()
    for index, time in enumerate(times):
        if time > until or (after is not None and time <= after):
            continue
        length = bisect_right(ends, time)
        before[index] = at[length - 1] if length else None
        ends[length : length + 1], at[length : length + 1] = [time], [index]
    believed, place = set[int](), at[-1] if at else None
    while place is not None:
        believed.add(place)
        place = before[place]
    return believed
