"""Read the commits of repositories in read batches, the oldest first, for a replay of history."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from flows.pipeline.execution.read import ReadBatch, ReadBatchBuilder, parsed_content_keys, read_files_into
from flows.pipeline.planning.plan import CommitReplay, Plan
from flows.pipeline.progress import report_progress
from flows.pipeline.sources.base import Content, GitSource, is_deletion
from lake.batch import Checkpoint
from lake.store import Lake
from posts.sources.files import SourceFile
from posts.sources.git import Commit

# commits whose files are requested from git together
CHUNK_COMMITS = 500


def read_history(lake: Lake, plan: Plan) -> Iterator[ReadBatch]:
    """Yield read batches: first the files that the plan takes as one change, then the commits, oldest first.

    A read batch ends at the end of a commit, unless the commit is too large for one read batch.
    """
    builder = ReadBatchBuilder(parsed_content_keys(lake, plan.edited))
    checkpoints = {
        replay.source.origin: replay.checkpoint for replay in plan.replays if replay.checkpoint.commit
    }
    for read_batch in read_files_into(builder, plan):
        yield replace(read_batch, checkpoints=dict(checkpoints))
    for walk in plan.replays:
        commits_done, origin = 0, walk.source.origin
        for commit, effective_at in _replay_commits(builder, walk):
            commits_done += commit is not None
            if commit is None:
                checkpoints.pop(origin, None)
                yield builder.flush(dict(checkpoints))
            elif builder.is_full:
                report_progress("replay", commits_done, len(walk.effective_times))
                checkpoints[origin] = Checkpoint(commit.id, effective_at, is_complete=True)
                yield builder.flush(dict(checkpoints))
        checkpoints[origin] = Checkpoint(walk.source.commit_id, walk.effective_at, is_complete=True)
        yield builder.flush(dict(checkpoints))


def _replay_commits(
    builder: ReadBatchBuilder, replay: CommitReplay
) -> Iterator[tuple[Commit | None, dt.datetime]]:
    """Add commits to the read batch one by one; yield each once it is added, with its effective time.

    Yields None instead of the commit where the read batch gets too large within a commit.
    """
    source = replay.source
    commits = source.repository.iter_changes(replay.checkpoint.commit, source.commit_id, source.subpath)
    while chunk := list(islice(commits, CHUNK_COMMITS)):
        files = source.files_of_changes([change for _, changes in chunk for change in changes])
        contents = _read_new_contents(builder, source, files)
        for commit, changes in chunk:
            effective_at = replay.effective_times[commit.id]
            deleted = [
                (source.origin, change.path, effective_at) for change in changes if is_deletion(change)
            ]
            builder.read_batch.deleted += deleted
            for file, content in islice(contents, len(changes) - len(deleted)):
                if content is None:
                    builder.copy(file, effective_at)
                else:
                    builder.add(file, content, effective_at)
                if builder.is_over_hard_limit:
                    yield None, effective_at
            yield commit, effective_at


def _read_new_contents(
    builder: ReadBatchBuilder, source: GitSource, files: list[SourceFile]
) -> Iterator[tuple[SourceFile, Content | None]]:
    """Return files with their contents, in order; None for a content that is scheduled or parsed already."""
    scheduled, is_new = set[tuple[str | None, str]](), list[bool]()
    for file in files:
        key = file.blob, file.path.rpartition("/")[2]
        is_new.append(file.blob is None or not (builder.is_scheduled(file) or key in scheduled))
        scheduled.add(key)
    contents = source.read([file for file, needs_reading in zip(files, is_new, strict=True) if needs_reading])
    return (
        (file, next(contents) if is_fresh else None) for file, is_fresh in zip(files, is_new, strict=True)
    )
