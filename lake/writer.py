"""Open a lake for one run: with the writer lock, in the state after the last complete batch."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lake.batch import Run
from lake.commit.commit import rollback_uncommitted
from lake.create import open_and_upgrade
from lake.damage import explaining_damage
from lake.location import Location, remove_tree
from lake.lock import hold_writer_lock
from lake.store import Lake, open_lake

logger = logging.getLogger(__name__)

ROLLED_BACK = (
    "an earlier run was killed while it wrote; its unfinished batch was undone, and an ingest does it again"
)


@contextmanager
def open_for_write(
    root: Location, run: Run, wait_seconds: float, opener: Callable[[Location], Lake] = open_and_upgrade
) -> Iterator[Lake]:
    """Yield a lake with its writer lock, after a rollback of what a killed run left half written.

    Raises LakeBusyError if another run has the lock for longer than `wait_seconds`, the errors of `opener`,
    and DamagedError or StorageError for faults of its files meanwhile.
    """
    with explaining_damage(root), hold_writer_lock(root, run.run_id, wait_seconds):
        lake = opener(root)
        if rollback_uncommitted(lake):
            logger.warning(ROLLED_BACK)
            # a restored table may lack the columns that the opener has added
            lake = opener(root)
        remove_tree(lake.scratch)
        try:
            yield lake
        finally:
            remove_tree(lake.scratch)


@contextmanager
def open_locked(root: Location, run: Run, wait_seconds: float) -> Iterator[Lake]:
    """Yield a lake that is only read, with its writer lock. Raises the same errors as `open_for_write`."""
    with explaining_damage(root), hold_writer_lock(root, run.run_id, wait_seconds):
        yield open_lake(root)
