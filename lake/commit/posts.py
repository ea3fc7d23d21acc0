"""What a settled batch makes of the stored posts: the rows that stand, and the versions that do not."""

from dataclasses import dataclass
from operator import attrgetter

import polars as pl

from lake.batch import KEY, NAME, READING
from lake.commit.moved import moved_by, where_it_ended
from lake.commit.reopened import away, last_revisions, others
from lake.commit.resolve import Settlement
from lake.commit.version_chain import Version, lived
from lake.store import Lake
from schemas.enums import Reason
from schemas.tables import columns as schema_of
from schemas.tables import empty

STORED = ["post_id", *KEY, "blob", "version_at", "withdrawn_at"]
# a post, and what names the partition that it is stored in
PLACE = ["post_id", "source_id", "date"]
# set for each version by what came and went, not by what its file says
VERSION = ["blob", "version_at", "withdrawn_at"]
LIFE = [*KEY, "version_at", "withdrawn_at", "superseded_at", "superseded_by"]
_REVISIONS = schema_of("revisions")
# what a reading gives, whichever run did it
_READ = [
    name for name in schema_of("posts") if name not in {"post_id", "blob", *LIFE, "run_id", "ingested_at"}
]
# a version as frames hold it: its post, then the fields of lives.Version
SCHEMA = {"post_id": pl.String(), "row": pl.Int64()} | {
    name: _REVISIONS[name] for name in (*VERSION, "superseded_at", "superseded_by")
}


@dataclass(frozen=True, slots=True)
class Turnover:
    """What is to be written: `posts`, all rows of the partitions `affected`, and the `past` versions, for revisions.

    Where a post that was away is touched, or a stored version turns out never to have been, so that the revision that
    it followed goes on, `past` has all that stays of the partitions `revised`, which such revisions lie in. `moved` is
    for the batch that follows. `unread` are the files (rows of the ledger) that tell a version and that neither the
    batch nor the lake holds the reading of; as long as there are any, nothing can be written.
    """

    affected: pl.DataFrame
    posts: pl.DataFrame
    past: pl.DataFrame
    revised: pl.DataFrame
    moved: pl.DataFrame
    unread: pl.DataFrame


