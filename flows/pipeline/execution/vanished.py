"""Folders that vanish during a run: the run continues without them, and their files stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from flows.pipeline.planning.plan import Plan
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.content import VanishedError
from lake.store import Lake
from lake.tables import files


@dataclass(frozen=True, slots=True)
class Vanished:
    """The `origins` of the folders that have vanished during a run, and their `unread` files (KEY)."""

    origins: frozenset[str]
    unread: pl.DataFrame

    def count_unknown(self, lake: Lake) -> int:
        """Count the unread files that have no row in `files`: their outcome is not known."""
        if self.unread.is_empty():
            return 0
        return self.unread.height - files.live_rows(lake, self.unread).height

    def count_withheld_deletions(self, lake: Lake, plan: Plan) -> int:
        """Count the missing files of these folders that are not recorded as deleted."""
        missing_files = plan.deleted.filter(pl.col("origin").is_in(self.origins))
        return 0 if missing_files.is_empty() else files.live_rows(lake, missing_files).height


def without_vanished(sources: Sequence[Source], error: VanishedError) -> list[Source]:
    """Return the sources without one that vanished before anything was read.

    Raises the error where no other source remains.
    """
    others = [source for source in sources if source.origin != error.origin]
    if not others or len(others) == len(sources):
        raise error
    return others
