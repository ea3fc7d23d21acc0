"""Folders that vanish during a run: the run continues without them, and their files stay as they are."""

from collections.abc import Sequence

import polars as pl

from flows.pipeline.planning.plan import Plan
from flows.pipeline.sources.base import Source, VanishedError
from lake.batch import KEY, no_deletions
from lake.store import Lake
from lake.tables import files


class VanishedSources:
    """The `origins` of the folders that have vanished during a run, and their unread files."""

    def __init__(self) -> None:
        self.origins: set[str] = set()
        self._unread = no_deletions().select(KEY)

    def without_vanished(self, sources: Sequence[Source], error: VanishedError) -> list[Source]:
        """Return the sources without one that vanished before anything was read.

        Raises the error where no other source remains.
        """
        others = [source for source in sources if source.origin != error.origin]
        if not others or len(others) == len(sources):
            raise error
        self.origins.add(error.origin)
        return others

    def add_unread(self, files: pl.DataFrame) -> None:
        """Add unread files (KEY)."""
        self.origins.update(files["origin"].unique())
        self._unread = pl.concat([self._unread, files])

    def count_unknown(self, lake: Lake) -> int:
        """Count the unread files that have no row in `files`: their outcome is not known."""
        if self._unread.is_empty():
            return 0
        return self._unread.height - files.live_rows(lake, self._unread).height

    def count_withheld_deletions(self, lake: Lake, plan: Plan) -> int:
        """Count the missing files of these folders that are not recorded as deleted."""
        missing_files = plan.deleted.filter(pl.col("origin").is_in(self.origins))
        return 0 if missing_files.is_empty() else files.live_rows(lake, missing_files).height
