"""Settle a batch against the ledger: who tells each post from when on, and what the ledger says then."""

import datetime as dt
from dataclasses import dataclass

import polars as pl

from lake.batch import KEY, NAME, READING, Batch
from lake.commit.election import Choice, Event, Files, Replay, Timeline
from lake.store import Lake
from lake.tables.files import IS_THERE
from schemas.enums import Outcome, Reason
from schemas.keys import post_id_at
from schemas.tables import columns as schema_of

# what a file tells, whatever path it is found under
TOLD = ["outcome", "reason", "field", "detail", "post_id", "source_id", "published_at", "text_chars"]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a batch means.

    `ledger`: the rows to write. `choices`: for each post that the batch touches, which row of `rows` tells it
    from when on. `places`: (post_id, source_id, date) where these posts are or will be stored, as far as files tell.
    """

    ledger: pl.DataFrame
    choices: dict[str, list[Choice]]
    rows: pl.DataFrame
    places: pl.DataFrame


def told(lake: Lake, batch: Batch, refused: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Complete the sightings whose content is known; give apart those of which nothing is known after all.

    A known content is told by another file of the batch, of the ledger, or among `refused`, what this run
    has refused, with the same blob and file name. What names no page is another post at another place.
    """
    is_incomplete = pl.col("outcome").is_null()
    read, rest = batch.sightings.filter(~is_incomplete), batch.sightings.filter(is_incomplete)
    if rest.is_empty():
        return read, rest
    before = _among(lake, ["blob"], rest.select("blob").unique())
    before = before.sort("read_at", *KEY, descending=[True, False, False])
    tellers = pl.concat(
        [rows.select(*TOLD, "blob", NAME, known_path="path") for rows in (read, before, refused)]
    )
    tellers = tellers.filter(pl.col("blob").is_not_null()).unique(READING, keep="first", maintain_order=True)
    is_refused = pl.col("reason").is_not_null()
    tellers = tellers.with_columns(
        outcome=pl.when(is_refused).then("outcome").otherwise(pl.lit(Outcome.POST.value)),
        detail=pl.when(is_refused).then("detail"),
    )
    completed = (
        rest.drop(TOLD).with_columns(NAME).join(tellers, on=READING, how="left", maintain_order="left")
    )
    completed = _at_their_places(completed).select(batch.sightings.columns)
    return pl.concat([read, completed.filter(~is_incomplete)]), completed.filter(is_incomplete)


def _at_their_places(completed: pl.DataFrame) -> pl.DataFrame:
    """Return files the ids of the posts that they tell at their own paths, known those of the same contents at others."""
    columns = completed.select("path", "post_id", "source_id", "known_path").iter_rows()
    ids = [None if row[1] is None else post_id_at(*row) for row in columns]
    return completed.with_columns(pl.Series("post_id", ids, pl.String))


def settle(lake: Lake, batch: Batch) -> Settlement:
    """Play a batch, its sightings completed, on top of the ledger. Reads the ledger only; writes nothing."""
    keys = pl.concat([batch.sightings.select(KEY), batch.gone.select(KEY)]).unique()
    prior = _among(lake, KEY, keys)
    posts = pl.concat([batch.sightings["post_id"], prior["post_id"]]).drop_nulls().unique().to_frame()
    related = _among(lake, ["post_id"], posts).join(keys, on=KEY, how="anti")
    before = pl.concat([prior, related])
    standing = before.filter(IS_THERE)
    rows = pl.concat([standing, _remembered(batch.sightings, standing)])
    timeline = _play(rows, standing, batch)
    return Settlement(
        ledger=_ledger(rows, prior, standing.height, timeline),
        choices=timeline.choices,
        rows=rows,
        places=_places(pl.concat([before, batch.sightings])),
    )


def _among(lake: Lake, columns: list[str], values: pl.DataFrame) -> pl.DataFrame:
    """Read the ledger rows, gone ones included, whose columns are among the values."""
    rows = lake.scan("files").select(schema_of("files").names())
    if lake.table("files").version() == 0 or values.is_empty():
        return rows.head(0).collect()
    return rows.join(values.lazy(), on=columns, how="semi").collect()


