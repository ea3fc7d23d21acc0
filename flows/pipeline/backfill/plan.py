"""The plan of a backfill: find files, read their heads, resolve them against the ledger. Nothing is written."""

from dataclasses import dataclass

import polars as pl

from flows.pipeline.backfill.candidates import find_candidates
from flows.pipeline.backfill.forecast import Forecast, estimate_minutes
from flows.pipeline.execution.heads import rows_from_heads
from flows.pipeline.options import BackfillOptions
from flows.pipeline.planning.plan import READ_ORDER, plan_reading, stored_in_raw
from flows.pipeline.sources.known import KnownSources
from flows.pipeline.workers.context import ParseContext
from lake.batch import KEY, Batch, Run
from lake.commit.resolve import Resolution, resolve
from lake.commit.stored import load_stored_versions
from lake.layout import period_of_date
from lake.period import choose_period
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import templates
from posts.post import CLEANER_VERSION
from schemas.enums import BackfillMode, Granularity, Reason, RunKind
from schemas.errors import MisuseError
from schemas.keys import normalize_source, source_id_of
from schemas.plans import BackfillPlanFile
from schemas.tables import schema_of

# true for each row; Polars 2.1 does not broadcast a literal in the filter of a frame of several chunks
ALL_ROWS = pl.col("path").is_not_null()


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a plan is made of: a lake, the sources, what is requested of them, and the run that parses heads."""

    lake: Lake
    run: Run
    known_sources: KnownSources
    options: BackfillOptions
    context: ParseContext


def build_backfill_plan(request: PlanRequest) -> tuple[Forecast, pl.DataFrame]:
    """Return the forecast of a backfill and its files (BackfillPlanFile).

    Raises MisuseError for an empty range of days or an unknown source.
    """
    lake, options = request.lake, request.options
    if options.since and options.until and options.since > options.until:
        raise MisuseError(f"from {options.since} until {options.until}: that range is empty")
    rows = _read_candidates(request)
    _raise_if_unknown(lake, options, rows)
    is_in_range, is_of_sources = _is_in_range(options), _is_of_sources(options)
    selected_rows = rows.filter(is_in_range & is_of_sources).sort(READ_ORDER)
    resolution = resolve(lake, Batch(selected_rows.select(schema_of("files").names())))
    expected_rows = with_period(_expected_granularity(lake, resolution), resolution.file_rows)
    files = (
        selected_rows.select(*KEY, "why", from_raw=pl.col("part").is_not_null())
        .join(expected_rows, on=KEY, maintain_order="left")
        .select(BackfillPlanFile.column_names())
    )
    size_bytes = int(files["size"].sum())
    minutes, run_count = estimate_minutes(lake, files.height, size_bytes)
    partition_counts = files.drop_nulls("period").group_by("source_id", "period").agg(files=pl.len())
    return Forecast(
        plan_id=request.run.run_id,
        made_at=request.run.started_at.isoformat(),
        mode=options.effective_mode,
        since=options.since,
        until=options.until,
        only=options.only,
        sources=options.sources,
        below=options.path,
        as_files=options.worktree,
        origins=request.known_sources.origins,
        gone_places=request.known_sources.unavailable,
        files=files.height,
        bytes=size_bytes,
        why=_count_by(files, "why"),
        outcomes=_count_by(files, "outcome"),
        reasons=_count_by(files.drop_nulls("reason"), "reason"),
        **_count_posts(lake, resolution),
        outdated=templates.stale_posts(lake, CLEANER_VERSION, []).join(files, "post_id", "semi").height,
        undated=rows.filter(pl.col("day").is_null() & ~is_in_range).height,
        unnamed=rows.filter(pl.col("source_id").is_null() & is_in_range & ~is_of_sources).height,
        partitions=partition_counts.sort("source_id", "period").to_dicts(),
        minutes=minutes,
        of_runs=run_count,
    ), files


def _read_candidates(request: PlanRequest) -> pl.DataFrame:
    """Return rows of `files` from the heads of the candidates that may be requested, with day, part, why."""
    lake, options, mode = request.lake, request.options, request.options.effective_mode
    candidates = find_candidates(lake, request.known_sources, mode)
    may_be_requested = pl.col("day").is_null() | (_is_in_range(options) & _is_of_sources(options))
    rows = _read_heads(request, candidates.filter(may_be_requested))
    if mode is BackfillMode.MISSING:
        # files that were only touched
        return rows.join(files_table.live_rows(lake, rows), on=[*KEY, "blob"], how="anti")
    unreadable_rows = rows.filter(reason=Reason.UNREADABLE.value)
    stored_rows = stored_in_raw(lake, files_table.live_rows(lake, unreadable_rows))
    raw_files = stored_rows.join(unreadable_rows.select(*KEY, "why"), on=KEY)
    return pl.concat([rows.join(raw_files, on=KEY, how="anti"), _read_heads(request, raw_files)])


def _read_heads(request: PlanRequest, files: pl.DataFrame) -> pl.DataFrame:
    plan = plan_reading(request.lake, request.run, request.known_sources.available, files, RunKind.BACKFILL)
    rows = rows_from_heads(request.lake, plan.changes, plan.sources, request.run, request.context)
    return rows.join(files.select(*KEY, "part", "why"), on=KEY)


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


def _is_of_sources(options: BackfillOptions) -> pl.Expr:
    """Return an expression for the files of the requested sources: each name is a source, or a source_id."""
    if not options.only:
        return ALL_ROWS
    source_ids = sorted({*options.only, *map(_source_id, options.only)})
    return pl.col("source_id").is_in(source_ids).fill_null(value=False)


def _source_id(name: str) -> str:
    return source_id_of(normalize_source(name))


def _raise_if_unknown(lake: Lake, options: BackfillOptions, rows: pl.DataFrame) -> None:
    tables = [lake.scan(name).select("source_id") for name in ("posts", "revisions")]
    known_source_ids = {*pl.concat(tables).unique().collect()["source_id"], *rows["source_id"]}
    unknown_names = [name for name in options.only if not {name, _source_id(name)} & known_source_ids]
    if unknown_names:
        raise MisuseError(f"{', '.join(unknown_names)}: no such source, neither in {lake.root} nor among the files that were read; "
                          "`postlake info` lists those of the lake")  # fmt: skip


def _expected_granularity(lake: Lake, resolution: Resolution) -> Granularity:
    posts = resolution.current_rows()
    is_choice = lake.has_open_period() and not posts.is_empty()
    return choose_period(posts).period if is_choice else lake.granularity


def with_period(granularity: Granularity, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of `files` with the period of the partition that contains their post."""
    dated_rows = rows.with_columns(date=pl.col("published_at").dt.date())
    return dated_rows.with_columns(period=period_of_date(granularity))


def _count_posts(lake: Lake, resolution: Resolution) -> dict[str, int]:
    """Count the posts that would be new, have another version, come back, or have no file any more."""
    stored_versions = load_stored_versions(lake, resolution).last
    posts = (
        resolution.elections.select("post_id")
        .unique()
        .join(resolution.current_rows().select("post_id", elected="blob", is_elected=True), "post_id", "left")
        .join(stored_versions.select("post_id", "blob", "withdrawn_at", is_stored=True), "post_id", "left")
        .with_columns(pl.col("is_elected", "is_stored").fill_null(value=False))
    )
    is_withdrawn = pl.col("withdrawn_at").is_not_null()
    is_current = pl.col("is_stored") & ~is_withdrawn
    return posts.select(
        new=(pl.col("is_elected") & ~pl.col("is_stored")).sum(),
        another_version=(is_current & (pl.col("elected") != pl.col("blob"))).sum(),
        back=(pl.col("is_elected") & is_withdrawn).sum(),
        left=(is_current & ~pl.col("is_elected")).sum(),
    ).row(0, named=True)


def _count_by(files: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(files.group_by(column).len().sort("len", column, descending=[True, False]).iter_rows())
