"""Select the files of a backfill: candidates whose day and source are requested."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from flows.pipeline.backfill.candidates import find_candidates
from flows.pipeline.execution.heads import rows_from_heads
from flows.pipeline.options import BackfillOptions
from flows.pipeline.planning.changes import FILE_SCHEMA
from flows.pipeline.planning.plan import READ_ORDER, Plan, choose_effective_at
from flows.pipeline.sources.known import KnownSources
from flows.pipeline.workers.executor import ParseContext
from lake.batch import KEY, Run
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import runs
from schemas.enums import BackfillMode, Reason, RunKind
from schemas.errors import MisuseError
from schemas.keys import normalize_source, source_id_of

# true for each row; Polars 2.1 does not broadcast a literal in the filter of a frame of several chunks
ALL_ROWS = pl.col("path").is_not_null()


@dataclass(frozen=True, slots=True)
class Selection:
    """The selected files of a plan with the rows from their heads.

    `undated` and `unnamed` count candidates that were dropped, since their day or source is not known.
    """

    files: pl.DataFrame
    head_rows: pl.DataFrame
    undated: int
    unnamed: int


def plan_reparse(lake: Lake, run: Run, known_sources: KnownSources, files: pl.DataFrame) -> Plan:
    """Return a plan that parses files (FILE_SCHEMA, from_raw) again, in the order of their names."""
    locations = files_table.locate_contents(lake, files.filter("from_raw")["blob"])
    part = pl.when("from_raw").then("part")
    todo = files.join(locations.select("blob", "part"), on="blob", how="left").with_columns(part=part)
    todo = todo.sort(READ_ORDER)
    return Plan(
        kind=RunKind.BACKFILL,
        sources=known_sources.available,
        file_count=todo.height,
        todo=todo.select(*FILE_SCHEMA, "part"),
        effective_times=_effective_times(lake, run, known_sources),
        scope=todo.select(KEY),
        is_reparse=True,
    )


def _effective_times(lake: Lake, run: Run, known_sources: KnownSources) -> dict[str, dt.datetime]:
    checkpoints = runs.checkpoints_of(lake, known_sources.origins)
    available_times = {
        each.origin: choose_effective_at(lake, each, checkpoints[each.origin], run)
        for each in known_sources.available
    }
    return dict.fromkeys(known_sources.unavailable, run.started_at) | available_times


def select_files(
    lake: Lake, run: Run, known_sources: KnownSources, options: BackfillOptions, context: ParseContext
) -> Selection:
    candidate_files = find_candidates(lake, known_sources, options.effective_mode)
    has_day = pl.col("day").is_not_null()
    files_to_read = candidate_files.filter(
        ~has_day | (_is_in_range(options) & _is_of_sources(options, "source_id"))
    )
    head_rows = _heads_of(lake, run, known_sources, files_to_read, context)
    if options.effective_mode is not BackfillMode.MISSING:
        files_to_read, head_rows = _from_raw_where_unreadable(
            lake, run, known_sources, files_to_read, head_rows, context
        )
    files = _with_heads(files_to_read, head_rows)
    if options.effective_mode is BackfillMode.MISSING:
        files = files.join(files_table.live_rows(lake, files), on=[*KEY, "blob"], how="anti")
    _raise_if_unknown(lake, options, files)
    selected_files = files.filter(_is_in_range(options) & _is_of_sources(options, "source_id")).sort(
        READ_ORDER
    )
    return Selection(
        selected_files,
        head_rows.join(selected_files.select(KEY), on=KEY, how="semi"),
        files.filter(pl.col("day").is_null() & ~_is_in_range(options)).height,
        files.filter(
            pl.col("source_id").is_null() & _is_in_range(options) & ~_is_of_sources(options, "source_id")
        ).height,
    )


def _heads_of(
    lake: Lake, run: Run, known_sources: KnownSources, files: pl.DataFrame, context: ParseContext
) -> pl.DataFrame:
    plan = plan_reparse(lake, run, known_sources, files)
    return rows_from_heads(lake, plan.changes, plan.sources, run, context)


def _with_heads(files_to_read: pl.DataFrame, head_rows: pl.DataFrame) -> pl.DataFrame:
    """Return candidates with the blob that was read; the head supplies day and source that `files` lacks."""
    heads = head_rows.select(*KEY, seen="blob", head_day="day", head_source="source_id")
    return (
        files_to_read.join(heads, on=KEY, maintain_order="left")
        .with_columns(
            blob=pl.coalesce("blob", "seen"),
            day=pl.coalesce("day", "head_day"),
            source_id=pl.coalesce("source_id", "head_source"),
        )
        .drop("seen", "head_day", "head_source")
    )


def _from_raw_where_unreadable(
    lake: Lake,
    run: Run,
    known_sources: KnownSources,
    files_to_read: pl.DataFrame,
    head_rows: pl.DataFrame,
    context: ParseContext,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return files and head rows, from `raw` if a file cannot be read at its source but was read before."""
    unreadable_rows = head_rows.filter(pl.col("reason") == Reason.UNREADABLE.value)
    stored_rows = files_table.live_rows(lake, unreadable_rows)
    stored_rows = stored_rows.join(files_table.stored_blobs(lake, stored_rows["blob"]), on="blob", how="semi")
    if stored_rows.is_empty():
        return files_to_read, head_rows
    candidate_columns = files_to_read.select(*KEY, "why", "day", "source_id")
    raw_files = stored_rows.select(*KEY, "size", "mtime_ns", "blob").with_columns(
        problem=pl.lit(None, pl.String), from_raw=True
    )
    raw_files = raw_files.join(candidate_columns, on=KEY).select(files_to_read.columns)
    raw_head_rows = _heads_of(lake, run, known_sources, raw_files, context)
    remaining_frames = (frame.join(raw_files, on=KEY, how="anti") for frame in (files_to_read, head_rows))
    return tuple(pl.concat(pair) for pair in zip(remaining_frames, (raw_files, raw_head_rows), strict=True))  # type: ignore[return-value]  # of two


def _is_in_range(options: BackfillOptions) -> pl.Expr:
    """Return an expression for the files in the requested range of days.

    A file whose day is not known is in no range; it matches only if no range is requested.
    """
    is_in = ALL_ROWS
    if options.since:
        is_in &= pl.col("day") >= options.since
    if options.until:
        is_in &= pl.col("day") <= options.until
    return is_in.fill_null(value=False)


def _is_of_sources(options: BackfillOptions, column: str) -> pl.Expr:
    if not options.only:
        return ALL_ROWS
    return pl.col(column).is_in(sorted(_requested_source_ids(options))).fill_null(value=False)


def _requested_source_ids(options: BackfillOptions) -> set[str]:
    """Return the requested source_ids: each name may be a source_id, or a source name that one is made of."""
    return {*options.only, *(source_id_of(normalize_source(name)) for name in options.only)}


def _raise_if_unknown(lake: Lake, options: BackfillOptions, files: pl.DataFrame) -> None:
    tables = [lake.scan(name).select("source_id") for name in ("posts", "revisions")]
    stored_source_ids = pl.concat(tables).unique().collect()["source_id"]
    known_source_ids = {*stored_source_ids, *files["source_id"].drop_nulls()}
    unknown_names = [
        name
        for name in options.only
        if name not in known_source_ids and source_id_of(normalize_source(name)) not in known_source_ids
    ]
    if unknown_names:
        raise MisuseError(f"{', '.join(unknown_names)}: no such source, neither in {lake.root} nor among the files that were read; "
                          "`postlake info` lists those of the lake")  # fmt: skip
