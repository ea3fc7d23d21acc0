"""The plan of a backfill: which files it reads, what they would become, and how long it would take."""

import polars as pl

from flows.pipeline.backfill.estimate import estimated
from flows.pipeline.backfill.request import Forecast, Wish
from flows.pipeline.backfill.select import Scope, scope_of
from flows.pipeline.backfill.simulate import Prediction, predicted
from flows.pipeline.sources.known import Places
from flows.pipeline.workers.pool import Workshop
from lake.batch import KEY, Run
from lake.store import Lake
from lake.tables import templates
from posts.post import CLEANER_VERSION
from schemas.errors import MisuseError
from schemas.plans import BackfillPlanFile


def made(lake: Lake, run: Run, places: Places, wish: Wish, shop: Workshop) -> tuple[Forecast, pl.DataFrame]:
    """Plan a backfill: what it tells, and its files (Planned). Reads no more than heads, and writes nothing.

    Raises MisuseError for a range or a source that cannot be.
    """
    if wish.since and wish.until and wish.since > wish.until:
        raise MisuseError(f"from {wish.since} until {wish.until}: that range is empty")
    scope = scope_of(lake, run, places, wish, shop)
    prediction = predicted(lake, scope.sighted)
    told = scope.files.drop("source_id").join(prediction.files, on=KEY, maintain_order="left")
    files = told.select(BackfillPlanFile.column_names())
    return _forecast(lake, run, places, wish, scope, prediction, files), files


def _forecast(
    lake: Lake, run: Run, places: Places, wish: Wish, scope: Scope, expected: Prediction, files: pl.DataFrame
) -> Forecast:
    order, size = wish.order, int(files["size"].sum())
    pace = estimated(lake, files.height, size)
    return Forecast(
        plan_id=run.run_id,
        made_at=run.started_at.isoformat(),
        mode=wish.chosen.value,
        since=wish.since.isoformat() if wish.since else None,
        until=wish.until.isoformat() if wish.until else None,
        only=list(wish.only),
        sources=list(order.sources),
        below=order.below,
        as_files=order.as_files,
        origins=places.origins,
        gone_places=places.gone,
        files=files.height,
        bytes=size,
        why=_counted(files, "why"),
        outcomes=_counted(files, "outcome"),
        reasons=_counted(files.drop_nulls("reason"), "reason"),
        open=int(files["is_open"].sum()),
        new=expected.new,
        another_version=expected.another_version,
        back=expected.back,
        left=expected.left,
        outdated=_outdated(lake, files),
        undated=scope.undated,
        unnamed=scope.unnamed,
        partitions=_partitions(files),
        minutes=pace.minutes,
        of_runs=pace.of_runs,
    )


def _counted(files: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(files.group_by(column).len().sort("len", column, descending=[True, False]).iter_rows())


def _partitions(files: pl.DataFrame) -> list[dict[str, object]]:
    """Count files by the partition of their post."""
    counted = files.drop_nulls("period").group_by("source_id", "period").agg(files=pl.len())
    return counted.sort("source_id", "period").to_dicts()


def _outdated(lake: Lake, files: pl.DataFrame) -> int:
    """Count the posts of some files that another cleaner or template cleaned: their text may be another."""
    outdated = templates.stale_posts(lake, CLEANER_VERSION, [])
    return outdated.join(files, on="post_id", how="semi").height
