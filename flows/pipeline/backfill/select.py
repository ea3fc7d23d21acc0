"""The files that a backfill is about: candidates whose heads tell a day and a source that were asked for."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from flows.pipeline.backfill.candidates import candidates
from flows.pipeline.backfill.request import Wish
from flows.pipeline.execution.heads import sightings
from flows.pipeline.planning.diff import FOUND
from flows.pipeline.planning.plan import BY_NAME, Plan, moment_of
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.known import Places
from flows.pipeline.sources.raw import Kept
from flows.pipeline.workers.pool import Workshop
from lake.batch import KEY, Run
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import runs
from schemas.enums import BackfillMode, Reason
from schemas.errors import MisuseError
from schemas.keys import normalize_source, source_id_of

# true of each row; Polars 2.1 does not spread a literal over a frame of several chunks that it filters
EVERY = pl.col("path").is_not_null()


@dataclass(frozen=True, slots=True)
class Scope:
    """The candidates of a plan, heads read: those it is about, and how many of no known day or source it is not about."""

    files: pl.DataFrame
    sighted: pl.DataFrame
    undated: int
    unnamed: int


def reading(lake: Lake, run: Run, places: Places, files: pl.DataFrame) -> Plan:
    """Return files (FOUND, from_raw) as ones to be read again, in the order of their names."""
    todo = files.sort(BY_NAME)
    return Plan(
        kind=runs.BACKFILL,
        sources=_sources(lake, places, todo),
        found=todo.height,
        todo=todo.select(*FOUND),
        moments=_moments(lake, run, places),
        scope=todo.select(KEY),
        is_again=True,
    )


def _sources(lake: Lake, places: Places, todo: pl.DataFrame) -> list[Source]:
    there: dict[str, Source | None] = {source.origin: source for source in places.sources}
    raw = todo.filter("from_raw")
    wanted = {**there, **dict.fromkeys(raw["origin"].unique().sort().to_list())} | there
    return [Kept(lake, raw.filter(pl.col("origin") == origin), place) for origin, place in wanted.items()]


def _moments(lake: Lake, run: Run, places: Places) -> dict[str, dt.datetime]:
    marks = runs.checkpoints_of(lake, places.origins)
    there = {each.origin: moment_of(lake, each, marks[each.origin], run) for each in places.sources}
    return dict.fromkeys(places.gone, run.started_at) | there


def scope_of(lake: Lake, run: Run, places: Places, wish: Wish, shop: Workshop) -> Scope:
    found = candidates(lake, places, wish.chosen)
    is_told = pl.col("day").is_not_null()
    read = found.filter(~is_told | (_is_in_range(wish) & _is_of(wish, "source_id")))
    sighted = sightings(lake, reading(lake, run, places, read), run, shop)
    if wish.chosen is not BackfillMode.MISSING:
        read, sighted = _from_raw_where_unreadable(lake, run, places, read, sighted, shop)
    files = _with_heads(read, sighted)
    if wish.chosen is BackfillMode.MISSING:
        files = files.join(files_table.live_rows(lake, files), on=[*KEY, "blob"], how="anti")
    _check_names(lake, wish, files)
    chosen = files.filter(_is_in_range(wish) & _is_of(wish, "source_id")).sort(BY_NAME)
    return Scope(
        chosen,
        sighted.join(chosen.select(KEY), on=KEY, how="semi"),
        files.filter(pl.col("day").is_null() & ~_is_in_range(wish)).height,
        files.filter(pl.col("source_id").is_null() & _is_in_range(wish) & ~_is_of(wish, "source_id")).height,
    )


def _with_heads(read: pl.DataFrame, sighted: pl.DataFrame) -> pl.DataFrame:
    """Return candidates the content that was seen, and the day and source that it tells where the ledger does not."""
    heads = sighted.select(*KEY, seen="blob", head_day="day", head_source="source_id")
    return (
        read.join(heads, on=KEY, maintain_order="left")
        .with_columns(
            blob=pl.coalesce("blob", "seen"),
            day=pl.coalesce("day", "head_day"),
            source_id=pl.coalesce("source_id", "head_source"),
        )
        .drop("seen", "head_day", "head_source")
    )


def _from_raw_where_unreadable(
    lake: Lake, run: Run, places: Places, read: pl.DataFrame, sighted: pl.DataFrame, shop: Workshop
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take from raw what cannot be read at its place and was before."""
    unread = sighted.filter(pl.col("reason") == Reason.UNREADABLE.value)
    known = files_table.live_rows(lake, unread)
    known = known.join(files_table.stored_blobs(lake, known["blob"]), on="blob", how="semi")
    if known.is_empty():
        return read, sighted
    told = read.select(*KEY, "why", "day", "source_id")
    instead = known.select(*KEY, "size", "mtime_ns", "blob").with_columns(
        problem=pl.lit(None, pl.String), from_raw=True
    )
    instead = instead.join(told, on=KEY).select(read.columns)
    again = sightings(lake, reading(lake, run, places, instead), run, shop)
    rest = (frame.join(instead, on=KEY, how="anti") for frame in (read, sighted))
    return tuple(pl.concat(pair) for pair in zip(rest, (instead, again), strict=True))  # type: ignore[return-value]  # of two


def _is_in_range(wish: Wish) -> pl.Expr:
    """A file of no known day is in no range, but where all are asked for."""
    is_in = EVERY
    if wish.since:
        is_in &= pl.col("day") >= wish.since
    if wish.until:
        is_in &= pl.col("day") <= wish.until
    return is_in.fill_null(value=False)


def _is_of(wish: Wish, column: str) -> pl.Expr:
    if not wish.only:
        return EVERY
    return pl.col(column).is_in(sorted(_source_ids(wish))).fill_null(value=False)


def _source_ids(wish: Wish) -> set[str]:
    """Return what was named as source_ids: a name may be one, or the name of which it is made."""
    return {*wish.only, *(source_id_of(normalize_source(name)) for name in wish.only)}


def _check_names(lake: Lake, wish: Wish, files: pl.DataFrame) -> None:
    tables = [lake.scan(name).select("source_id") for name in ("posts", "revisions")]
    stored = pl.concat(tables).unique().collect()["source_id"]
    known = {*stored, *files["source_id"].drop_nulls()}
    unknown = [
        name for name in wish.only if name not in known and source_id_of(normalize_source(name)) not in known
    ]
    if unknown:
        raise MisuseError(f"{', '.join(unknown)}: no such source, neither in {lake.root} nor among the files that were read; "
                          "`postlake info` lists those of the lake")  # fmt: skip
