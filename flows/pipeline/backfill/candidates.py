"""Which files a backfill may be about, before their heads are read."""

from collections.abc import Callable, Mapping

import polars as pl

from flows.pipeline.planning.diff import FOUND, compared, listed
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.known import Places
from lake.batch import KEY, Checkpoint
from lake.store import Lake
from lake.tables import files
from schemas.enums import BackfillMode, Outcome, Reason

# `day` and `source_id` as the ledger has them, null where the file's head is to tell
CANDIDATE = FOUND | {"from_raw": pl.Boolean, "why": pl.String, "day": pl.Date, "source_id": pl.String}
NEW, OTHER, UNREAD = "new to the lake", "other content than the lake has read", "could not be read before"
AGAIN = "read again"


def candidates(lake: Lake, places: Places, mode: BackfillMode) -> pl.DataFrame:
    """Return the files of some places that a mode is about: CANDIDATE."""
    of_place, of_gone = _CHOICES[mode]
    there = [of_place(lake, source) for source in places.sources]
    gone = [of_gone(lake, origin) for origin in places.gone]
    nothing = pl.DataFrame(schema=CANDIDATE)
    return pl.concat([nothing, *(rows.select(_columns(rows)) for rows in [*there, *gone])])


def _columns(rows: pl.DataFrame) -> list[pl.Expr]:
    given = rows.columns
    return [
        (pl.col(name) if name in given else pl.lit(None)).cast(kind).alias(name)
        for name, kind in CANDIDATE.items()
    ]


def _missing(lake: Lake, source: Source) -> pl.DataFrame:
    """What an ingest would read: new, of other content, or never readable yet."""
    found = compared(lake, source, Checkpoint(), verify=False)
    before = found.before.select(*KEY, "reason", is_known=True)
    was_unreadable = (
        pl.col("reason").is_in([*files.PARSER_FAULT_NAMES, Reason.UNREADABLE.value]).fill_null(value=False)
    )
    why = (
        pl.when(was_unreadable)
        .then(pl.lit(UNREAD))
        .when("is_known")
        .then(pl.lit(OTHER))
        .otherwise(pl.lit(NEW))
    )
    return found.differing.join(before, on=KEY, how="left").with_columns(why=why, from_raw=False)


def _failed(lake: Lake, source: Source) -> pl.DataFrame:
    rejects = _rejects(lake, source.origin)
    there = listed(source).filter(pl.col("problem").is_null()).join(rejects.select(*KEY, "why"), on=KEY)
    elsewhere = rejects.join(there, on=KEY, how="anti")
    return pl.concat(
        [there.with_columns(from_raw=False), _held(lake, elsewhere).select(*FOUND, "why", "from_raw")]
    )


def _rejects(lake: Lake, origin: str) -> pl.DataFrame:
    rows = files.rejects(lake).filter(pl.col("origin") == origin)
    return rows.with_columns(problem=pl.lit(None, pl.String), why="rejected before: " + pl.col("reason"))


def _failed_of_gone(lake: Lake, origin: str) -> pl.DataFrame:
    return _held(lake, _rejects(lake, origin))


def _all(lake: Lake, source: Source) -> pl.DataFrame:
    found = listed(source)
    known = files.live_rows(lake, found)
    size_and_time = [pl.col(name).alias(f"{name}_known") for name in ("size", "mtime_ns", "blob")]
    both = found.join(known.select(*KEY, *size_and_time, "published_at", "source_id"), on=KEY, how="left")
    same_stat = (pl.col("size") == pl.col("size_known")) & pl.col("mtime_ns").eq_missing(
        pl.col("mtime_ns_known")
    )
    is_same = (
        pl.when(pl.col("blob").is_null()).then(same_stat).otherwise(pl.col("blob") == pl.col("blob_known"))
    )
    is_known = pl.col("size_known").is_not_null()
    why = pl.when(is_same).then(pl.lit(AGAIN)).when(is_known).then(pl.lit(OTHER)).otherwise(pl.lit(NEW))
    told = {"day": pl.col("published_at").dt.date(), "source_id": pl.col("source_id")}
    as_known = {name: pl.when(is_same).then(column) for name, column in told.items()}
    return both.with_columns(why=why, from_raw=False, **as_known)


def _all_of_gone(lake: Lake, origin: str) -> pl.DataFrame:
    rows = files.live_files(lake, origin)
    known = files.live_rows(lake, rows).filter(pl.col("outcome") != Outcome.IGNORED.value)
    return _held(lake, known.with_columns(why=pl.lit(AGAIN), day=pl.col("published_at").dt.date()))


def _held(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    """Keep the files whose bytes raw holds."""
    held = files.stored_blobs(lake, rows["blob"])
    problem = pl.lit(None, pl.String)
    return rows.join(held, on="blob", how="semi", maintain_order="left").with_columns(
        from_raw=True, problem=problem
    )


def _nothing(lake: Lake, origin: str) -> pl.DataFrame:  # noqa: ARG001 - as the others
    """What is missing of a place that is gone, nobody knows."""
    return pl.DataFrame(schema=CANDIDATE)


OfPlace = Callable[[Lake, Source], pl.DataFrame]
OfGone = Callable[[Lake, str], pl.DataFrame]
_CHOICES: Mapping[BackfillMode, tuple[OfPlace, OfGone]] = {
    BackfillMode.MISSING: (_missing, _nothing),
    BackfillMode.FAILED: (_failed, _failed_of_gone),
    BackfillMode.ALL: (_all, _all_of_gone),
}
