"""Replay the history of repositories commit by commit, as if each was ingested when it was made."""

import datetime as dt
import logging
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from flows.pipeline.planning.changes import FILE_SCHEMA
from flows.pipeline.planning.plan import CommitReplay, Plan, plan_ingest
from flows.pipeline.sources.base import GitSource, Source
from lake.batch import MICROSECOND, Checkpoint, Run
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import runs
from posts.sources.paths import printable
from schemas.enums import RunKind
from schemas.errors import SourceError

logger = logging.getLogger(__name__)

NON_LINEAR = (
    "its history does not go on from what the lake holds of it; what separates the two is taken as one change"
)
EMPTY_PLAN = Plan(
    RunKind.HISTORY, sources=(), file_count=0, todo=pl.DataFrame(schema=FILE_SCHEMA), effective_times={}
)


def plan_history(lake: Lake, run: Run, sources: Sequence[Source]) -> Plan:
    """Return a plan that replays the commits since the last ingested one, or all.

    The history may not continue from the state of the lake: it was rewritten or cut short, or a killed run
    did not replay it. Then the difference is taken as one change, planned as for an ingest, and a warning is
    logged. Raises SourceError for a source without a history.
    """
    repositories = [_as_git_source(source) for source in sources]
    checkpoints = runs.checkpoints_of(lake, [source.origin for source in repositories])
    found_replays = [_plan_replay(lake, source, checkpoints[source.origin], run) for source in repositories]
    replays = [replay for replay in found_replays if replay is not None]
    replay_times = {replay.source.origin: replay.effective_at for replay in replays}
    non_linear = [source for source in repositories if source.origin not in replay_times]
    for source in non_linear:
        logger.warning(f"{printable(source.origin)}: {NON_LINEAR}")
    ingest_plan = plan_ingest(lake, run, non_linear, verify=False) if non_linear else EMPTY_PLAN
    return replace(
        ingest_plan,
        kind=RunKind.HISTORY if replays else RunKind.INGEST,
        sources=sources,
        file_count=ingest_plan.file_count + sum(1 for replay in replays for _ in replay.source.list_files()),
        effective_times=ingest_plan.effective_times | replay_times,
        replays=replays,
    )


def _as_git_source(source: Source) -> GitSource:
    if not isinstance(source, GitSource):
        raise SourceError(f"{source.origin}: is no git repository; --history has nothing to replay there")
    return source


def _plan_replay(lake: Lake, source: GitSource, checkpoint: Checkpoint, run: Run) -> CommitReplay | None:
    """Return the commits to replay; None if the history does not continue from the state of the lake."""
    is_new = checkpoint.commit is None and files_table.count_live_files(lake, source.origin) == 0
    has_checkpoint = checkpoint.commit is not None and checkpoint.is_complete
    if not (is_new or has_checkpoint):
        return None
    commits = source.repository.first_parent_commits(checkpoint.commit, source.commit_id)
    if commits is None:
        return None
    times = monotonic_times([commit.committed_at for commit in commits], checkpoint.as_of, run.started_at)
    effective_at = times[-1] if times else checkpoint.as_of or run.started_at
    return CommitReplay(
        source, checkpoint, dict(zip((commit.id for commit in commits), times, strict=True)), effective_at
    )


def monotonic_times(
    times: Sequence[dt.datetime], after: dt.datetime | None, until: dt.datetime
) -> list[dt.datetime]:
    """Return a time for each commit of a line, later than that of the commit before it and than `after`.

    Clocks can be wrong. Trusted are the times of the longest sequence of commits in which time does not
    decrease and does not exceed `until`. Any other commit gets the time directly after that of the commit
    before it.
    """
    plausible = _longest_nondecreasing(times, after, until)
    first_plausible = next((index for index in range(len(times)) if index in plausible), len(times))
    previous = (
        after
        or (times[first_plausible] if first_plausible < len(times) else until)
        - (first_plausible + 1) * MICROSECOND
    )
    effective_times = list[dt.datetime]()
    for index, time in enumerate(times):
        previous = max(time, previous + MICROSECOND) if index in plausible else previous + MICROSECOND
        effective_times.append(previous)
    return effective_times


def _longest_nondecreasing(
    times: Sequence[dt.datetime], after: dt.datetime | None, until: dt.datetime
) -> set[int]:
    """Return the indexes of a longest non-decreasing sequence of times between two bounds (patience sort)."""
    sequence_ends, end_indexes, predecessors = list[dt.datetime](), list[int](), dict[int, int | None]()
    for index, time in enumerate(times):
        if time > until or (after is not None and time <= after):
            continue
        length = bisect_right(sequence_ends, time)
        predecessors[index] = end_indexes[length - 1] if length else None
        sequence_ends[length : length + 1], end_indexes[length : length + 1] = [time], [index]
    plausible, index_in_sequence = set[int](), end_indexes[-1] if end_indexes else None
    while index_in_sequence is not None:
        plausible.add(index_in_sequence)
        index_in_sequence = predecessors[index_in_sequence]
    return plausible
