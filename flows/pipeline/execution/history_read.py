"""The commits of repositories, read in groups: what is replayed, oldest first."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from flows.pipeline.execution.read import Gatherer, Group, gathered, known_readings
from flows.pipeline.planning.plan import Plan, Walk
from flows.pipeline.progress import tell
from flows.pipeline.sources.base import Content, GitTree, is_removal
from lake.batch import Checkpoint
from lake.store import Lake
from posts.sources.files import File
from posts.sources.git import Commit

# commits whose files are asked for in one go
HANDFUL = 500


def history_groups(lake: Lake, plan: Plan) -> Iterator[Group]:
    """Read what a plan takes as one change, then commits, oldest first, in groups that end with one unless it is large."""
    gatherer = Gatherer(known_readings(lake, plan.edited))
    marks = {walk.source.origin: walk.after for walk in plan.walks if walk.after.commit}
    for group in gathered(gatherer, plan):
        yield replace(group, marks=dict(marks))
    for walk in plan.walks:
        done, origin = 0, walk.source.origin
        for commit, moment in _replayed(gatherer, walk):
            done += commit is not None
            if commit is None:
                marks.pop(origin, None)
                yield gatherer.taken(dict(marks))
            elif gatherer.is_full:
                tell("replay", done, len(walk.moments))
                marks[origin] = Checkpoint(commit.id, moment, is_complete=True)
                yield gatherer.taken(dict(marks))
        marks[origin] = Checkpoint(walk.source.head, walk.moment, is_complete=True)
        yield gatherer.taken(dict(marks))


def _replayed(gatherer: Gatherer, walk: Walk) -> Iterator[tuple[Commit | None, dt.datetime]]:
    """Add commit after commit to the group; give each once it is added, and None while a large one is."""
    source = walk.source
    commits = source.repository.walk(walk.after.commit, source.head, source.below)
    while handful := list(islice(commits, HANDFUL)):
        files = source.files([change for _, changes in handful for change in changes])
        contents = _contents(gatherer, source, files)
        for commit, changes in handful:
            moment = walk.moments[commit.id]
            gone = [(source.origin, change.path, moment) for change in changes if is_removal(change)]
            gatherer.group.gone += gone
            for file, content in islice(contents, len(changes) - len(gone)):
                if content is None:
                    gatherer.copy(file, moment)
                else:
                    gatherer.add(file, content, moment)
                if gatherer.is_overfull:
                    yield None, moment
            yield commit, moment


def _contents(
    gatherer: Gatherer, source: GitTree, files: list[File]
) -> Iterator[tuple[File, Content | None]]:
    """Read files, in their order; None for those whose content is begun, here or before."""
    begun, fresh = set[tuple[str | None, str]](), list[bool]()
    for file in files:
        key = file.blob, file.path.rpartition("/")[2]
        fresh.append(file.blob is None or not (gatherer.is_begun(file) or key in begun))
        begun.add(key)
    contents = source.contents([file for file, is_fresh in zip(files, fresh, strict=True) if is_fresh])
    return ((file, next(contents) if is_fresh else None) for file, is_fresh in zip(files, fresh, strict=True))
