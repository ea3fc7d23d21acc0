"""The files that a backfill may read: those of its sources, compared with the ledger, or contents of table raw."""

from collections.abc import Sequence

import polars as pl

from flows.pipeline.code import code_version
from flows.pipeline.planning.changes import FILE_SCHEMA
from flows.pipeline.planning.diff import list_files, match_listing
from flows.pipeline.planning.plan import stored_in_raw
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.known import KnownSources
from lake.batch import KEY, STAMP
from lake.store import Lake
from lake.tables import files as files_table
from schemas.enums import BackfillMode, Outcome, Reason

NEW, CHANGED = "new to the lake", "other content than the lake has read"
RETRIED, REPARSED = "could not be read before", "read again"
# `day` and `source_id` are those of the post that the lake has of the same content; null where only the head
# of the file tells them
CANDIDATE_COLUMNS = [*FILE_SCHEMA, "part", "why", "day", "source_id"]


def find_candidates(lake: Lake, known_sources: KnownSources, mode: BackfillMode) -> pl.DataFrame:
    """Return the files of some sources that a mode reads, before their heads are read: CANDIDATE_COLUMNS."""
    ledger_rows = files_table.rows_of_origins(lake, known_sources.origins)
    listed_files = list_all_files(known_sources.available)
    files = match_listing(listed_files.with_columns(STAMP), ledger_rows.with_columns(STAMP))
    if mode is BackfillMode.MISSING:
        files = files.filter(~(pl.col("is_same") & files_table.is_final(lake, code_version())))
        unlisted = ledger_rows.clear()
    elif mode is BackfillMode.FAILED:
        is_reject = pl.col("outcome") == Outcome.REJECTED.value
        files = files.filter(is_reject & pl.col("problem").is_null())
        unlisted = ledger_rows.filter(is_reject).join(files, on=KEY, how="anti")
    else:
        is_unavailable = pl.col("origin").is_in(list(known_sources.unavailable))
        unlisted = ledger_rows.filter(is_unavailable & (pl.col("outcome") != Outcome.IGNORED.value))
    raw_files = stored_in_raw(lake, unlisted).with_columns(is_same=True)
    files = pl.concat([files, raw_files], how="diagonal")
    has_post = pl.col("is_same") & pl.col("reason").is_null()
    return files.with_columns(
        why=_why(mode),
        day=pl.when(has_post).then(pl.col("published_at").dt.date()),
        source_id=pl.when(has_post).then("source_id"),
    ).select(CANDIDATE_COLUMNS)


def _why(mode: BackfillMode) -> pl.Expr:
    if mode is BackfillMode.FAILED:
        return "rejected before: " + pl.col("reason")
    return (
        pl.when(pl.col("run_id").is_null())
        .then(pl.lit(NEW))
        .when(pl.col("reason").is_in(files_table.RETRIED_REASONS))
        .then(pl.lit(RETRIED))
        .when("is_same")
        .then(pl.lit(REPARSED))
        .otherwise(pl.lit(CHANGED))
    )


def list_all_files(sources: Sequence[Source]) -> pl.DataFrame:
    """Return all files of some sources: FILE_SCHEMA. JSONL files are not among them, their lines are.

    The next ingest would not read a JSONL file that the ledger has, even if only some of its lines were loaded.
    """
    files = pl.concat([pl.DataFrame(schema=FILE_SCHEMA), *map(list_files, sources)])
    return files.filter(pl.col("problem").ne_missing(pl.lit(Reason.FILE_OF_LINES.value)))
