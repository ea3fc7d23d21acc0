"""Open a lake for one run: with the writer lock, in the state after the last complete batch."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lake.batch import Run
from lake.commit.commit import rollback_uncommitted
from lake.create import open_and_upgrade
from lake.damage import explaining_damage
from lake.delta import fence, is_table
from lake.lease import Lease
from lake.lock import hold_writer_lock
from lake.storage.location import Location, remove_tree
from lake.store import Lake, is_lake, open_lake
from schemas.tables import TABLES

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
    with explaining_damage(root), hold_writer_lock(root, run.run_id, wait_seconds) as lease:
        _fence_tables(root, run, lease)
        lake = _open(root, opener, lease)
        if rollback_uncommitted(lake):
            logger.warning(ROLLED_BACK)
            # a restored table may lack the columns that the opener has added
            lake = _open(root, opener, lease)
        remove_tree(lake.scratch)
        try:
            yield lake
        finally:
            lake.remove_scratch_of(run)


def _open(root: Location, opener: Callable[[Location], Lake], lease: Lease | None) -> Lake:
    """Return the lake; with a lease, its tables as they are before any other run can have taken over."""
    lake = opener(root)
    if lease:
        lake.open_tables()
        lease.confirm()
    return lake


def _fence_tables(root: Location, run: Run, lease: Lease | None) -> None:
    """Make sure that a run from which the lock was taken cannot commit any more.

    A lake that is not complete has no posts yet: its tables are created by commits that only one run can make.
    """
    if lease is None or not lease.needs_fence:
        return
    if is_lake(root):
        for name in TABLES:
            if is_table(root / name):
                fence(root / name, run.run_id)
    lease.needs_fence = False


@contextmanager
def open_locked(root: Location, run: Run, wait_seconds: float) -> Iterator[Lake]:
    """Yield a lake that is only read, with its writer lock. Raises the same errors as `open_for_write`."""
    with explaining_damage(root), hold_writer_lock(root, run.run_id, wait_seconds) as lease:
        _fence_tables(root, run, lease)
        yield open_lake(root)
