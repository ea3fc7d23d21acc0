"""Find out what remains to be done of a stored plan, and which of its files have changed."""

import datetime as dt
from dataclasses import dataclass, replace

import polars as pl

from flows.pipeline.backfill.request import Forecast
from flows.pipeline.backfill.select import plan_reparse
from flows.pipeline.code import code_version
from flows.pipeline.execution.worker import NOT_IN_RAW
from flows.pipeline.planning.changes import FILE_SCHEMA
from flows.pipeline.planning.diff import list_files
from flows.pipeline.planning.plan import Plan, with_parsed_by
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.known import KnownSources
from lake.batch import KEY, Run
from lake.store import Lake
from lake.tables import files as files_table
from posts.post import NotAPost
from posts.sources.files import SourceFile
from schemas.enums import BackfillMode, Reason
from schemas.keys import blob_id

SKIPPED_SCHEMA = {"origin": pl.String, "path": pl.String, "what": pl.String}
DELETED, CHANGED = "is not there any more", "is another file now"


@dataclass(frozen=True, slots=True)
class RemainingPlan:
    """The remaining work of a plan, and the files that the run skips, with the reason (SKIPPED_SCHEMA)."""

    plan: Plan
    skipped: pl.DataFrame


def plan_remaining_files(
    lake: Lake, run: Run, known_sources: KnownSources, forecast: Forecast, files: pl.DataFrame
) -> RemainingPlan:
    """Compare the files of a plan (BackfillPlanFile) with their sources, and return what remains to be done.

    Files that were read after the plan was made are not read again.
    """
    available_files, skipped = _split_unchanged(lake, known_sources, files)
    mode, made_at = BackfillMode(forecast.mode), dt.datetime.fromisoformat(forecast.made_at)
    stored_rows = files_table.live_rows(lake, available_files)
    todo = available_files.join(_parsed_since(stored_rows, mode, made_at), on=[*KEY, "blob"], how="anti")
    reparse_plan = plan_reparse(lake, run, known_sources, todo)
    already_parsed = _already_parsed(lake, todo, mode)
    previous_rows = stored_rows.select(files_table.LIVE_COLUMNS).join(todo, on=KEY, how="semi")
    return RemainingPlan(
        replace(
            reparse_plan,
            file_count=available_files.height,
            todo=reparse_plan.todo.join(already_parsed, on=KEY, how="anti", maintain_order="left"),
            already_parsed=with_parsed_by(
                already_parsed.select(*FILE_SCHEMA),
                previous_rows,
                previous_rows.clear().select(*KEY, "run_id", "read_at"),
                run,
            ),
            scope=available_files.select(KEY),
            is_reparse=mode is not BackfillMode.MISSING,
            learns_templates=mode is BackfillMode.MISSING,
            plan_id=forecast.plan_id,
        ),
        skipped,
    )


def _split_unchanged(
    lake: Lake, known_sources: KnownSources, files: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the unchanged files of a plan (FILE_SCHEMA, from_raw), and the others (SKIPPED_SCHEMA)."""
    raw_files, source_files = files.filter("from_raw"), files.filter(~pl.col("from_raw"))
    stored_files = raw_files.join(files_table.stored_blobs(lake, raw_files["blob"]), on="blob", how="semi")
    listed_files = pl.concat(
        [
            pl.DataFrame(schema=FILE_SCHEMA),
            *(list_files(each).join(source_files, on=KEY, how="semi") for each in known_sources.available),
        ]
    )
    planned_columns = source_files.select(
        *KEY, size_planned="size", mtime_planned="mtime_ns", blob_planned="blob"
    )
    joined = _with_blobs(known_sources, listed_files.join(planned_columns, on=KEY))
    unchanged = joined.filter(pl.col("blob").eq_missing(pl.col("blob_planned")))
    available_files = pl.concat(
        [
            unchanged.select(*FILE_SCHEMA, from_raw=pl.lit(value=False)),
            stored_files.with_columns(problem=pl.lit(None, pl.String)).select(*FILE_SCHEMA, "from_raw"),
        ]
    )
    skipped = [
        _skipped_rows(source_files.join(listed_files, on=KEY, how="anti"), DELETED),
        _skipped_rows(joined.join(unchanged, on=KEY, how="anti"), CHANGED),
        _skipped_rows(raw_files.join(stored_files, on=KEY, how="anti"), NOT_IN_RAW),
    ]
    return available_files, pl.concat(skipped).sort(KEY)


def _with_blobs(known_sources: KnownSources, joined: pl.DataFrame) -> pl.DataFrame:
    """Return the files with blobs: as planned if size and mtime_ns are unchanged, else by reading them."""
    same_stat = (pl.col("size") == pl.col("size_planned")) & pl.col("mtime_ns").eq_missing(
        pl.col("mtime_planned")
    )
    with_blobs = joined.with_columns(
        blob=pl.when(same_stat).then(pl.coalesce("blob", "blob_planned")).otherwise("blob")
    )
    unhashed = with_blobs.filter(pl.col("blob").is_null() & ~same_stat)
    hashed_parts = [
        _with_read_blobs(source, unhashed.filter(pl.col("origin") == source.origin))
        for source in known_sources.available
    ]
    return pl.concat([with_blobs.join(unhashed, on=KEY, how="anti"), *hashed_parts])


def _with_read_blobs(source: Source, files: pl.DataFrame) -> pl.DataFrame:
    contents = source.read(SourceFile(*row) for row in files.select(*FILE_SCHEMA).iter_rows())
    # a file that cannot be read now has another blob than any planned file
    blobs = ["" if isinstance(content, NotAPost) else blob_id(content) for content in contents]
    return files.with_columns(pl.Series("blob", blobs, pl.String))


def _skipped_rows(files: pl.DataFrame, what: str) -> pl.DataFrame:
    return files.select(*KEY, what=pl.lit(what))


def _parsed_since(stored_rows: pl.DataFrame, mode: BackfillMode, made_at: dt.datetime) -> pl.DataFrame:
    """Return the rows of `files` that another run has read since the plan was made."""
    is_read = pl.col("reason").ne_missing(pl.lit(Reason.UNREADABLE.value))
    if mode is not BackfillMode.MISSING:
        is_read &= pl.col("read_at") > made_at
    return stored_rows.filter(is_read)


def _already_parsed(lake: Lake, todo: pl.DataFrame, mode: BackfillMode) -> pl.DataFrame:
    """Return the files whose content the lake has read under the same name; none if all are to be read."""
    if mode is not BackfillMode.MISSING:
        return todo.clear()
    return files_table.already_parsed(lake, todo.filter(pl.col("blob").is_not_null()), code_version())
