"""Read the commits of repositories as changes, the oldest first, for a replay of history."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from flows.pipeline.code import code_version
from flows.pipeline.execution import sizes
from flows.pipeline.planning.changes import CHANGE_SCHEMA, Changes, as_file_rows, numbered_files
from flows.pipeline.planning.plan import CommitReplay, Plan
from flows.pipeline.progress import report_progress
from flows.pipeline.sources.base import is_deletion
from lake.batch import KEY, Checkpoint, Run, no_deletions
from lake.store import Lake
from lake.tables import files as files_table
from posts.sources.git import Commit


def iter_changes(lake: Lake, plan: Plan, run: Run) -> Iterator[Changes]:
    """Yield what the plan takes as one change, then the commits to replay, oldest first, many at a time.

    Commit each before the next is requested: contents that the lake has by then are not read again.
    """
    checkpoints = {each.source.origin: each.checkpoint for each in plan.replays if each.checkpoint.commit}
    first, replays = [replace(plan.changes, checkpoints=dict(checkpoints))], plan.replays

    def changes() -> Iterator[Changes]:
        # nothing here refers to them once they are yielded: there can be millions
        yield first.pop()
        yield from _replayed_changes(lake, replays, checkpoints, run)

    return changes()


def _replayed_changes(
    lake: Lake, replays: Sequence[CommitReplay], checkpoints: dict[str, Checkpoint], run: Run
) -> Iterator[Changes]:
    for replay in replays:
        commits_done, origin = 0, replay.source.origin
        for commit_count, last_commit, added, deleted in _slices(replay):
            commits_done += commit_count
            report_progress("replay", commits_done, len(replay.effective_times))
            checkpoints[origin] = Checkpoint(
                last_commit.id, replay.effective_times[last_commit.id], is_complete=True
            )
            files, known_files = _split_known(lake, run, added)
            yield Changes(numbered_files([files]), known_files, deleted, dict(checkpoints))
        checkpoints[origin] = Checkpoint(replay.source.commit_id, replay.effective_at, is_complete=True)


def _slices(replay: CommitReplay) -> Iterator[tuple[int, Commit, pl.DataFrame, pl.DataFrame]]:
    """Yield how many commits a slice has, its last commit, and its added and deleted files."""
    source, added, deleted = replay.source, list[tuple[object, ...]](), list[tuple[object, ...]]()
    size_bytes, contents, commits = 0, set[object](), list[Commit]()
    for commit, changes in source.repository.iter_changes(
        replay.checkpoint.commit, source.commit_id, source.subpath
    ):
        effective_at = replay.effective_times[commit.id]
        deleted += [(source.origin, change.path, effective_at) for change in changes if is_deletion(change)]
        for file in source.files_of_changes(changes):
            added.append(
                (file.origin, file.path, file.size, None, file.problem, file.blob, None, None, effective_at)
            )
            size_bytes += 0 if file.blob in contents else file.size
            contents.add(file.blob)
        commits.append(commit)
        if size_bytes >= sizes.MAX_SLICE_BYTES or len(added) + len(deleted) >= sizes.MAX_SLICE_EVENTS:
            yield len(commits), commit, _added_frame(added), _deleted_frame(deleted)
            size_bytes, added, deleted, commits = 0, [], [], []
            contents.clear()
    if commits:
        yield len(commits), commits[-1], _added_frame(added), _deleted_frame(deleted)


def _added_frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=CHANGE_SCHEMA, orient="row")


def _deleted_frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=no_deletions().schema, orient="row")


def _split_known(lake: Lake, run: Run, added: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the files to read, and as rows of `files` those with contents that the lake has parsed."""
    known = files_table.already_parsed(lake, added.filter(pl.col("blob").is_not_null()), code_version())
    known_files = known.rename({"seen_at": "first_seen_at"}).with_columns(
        run_id=pl.lit(run.run_id), read_at=pl.lit(run.started_at)
    )
    unknown = added.join(known, on=[*KEY, "seen_at"], how="anti", maintain_order="left")
    return unknown, as_file_rows(known_files)