def turnover(lake: Lake, settled: Settlement, readings: pl.DataFrame, moved: pl.DataFrame) -> Turnover:
    """Hold what a batch settled against the stored posts. `readings` are the posts rows that were read for it.

    `moved` is what the turnover of the batch before gave, of the same run: none (moved.SCHEMA) for the first.
    """
    partition = lake.partition_of("posts")
    held = _held(lake, settled)
    versions = where_it_ended(_versions(settled, held.stored, held.ended), moved)
    as_stored = _as_stored(versions, held.stored, readings)
    changed = versions.join(as_stored, on=["post_id", "version_at"], how="anti")
    reopened = held.ended.join(versions, on=["post_id", "version_at"], how="semi")
    known = pl.concat([held.stored, lake.fitted("posts", reopened)]).drop(lake.granularity)
    written = _with_contents(changed, known, readings)
    rows, stands = (
        lake.with_period(written),
        pl.all_horizontal(pl.col("superseded_at", "withdrawn_at").is_null()),
    )
    current = lake.fitted("posts", rows.filter(stands))
    leaving = held.posts.join(changed, on="post_id", how="semi")
    affected = pl.concat([current.select(partition), leaving.select(partition)]).unique().sort(partition)
    staying = held.posts.join(affected, on=partition, how="semi").join(changed, on="post_id", how="anti")
    revised = pl.concat([reopened, held.away.join(changed, on="post_id", how="semi")])
    past = lake.fitted("revisions", rows.filter(~stands))
    return Turnover(
        affected=affected,
        posts=pl.concat([staying, current]).sort(*partition, "published_at", "post_id"),
        past=pl.concat([past, others(lake, revised)]),
        revised=revised.select(partition).unique(),
        moved=moved_by(settled.choices, versions, settled.rows, moved),
        unread=_unread(settled, changed, written),
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """What the lake has of the touched posts.

    `posts`: all rows of the partitions of posts that they may lie in. `away`: the rows of revisions of those that are
    withdrawn. `stored`: the last version of each, from either, as rows of posts. `ended`: revisions that may go on.
    """

    posts: pl.DataFrame
    away: pl.DataFrame
    stored: pl.DataFrame
    ended: pl.DataFrame


def _held(lake: Lake, settled: Settlement) -> _Held:
    partition = lake.partition_of("posts")
    touched = pl.DataFrame({"post_id": list(settled.choices)}, schema={"post_id": pl.String})
    told = settled.places.join(touched, on="post_id", how="semi")
    places = pl.concat([told, _remembered(lake, settled), _withdrawn(lake, touched)])
    read = lake.with_period(places).select(partition).unique()
    posts = lake.rows_in("posts", read)
    withdrawn = away(lake, touched)
    stored = pl.concat([posts.join(touched, on="post_id", how="semi"), lake.fitted("posts", withdrawn)])
    ended = last_revisions(lake, settled.choices, stored)
    # a revision that goes on is a row of posts again, maybe in a partition of which no file tells any more
    elsewhere = pl.concat([withdrawn, ended]).select(partition).unique().join(read, on=partition, how="anti")
    return _Held(pl.concat([posts, lake.rows_in("posts", elsewhere)]), withdrawn, stored, ended)


def _as_stored(versions: pl.DataFrame, stored: pl.DataFrame, readings: pl.DataFrame) -> pl.DataFrame:
    """Find the current versions that are as the lake has them, and read as they did."""
    alike = stored.join(_read_otherwise(stored, readings), on="post_id", how="anti")
    current = versions.filter(pl.col("superseded_at").is_null())
    return current.join(alike, on=STORED, how="semi", nulls_equal=True)


def _read_otherwise(stored: pl.DataFrame, readings: pl.DataFrame) -> pl.DataFrame:
    """Find the stored posts of which the same file reads otherwise by now: another version of postlake read it."""
    again = readings.with_columns(NAME).unique(READING, keep="first").select(*READING, *_READ)
    both = stored.with_columns(NAME).join(again, on=READING, suffix="_again")
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_again")) for name in _READ]
    return both.filter(pl.any_horizontal(differs)).select("post_id")


def _remembered(lake: Lake, settled: Settlement) -> pl.DataFrame:
    """Find the posts that an unreadable file keeps: the file that told their last version may tell another post by now."""
    is_unreadable = pl.col("reason").eq_missing(pl.lit(Reason.UNREADABLE.value))
    kept = settled.rows.filter(is_unreadable).select("post_id").drop_nulls().unique()
    if kept.is_empty():
        return empty("posts").select(PLACE)
    return lake.scan("posts").join(kept.lazy(), on="post_id", how="semi").select(PLACE).collect()


def _withdrawn(lake: Lake, touched: pl.DataFrame) -> pl.DataFrame:
    """Find the withdrawn posts that an older postlake left in posts: no ledger row tells where their file's edit did."""
    files = lake.partition_files("posts")
    if "null_count.withdrawn_at" not in files.columns or touched.is_empty():
        return empty("posts").select(PLACE)
    if files.filter(pl.col("null_count.withdrawn_at") < pl.col("num_records")).is_empty():
        return empty("posts").select(PLACE)
    withdrawn = lake.scan_stored("posts").filter(pl.col("withdrawn_at").is_not_null())
    return withdrawn.join(touched.lazy(), on="post_id", how="semi").select(PLACE).collect()


def _versions(settled: Settlement, stored: pl.DataFrame, revisions: pl.DataFrame) -> pl.DataFrame:
    """Return the versions of each touched post since the stored one, with the file that tells each.

    A version that is as the lake has it keeps the file that it had, `stored_origin` and `stored_path`.
    """
    blobs = settled.rows["blob"].to_list()
    known = {row[0]: Version(None, *row[1:]) for row in stored.select("post_id", *VERSION).iter_rows()}
    before = {
        row[0]: Version(None, *row[1:])
        for row in revisions.select("post_id", *VERSION, "superseded_at", "superseded_by").iter_rows()
    }
    lives = dict[str, list[Version]]()
    for post_id, choices in settled.choices.items():
        told = [(at, row, None if row is None else blobs[row]) for at, row in choices]
        lives[post_id] = lived(known.get(post_id), told, before.get(post_id))
    versions = _frame(lives)
    files = settled.rows.select(*KEY, NAME, row=pl.int_range(pl.len()))
    places = pl.concat([rows.select("post_id", "version_at", *KEY) for rows in (stored, revisions)])
    places = places.rename({"origin": "stored_origin", "path": "stored_path"})
    return (
        versions.join(files, on="row", how="left")
        .join(places, on=["post_id", "version_at"], how="left")
        .with_columns(origin=pl.coalesce("origin", "stored_origin"), path=pl.coalesce("path", "stored_path"))
    )


def _frame(lives: dict[str, list[Version]]) -> pl.DataFrame:
    """Return versions as a frame, built by column."""
    versions = [version for life in lives.values() for version in life]
    of_posts = [post_id for post_id, life in lives.items() for _ in life]
    columns = {name: list(map(attrgetter(name), versions)) for name in SCHEMA if name != "post_id"}
    return pl.DataFrame({"post_id": of_posts, **columns}, schema=SCHEMA)


def _with_contents(versions: pl.DataFrame, stored: pl.DataFrame, readings: pl.DataFrame) -> pl.DataFrame:
    """Return versions as rows of revisions: what was read, under the path and the times of the version.

    `stored` are rows that the lake has of these posts. A version whose reading is nowhere at hand is left out.
    """
    told, as_stored = versions.filter(pl.col("row").is_not_null()), versions.filter(pl.col("row").is_null())
    read = readings.with_columns(NAME).unique(READING, keep="first").drop("post_id", *LIFE, strict=False)
    fresh = told.join(read, on=READING)
    held = stored.with_columns(NAME).drop(*KEY, "withdrawn_at")
    unread = told.join(read, on=READING, how="anti")
    alike = held.unique(["post_id", *READING], keep="first", maintain_order=True).drop("version_at")
    moved = unread.join(alike, on=["post_id", *READING])
    # a file that moved to another place tells another post there, in the same words
    elsewhere = unread.join(moved, on=["post_id", "version_at"], how="anti")
    elsewhere = elsewhere.join(alike.unique(READING, keep="first").drop("post_id"), on=READING)
    kept = as_stored.join(held.drop("name", "blob"), on=["post_id", "version_at"])
    parts = [
        part.select(pl.col(name) for name in _REVISIONS if name in part.columns)
        for part in (fresh, moved, elsewhere, kept)
    ]
    return pl.concat([empty("revisions"), *parts], how="diagonal")


def _unread(settled: Settlement, versions: pl.DataFrame, written: pl.DataFrame) -> pl.DataFrame:
    missing = versions.join(written, on=["post_id", "version_at"], how="anti")["row"].drop_nulls()
    return settled.rows[missing]
