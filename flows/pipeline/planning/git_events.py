"""The events of repositories that a lake of an older postlake has read, from their own history."""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import NamedTuple

import polars as pl

from flows.pipeline.planning.history import monotonic_times
from flows.pipeline.sources.base import GitSource
from flows.pipeline.sources.git_cache import split_url_revision
from flows.pipeline.sources.known import reopen
from lake.commit.resolve import EVENT_COLUMNS
from lake.store import Lake
from lake.tables.file_history import agreeing_with_ledger
from posts.sources.git import GitError
from schemas.enums import RunKind
from schemas.errors import SourceError
from schemas.tables import schema_of


class CommitRead(NamedTuple):
    """A commit that a run has read, and the time that it counts for; `is_replay`: with each commit since the last."""

    commit: str
    as_of: dt.datetime
    started_at: dt.datetime
    is_replay: bool


def repository_events(lake: Lake) -> pl.DataFrame:
    """Return the events of the files of repositories that are on this machine: EVENT_COLUMNS.

    Files whose last event is not what the ledger has are left out.
    """
    schema = {name: schema_of("events")[name] for name in EVENT_COLUMNS}
    frames = [pl.DataFrame(schema=schema)]
    for origin, reads in _commits_read(lake).items():
        with ExitStack() as stack:
            try:
                source = reopen(stack, origin, reads[-1].commit)
                events = list(_iter_events(source, reads)) if isinstance(source, GitSource) else []
            except SourceError:
                continue
            frames.append(pl.DataFrame([(origin, *event) for event in events], schema, orient="row"))
    return agreeing_with_ledger(lake, pl.concat(frames))


def _commits_read(lake: Lake) -> dict[str, list[CommitRead]]:
    """Return the commits of each local repository that ingests have read, in this order."""
    reads = defaultdict[str, list[CommitRead]](list)
    is_ingest = pl.col("kind").is_in([RunKind.INGEST, RunKind.HISTORY])
    runs = lake.scan("runs").filter(is_ingest).sort("started_at").collect()
    for kind, started_at, heads, as_of in runs.select("kind", "started_at", "heads", "as_of").iter_rows():
        times = json.loads(as_of or "{}")
        for origin, commit in json.loads(heads).items():
            if not split_url_revision(origin):
                time = dt.datetime.fromisoformat(times[origin]) if origin in times else started_at
                reads[origin].append(CommitRead(commit, time, started_at, kind == RunKind.HISTORY))
    return reads


def _iter_events(
    source: GitSource, reads: Sequence[CommitRead]
) -> Iterator[tuple[str, dt.datetime, str | None]]:
    """Yield from when on each path has which blob. Raises GitError if the repository lacks a commit."""
    repository, subpath, last = source.repository, source.subpath, None
    for read in reads:
        since = last and last.commit
        commits = repository.first_parent_commits(since, read.commit) if read.is_replay else None
        if commits is not None:
            committed_at = [commit.committed_at for commit in commits]
            times = monotonic_times(committed_at, last and last.as_of, read.started_at)
            time_of = {commit.id: time for commit, time in zip(commits, times, strict=True)}
            for commit, changes in repository.iter_changes(since, read.commit, subpath):
                yield from ((change.path, time_of[commit.id], change.blob) for change in changes)
        elif since is None:
            files = repository.list_files(read.commit, source.origin, subpath)
            yield from ((file.path, read.as_of, file.blob) for file in files)
        elif (changes := repository.diff_commits(since, read.commit, subpath)) is not None:
            yield from ((change.path, read.as_of, change.blob) for change in changes)
        else:
            raise GitError(f"{source.origin}: has no commit {since} any more")
        last = read
