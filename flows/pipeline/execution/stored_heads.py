"""Heads of files whose contents a lake has stored, to resolve it anew, or a part of it."""

from dataclasses import dataclass, replace

import polars as pl

from flows.pipeline.execution.heads import Heads, read_heads
from flows.pipeline.lake_settings.content_names import content_name_of
from flows.pipeline.planning.changes import Changes, numbered_files
from flows.pipeline.planning.plan import stored_in_raw
from flows.pipeline.workers.context import ParseContext
from lake.batch import KEY, Run
from lake.migration import assert_complete
from lake.scope import find_scope, unrecorded_contents
from lake.store import Lake
from lake.tables.file_history import past_events
from posts.settings import ParseSettings

CLAIM_COLUMNS = [*KEY, "post_id", "source_id"]
NO_CLAIMS = pl.DataFrame(schema=dict.fromkeys(CLAIM_COLUMNS, pl.String))


@dataclass(frozen=True, slots=True)
class StoredReader:
    """Reads the stored contents of a lake for a staged one."""

    lake: Lake
    staged_lake: Lake
    run: Run
    context: ParseContext

    def read_all(self) -> Heads:
        """Return the heads of all past contents of all files. Raises LakeError if the bytes of a post are missing."""
        assert_complete(self.lake, None)
        return self._read(past_events(self.lake))

    def read_part(self, files: pl.DataFrame, claims: pl.DataFrame) -> Heads:
        """Return the heads of all past contents of some files (KEY), and of all files that share a post with them.

        They share it as the lake has it, or as their heads have it by now. `claims` are of past contents of which no
        table tells the post (CLAIM_COLUMNS). Raises LakeError if the bytes of a post are missing.
        """
        heads = self._read(past_events(self.lake, files))
        while True:
            scope = find_scope(self.lake, files, pl.concat([claims, _claims_of(heads)]))
            unread = scope.files.join(files, on=KEY, how="anti")
            if unread.is_empty():
                assert_complete(self.lake, scope)
                return replace(heads, replaced=scope)
            heads = heads.with_others(self._read(past_events(self.lake, unread)))
            files = scope.files

    def _read(self, events: pl.DataFrame) -> Heads:
        """Return the heads of a history of files, as if it were that of an empty lake."""
        is_arrival = pl.col("blob").is_not_null()
        arrivals = stored_in_raw(self.lake, events.filter(is_arrival)).rename({"at": "seen_at"})
        deleted = events.filter(~is_arrival).select(*KEY, gone_at="at")
        changes = Changes(numbered_files([arrivals]), deleted=deleted)
        return read_heads(self.staged_lake, changes, (), self.run, self.context, stores=False)


def read_unrecorded(lake: Lake, settings: ParseSettings, run: Run, context: ParseContext) -> pl.DataFrame:
    """Return which posts and sources past contents were under some settings, if no table tells it: CLAIM_COLUMNS."""
    contents = stored_in_raw(lake, unrecorded_contents(lake)).drop_nulls("part")
    if contents.is_empty():
        return NO_CLAIMS
    lake = lake.at_versions({})
    lake.content_name = content_name_of(settings)
    changes = Changes(numbered_files([contents.with_columns(seen_at=pl.lit(run.started_at))]))
    context = replace(context, config=replace(context.config, settings=settings))
    return _claims_of(read_heads(lake, changes, (), run, context, stores=False))


def _claims_of(heads: Heads) -> pl.DataFrame:
    return pl.concat([NO_CLAIMS, *(frame.select(CLAIM_COLUMNS) for frame in heads.rows)])
