"""A lake held by one run, as the last whole batch left it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lake.batch import Run
from lake.commit.commit import repair
from lake.create import open_for_writing
from lake.damage import explained
from lake.lock import writing
from lake.store import Lake, open_lake

Say = Callable[[str], None]
UNDONE = (
    "an earlier run was killed while it wrote; its unfinished batch was undone, and an ingest does it again"
)


@contextmanager
def held(
    root: Path, run: Run, wait_seconds: float, say: Say, opening: Callable[[Path], Lake] = open_for_writing
) -> Iterator[Lake]:
    """Hold the writer lock of a lake, and undo what a killed run left half written; says so where there was such.

    Raises LakeBusyError where another run holds it for longer than wait_seconds, what `opening` raises, and DamagedError
    or StorageError for what goes wrong with its files meanwhile.
    """
    with explained(root), writing(root, run.run_id, wait_seconds, say):
        lake = opening(root)
        if repair(lake):
            say(UNDONE)
        yield lake


@contextmanager
def held_unchanged(root: Path, run: Run, wait_seconds: float, say: Say) -> Iterator[Lake]:
    """Hold the writer lock of a lake that is only looked at. Raises as `held`."""
    with explained(root), writing(root, run.run_id, wait_seconds, say):
        yield open_lake(root)