def _remembered(sightings: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """Keep, for a file that cannot be read for a while, which post it told while it could."""
    told_before = standing.select(*KEY, "post_id", "source_id", "published_at", "text_chars")
    is_unreadable = pl.col("reason").eq_missing(pl.lit(Reason.UNREADABLE.value))
    unreadable = sightings.filter(is_unreadable).drop(told_before.columns[len(KEY) :])
    remembered = unreadable.join(told_before, on=KEY, how="left").select(sightings.columns)
    return pl.concat([sightings.filter(~is_unreadable), remembered])


def _play(rows: pl.DataFrame, standing: pl.DataFrame, batch: Batch) -> Timeline:
    files = Files.of(rows)
    came = rows["first_seen_at"].to_list()
    arrivals: list[Event] = [(came[row], files.key[row], row) for row in range(standing.height, rows.height)]
    departures: list[Event] = [
        (moment, (origin, path), None) for origin, path, moment in batch.gone.iter_rows()
    ]
    doomed = standing.with_row_index("row").join(batch.doomed, on=KEY, how="semi")["row"]
    return Replay(files, standing.height, doomed).play([*departures, *arrivals])


def _ledger(rows: pl.DataFrame, prior: pl.DataFrame, standing: int, timeline: Timeline) -> pl.DataFrame:
    """Return the rows of files that came or went, and those of others whose part in a post is another now."""
    final = _final(rows, timeline)
    seen_at = rows.schema["first_seen_at"]
    came = _by_key([(*key, moment) for key, moment in timeline.came.items()], came=seen_at)
    elected = _elected(final, rows, timeline)
    is_changed = (
        (pl.col("row") >= standing)
        | pl.col("gone_at").is_not_null()
        | pl.col("outcome").ne_missing(pl.col("outcome_before"))
        | pl.col("detail").ne_missing(pl.col("detail_before"))
    )
    first = pl.coalesce("seen_before", "came", "first_seen_at")
    return (
        elected.filter(is_changed)
        .join(prior.select(*KEY, seen_before="first_seen_at"), on=KEY, how="left")
        .join(came, on=KEY, how="left")
        .with_columns(first_seen_at=first)
        .select(rows.columns)
    )


def _final(rows: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """Return the last row of each file: `row`, its place in rows, and the columns of the ledger."""
    went = [(row, moment) for row, moment in timeline.went.values()]
    index = [*timeline.there.values(), *(row for row, _ in went)]
    gone_at = [*[None] * len(timeline.there), *(moment for _, moment in went)]
    ended = pl.Series("gone_at", gone_at, rows.schema["gone_at"])
    return rows[index].with_columns(ended, row=pl.Series(index, dtype=pl.Int64))


def _elected(final: pl.DataFrame, rows: pl.DataFrame, timeline: Timeline) -> pl.DataFrame:
    """Set outcome and detail as they are, or were when a file went: one `post` per post, the others `duplicate` of it."""
    chosen = [_chosen(timeline, *row) for row in final.select("post_id", "gone_at").iter_rows()]
    named = rows.select(chosen_origin="origin", chosen_path="path", chosen=pl.int_range(pl.len()))
    compared = final.with_columns(
        pl.Series("chosen", chosen, pl.Int64), outcome_before="outcome", detail_before="detail"
    ).join(named, on="chosen", how="left", maintain_order="left")
    twin_of = (
        pl.when(pl.col("origin") == pl.col("chosen_origin"))
        .then("chosen_path")
        .otherwise(pl.concat_str("chosen_origin", pl.lit("/"), "chosen_path"))
    )
    is_chosen = pl.col("row") == pl.col("chosen")
    takes_part = pl.col("chosen").is_not_null() & pl.col("reason").is_null()
    outcome = pl.when(is_chosen).then(pl.lit(Outcome.POST.value)).otherwise(pl.lit(Outcome.DUPLICATE.value))
    detail = pl.when(~is_chosen).then(pl.lit("of ") + twin_of)
    return compared.with_columns(
        outcome=pl.when(takes_part).then(outcome).otherwise("outcome"),
        detail=pl.when(takes_part).then(detail).otherwise("detail"),
    )


def _chosen(timeline: Timeline, post_id: str | None, gone_at: dt.datetime | None) -> int | None:
    choices = timeline.choices.get(post_id, ()) if post_id else ()
    return next((row for at, row in reversed(choices) if gone_at is None or at < gone_at), None)


def _by_key(values: list[tuple[object, ...]], **column: pl.DataType) -> pl.DataFrame:
    return pl.DataFrame(values, schema={**dict.fromkeys(KEY, pl.String()), **column}, orient="row")


def _places(rows: pl.DataFrame) -> pl.DataFrame:
    """Where the posts that these files tell, or told, may be stored."""
    return rows.select("post_id", "source_id", date=pl.col("published_at").dt.date()).drop_nulls().unique()
