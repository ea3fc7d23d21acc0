"""The plan of a backfill: the files to read, their expected outcomes, and the expected duration."""

import polars as pl

from flows.pipeline.backfill.estimate import estimate_duration
from flows.pipeline.backfill.request import Forecast
from flows.pipeline.backfill.select import Selection, select_files
from flows.pipeline.backfill.simulate import Prediction, predict_outcomes
from flows.pipeline.options import BackfillOptions
from flows.pipeline.sources.known import KnownSources
from flows.pipeline.workers.executor import ParseContext
from lake.batch import KEY, Run
from lake.store import Lake
from lake.tables import templates
from posts.post import CLEANER_VERSION
from schemas.errors import MisuseError
from schemas.plans import BackfillPlanFile


def build_backfill_plan(
    lake: Lake, run: Run, known_sources: KnownSources, options: BackfillOptions, context: ParseContext
) -> tuple[Forecast, pl.DataFrame]:
    """Return the forecast of a backfill and its files (BackfillPlanFile).

    Parses only heads, and writes nothing. Raises MisuseError for an empty range of days or an unknown source.
    """
    if options.since and options.until and options.since > options.until:
        raise MisuseError(f"from {options.since} until {options.until}: that range is empty")
    selection = select_files(lake, run, known_sources, options, context)
    prediction = predict_outcomes(lake, selection.head_rows)
    planned_rows = selection.files.drop("source_id").join(prediction.files, on=KEY, maintain_order="left")
    files = planned_rows.select(BackfillPlanFile.column_names())
    return _build_forecast(lake, run, known_sources, options, selection, prediction, files), files


def _build_forecast(
    lake: Lake,
    run: Run,
    known_sources: KnownSources,
    options: BackfillOptions,
    selection: Selection,
    prediction: Prediction,
    files: pl.DataFrame,
) -> Forecast:
    size_bytes = int(files["size"].sum())
    estimate = estimate_duration(lake, files.height, size_bytes)
    return Forecast(
        plan_id=run.run_id,
        made_at=run.started_at.isoformat(),
        mode=options.effective_mode.value,
        since=options.since.isoformat() if options.since else None,
        until=options.until.isoformat() if options.until else None,
        only=list(options.only),
        sources=list(options.sources),
        below=options.path,
        as_files=options.worktree,
        origins=known_sources.origins,
        gone_places=known_sources.unavailable,
        files=files.height,
        bytes=size_bytes,
        why=_count_by(files, "why"),
        outcomes=_count_by(files, "outcome"),
        reasons=_count_by(files.drop_nulls("reason"), "reason"),
        new=prediction.new,
        another_version=prediction.another_version,
        back=prediction.restored,
        left=prediction.orphaned,
        outdated=_count_stale_posts(lake, files),
        undated=selection.undated,
        unnamed=selection.unnamed,
        partitions=_count_by_partition(files),
        minutes=estimate.minutes,
        of_runs=estimate.based_on_runs,
    )


def _count_by(files: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(files.group_by(column).len().sort("len", column, descending=[True, False]).iter_rows())


def _count_by_partition(files: pl.DataFrame) -> list[dict[str, object]]:
    """Count files by the partition of their post."""
    partition_counts = files.drop_nulls("period").group_by("source_id", "period").agg(files=pl.len())
    return partition_counts.sort("source_id", "period").to_dicts()


def _count_stale_posts(lake: Lake, files: pl.DataFrame) -> int:
    """Count the posts of some files that another cleaner or template cleaned: their text may change."""
    stale_posts = templates.stale_posts(lake, CLEANER_VERSION, [])
    return stale_posts.join(files, on="post_id", how="semi").height
