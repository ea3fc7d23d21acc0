"""Restrict a run to the files of a stored plan: those that are as they were planned, and not read since."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from flows.pipeline.backfill.candidates import list_all_files
from flows.pipeline.backfill.forecast import Forecast
from flows.pipeline.execution.reader import NOT_IN_RAW
from flows.pipeline.planning.changes import FILE_SCHEMA
from flows.pipeline.planning.diff import SourceDiff, hash_suspects, match_listing
from flows.pipeline.planning.plan import Plan, plan_reading, stored_in_raw
from flows.pipeline.sources.base import Source
from lake.batch import KEY, STAMP, Run
from lake.store import Lake
from lake.tables import files as files_table
from schemas.enums import BackfillMode, Reason, RunKind

DELETED, CHANGED = "is not there any more", "is another file now"


def plan_remaining_files(
    lake: Lake, run: Run, sources: Sequence[Source], forecast: Forecast, files: pl.DataFrame
) -> tuple[Plan, pl.DataFrame]:
    """Return what remains to be done of the files of a plan (BackfillPlanFile), and the files that are skipped.

    Files that were read after the plan was made are not read again. Skipped files have the reason as `what`.
    """
    is_reparse = forecast.mode != BackfillMode.MISSING
    listed_files = list_all_files(sources).join(files.filter(~pl.col("from_raw")), on=KEY, how="semi")
    raw_files = stored_in_raw(lake, files.filter("from_raw")).select(*FILE_SCHEMA, "part")
    unchanged = pl.concat([_unchanged_in_sources(sources, listed_files, files), raw_files])
    is_read = pl.col("reason").ne_missing(pl.lit(Reason.UNREADABLE.value))
    if is_reparse:
        is_read &= pl.col("read_at") > dt.datetime.fromisoformat(forecast.made_at)
    read_rows = files_table.live_rows(lake, unchanged).filter(is_read)
    todo = unchanged.join(read_rows, on=[*KEY, "blob"], how="anti")
    plan = replace(
        plan_reading(lake, run, sources, todo, RunKind.BACKFILL),
        file_count=unchanged.height,
        scope=unchanged.select(KEY),
        is_reparse=is_reparse,
        learns_templates=not is_reparse,
        plan_id=forecast.plan_id,
    )
    what = (
        pl.when("from_raw")
        .then(pl.lit(NOT_IN_RAW))
        .when("is_listed")
        .then(pl.lit(CHANGED))
        .otherwise(pl.lit(DELETED))
    )
    skipped = (
        files.join(unchanged, on=KEY, how="anti")
        .join(listed_files.select(*KEY, is_listed=True), on=KEY, how="left")
        .select(*KEY, what=what)
    )
    return plan, skipped.sort(KEY)


def _unchanged_in_sources(
    sources: Sequence[Source], listed_files: pl.DataFrame, files: pl.DataFrame
) -> pl.DataFrame:
    """Return the listed files that are as planned: FILE_SCHEMA, part. Files that were touched are read."""
    matched = match_listing(listed_files.with_columns(STAMP), files.with_columns(STAMP))
    touched = matched.filter(~pl.col("is_same")).select(*FILE_SCHEMA)
    hashed = [
        hash_suspects(each, SourceDiff(0, touched.filter(origin=each.origin), files, files.clear())).changed
        for each in sources
    ]
    same = matched.filter("is_same").with_columns(blob="blob_seen")
    return pl.concat(
        [
            same.select(*FILE_SCHEMA),
            *(each.join(files, on=[*KEY, "blob"], how="semi") for each in hashed),
        ]
    ).with_columns(part=pl.lit(None, pl.String))
