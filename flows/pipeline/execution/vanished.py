"""Folders that vanish during a run: the run continues without them, and their files stay as they are."""

from collections.abc import Sequence

import polars as pl

from flows.pipeline.execution.read import ReadBatch
from flows.pipeline.planning.plan import Plan
from flows.pipeline.sources.base import Source, VanishedError
from lake.batch import KEY
from lake.store import Lake
from lake.tables import files


class VanishedSources:
    """The `origins` of the folders that have vanished during a run, and their unread files."""

    def __init__(self) -> None:
        self.origins: set[str] = set()
        self._unread: list[tuple[str, str]] = []

    def without_vanished(self, sources: Sequence[Source], error: VanishedError) -> list[Source]:
        """Return the sources without one that vanished before anything was read.

        Raises the error where no other source remains.
        """
        others = [source for source in sources if source.origin != error.origin]
        if not others or len(others) == len(sources):
            raise error
        self.origins.add(error.origin)
        return others

    def add_unread(self, read_batch: ReadBatch) -> None:
        """Add the unread files of a read batch."""
        self.origins.update(file.origin for file in read_batch.vanished_files)
        self._unread += [(file.origin, file.path) for file in read_batch.vanished_files]

    def count_unknown(self, lake: Lake) -> int:
        """Count the unread files that have no row in `files`: their outcome is not known."""
        if not self._unread:
            return 0
        unread = pl.DataFrame(self._unread, dict.fromkeys(KEY, pl.String), orient="row")
        return unread.height - files.live_rows(lake, unread).height

    def count_withheld_deletions(self, lake: Lake, plan: Plan) -> int:
        """Count the missing files of these folders that are not recorded as deleted."""
        missing_files = plan.deleted.filter(pl.col("origin").is_in(self.origins))
        return 0 if missing_files.is_empty() else files.live_rows(lake, missing_files).height
