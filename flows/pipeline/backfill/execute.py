"""A stored plan followed: what of it is still to be done, and what is not as it was planned."""

import datetime as dt
from dataclasses import dataclass, replace

import polars as pl

from flows.pipeline.backfill.request import Forecast
from flows.pipeline.backfill.select import reading
from flows.pipeline.code import code_version
from flows.pipeline.planning.diff import FOUND, listed
from flows.pipeline.planning.plan import Plan, at, with_readers
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.known import Places
from lake.batch import KEY, Run
from lake.store import Lake
from lake.tables import files as files_table
from posts.post import Refusal
from posts.sources.files import File
from schemas.enums import BackfillMode, Reason
from schemas.keys import blob_id

LEFT = {"origin": pl.String, "path": pl.String, "what": pl.String}
WENT, CHANGED = "is not there any more", "is another file now"
NO_BYTES = "raw no longer holds its bytes"


@dataclass(frozen=True, slots=True)
class Following:
    """What a run does of a plan, and the files that it leaves out, with the reason: LEFT."""

    plan: Plan
    left: pl.DataFrame


def following(lake: Lake, run: Run, places: Places, forecast: Forecast, files: pl.DataFrame) -> Following:
    """Hold the files of a plan (Planned) against their places. What was read since it was made is not read again."""
    there, left = _still_there(lake, places, files)
    mode, made_at = BackfillMode(forecast.mode), dt.datetime.fromisoformat(forecast.made_at)
    known = files_table.live_rows(lake, there)
    todo = there.join(_read_since(known, mode, made_at), on=[*KEY, "blob"], how="anti")
    again = reading(lake, run, places, todo)
    at_hand = _at_hand(lake, todo, mode)
    before = known.select(files_table.LIVE_COLUMNS).join(todo, on=KEY, how="semi")
    edited = before.join(todo, on=[*KEY, "blob"], how="anti")
    return Following(
        replace(
            again,
            found=there.height,
            todo=again.todo.join(at_hand, on=KEY, how="anti", maintain_order="left"),
            known=with_readers(
                at_hand.select(*FOUND), before, before.clear().select(*KEY, "run_id", "read_at"), run
            ),
            edited=at(edited, again.moments),
            scope=there.select(KEY),
            is_again=mode is not BackfillMode.MISSING,
            learns=mode is BackfillMode.MISSING,
            plan_id=forecast.plan_id,
        ),
        left,
    )


def _still_there(lake: Lake, places: Places, files: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the files of a plan: those that are as they were (FOUND, from_raw), and the others (LEFT)."""
    raw, of_place = files.filter("from_raw"), files.filter(~pl.col("from_raw"))
    held = raw.join(files_table.stored_blobs(lake, raw["blob"]), on="blob", how="semi")
    found = pl.concat(
        [
            pl.DataFrame(schema=FOUND),
            *(listed(each).join(of_place, on=KEY, how="semi") for each in places.sources),
        ]
    )
    as_planned = of_place.select(*KEY, size_planned="size", mtime_planned="mtime_ns", blob_planned="blob")
    both = _named(places, found.join(as_planned, on=KEY))
    same = both.filter(pl.col("blob").eq_missing(pl.col("blob_planned")))
    there = pl.concat(
        [
            same.select(*FOUND, from_raw=pl.lit(value=False)),
            held.with_columns(problem=pl.lit(None, pl.String)).select(*FOUND, "from_raw"),
        ]
    )
    left = [
        _left(of_place.join(found, on=KEY, how="anti"), WENT),
        _left(both.join(same, on=KEY, how="anti"), CHANGED),
        _left(raw.join(held, on=KEY, how="anti"), NO_BYTES),
    ]
    return there, pl.concat(left).sort(KEY)


def _named(places: Places, both: pl.DataFrame) -> pl.DataFrame:
    """Name the contents of files: as planned where size and time are, else by reading them."""
    same_stat = (pl.col("size") == pl.col("size_planned")) & pl.col("mtime_ns").eq_missing(
        pl.col("mtime_planned")
    )
    named = both.with_columns(
        blob=pl.when(same_stat).then(pl.coalesce("blob", "blob_planned")).otherwise("blob")
    )
    doubtful = named.filter(pl.col("blob").is_null() & ~same_stat)
    read = [_read(source, doubtful.filter(pl.col("origin") == source.origin)) for source in places.sources]
    return pl.concat([named.join(doubtful, on=KEY, how="anti"), *read])


def _read(source: Source, files: pl.DataFrame) -> pl.DataFrame:
    contents = source.contents(File(*row) for row in files.select(*FOUND).iter_rows())
    # what cannot be read now is none that was planned
    blobs = ["" if isinstance(content, Refusal) else blob_id(content) for content in contents]
    return files.with_columns(pl.Series("blob", blobs, pl.String))


def _left(files: pl.DataFrame, what: str) -> pl.DataFrame:
    return files.select(*KEY, what=pl.lit(what))


def _read_since(known: pl.DataFrame, mode: BackfillMode, made_at: dt.datetime) -> pl.DataFrame:
    """Return the rows of the ledger that another run has read since a plan was made."""
    is_read = pl.col("reason").ne_missing(pl.lit(Reason.UNREADABLE.value))
    if mode is not BackfillMode.MISSING:
        is_read &= pl.col("read_at") > made_at
    return known.filter(is_read)


def _at_hand(lake: Lake, todo: pl.DataFrame, mode: BackfillMode) -> pl.DataFrame:
    """Return the files whose content the lake has read under that name: none where all are to be read again."""
    if mode is not BackfillMode.MISSING:
        return todo.clear()
    return files_table.already_parsed(lake, todo.filter(pl.col("blob").is_not_null()), code_version())
