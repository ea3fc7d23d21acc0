"""Folders that vanish amid a run: the run goes on without them, and what it held of them stays as it was."""

from collections.abc import Sequence

import polars as pl

from flows.pipeline.execution.read import ReadBatch
from flows.pipeline.planning.plan import Plan
from flows.pipeline.sources.base import Source, VanishedError
from lake.batch import KEY
from lake.store import Lake
from lake.tables import files


class VanishedSources:
    """The folders that have vanished in a run, by their `origins`, and their files that it has not read."""

    def __init__(self) -> None:
        self.origins: set[str] = set()
        self._unread: list[tuple[str, str]] = []

    def without_vanished(self, sources: Sequence[Source], error: VanishedError) -> list[Source]:
        """Return the sources but for one that has vanished before anything was read. Raises the error where none is left."""
        others = [source for source in sources if source.origin != error.origin]
        if not others or len(others) == len(sources):
            raise error
        self.origins.add(error.origin)
        return others

    def add_unread(self, read_batch: ReadBatch) -> None:
        """Remember the files of a group that were not read."""
        self.origins.update(file.origin for file in read_batch.vanished_files)
        self._unread += [(file.origin, file.path) for file in read_batch.vanished_files]

    def count_unknown(self, lake: Lake) -> int:
        """Count the unread files that the ledger does not know: nobody can tell what they are."""
        if not self._unread:
            return 0
        unread = pl.DataFrame(self._unread, dict.fromkeys(KEY, pl.String), orient="row")
        return unread.height - files.live_rows(lake, unread).height

    def count_withheld_deletions(self, lake: Lake, plan: Plan) -> int:
        """Count the files that were missed in these folders and are not taken for gone."""
        missing_files = plan.deleted.filter(pl.col("origin").is_in(self.origins))
        return 0 if missing_files.is_empty() else files.live_rows(lake, missing_files).height
