"""The files that a backfill may read, before their heads are parsed."""

from collections.abc import Callable, Mapping

import polars as pl

from flows.pipeline.planning.changes import FILE_SCHEMA
from flows.pipeline.planning.diff import diff_source, list_files
from flows.pipeline.sources.base import Source
from flows.pipeline.sources.known import KnownSources
from lake.batch import KEY, Checkpoint
from lake.store import Lake
from lake.tables import files
from schemas.enums import BackfillMode, Outcome

# `day` and `source_id` come from the `files` table; null where the head of the file must be parsed to know
# them
CANDIDATE_SCHEMA = FILE_SCHEMA | {
    "from_raw": pl.Boolean,
    "why": pl.String,
    "day": pl.Date,
    "source_id": pl.String,
}
NEW, CHANGED, RETRY_UNREADABLE = (
    "new to the lake",
    "other content than the lake has read",
    "could not be read before",
)
REPARSE = "read again"


def find_candidates(lake: Lake, known_sources: KnownSources, mode: BackfillMode) -> pl.DataFrame:
    """Return the candidate files of a mode in some sources: CANDIDATE_SCHEMA."""
    from_source, from_unavailable = _CANDIDATES_BY_MODE[mode]
    available_rows = [from_source(lake, source) for source in known_sources.available]
    unavailable_rows = [from_unavailable(lake, origin) for origin in known_sources.unavailable]
    no_rows = pl.DataFrame(schema=CANDIDATE_SCHEMA)
    return pl.concat(
        [no_rows, *(rows.select(_candidate_columns(rows)) for rows in [*available_rows, *unavailable_rows])]
    )


def _candidate_columns(rows: pl.DataFrame) -> list[pl.Expr]:
    existing_columns = rows.columns
    return [
        (pl.col(name) if name in existing_columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in CANDIDATE_SCHEMA.items()
    ]


def _missing(lake: Lake, source: Source) -> pl.DataFrame:
    """Return the files that an ingest would read: new, changed, or never readable before."""
    diff = diff_source(lake, source, Checkpoint(), verify=False)
    previous_rows = diff.previous_rows.select(*KEY, "reason", is_known=True)
    was_unreadable = pl.col("reason").is_in(files.RETRIED_REASONS).fill_null(value=False)
    why = (
        pl.when(was_unreadable)
        .then(pl.lit(RETRY_UNREADABLE))
        .when("is_known")
        .then(pl.lit(CHANGED))
        .otherwise(pl.lit(NEW))
    )
    return diff.changed.join(previous_rows, on=KEY, how="left").with_columns(why=why, from_raw=False)


def _failed(lake: Lake, source: Source) -> pl.DataFrame:
    rejects = _rejects(lake, source.origin)
    available_files = (
        list_files(source).filter(pl.col("problem").is_null()).join(rejects.select(*KEY, "why"), on=KEY)
    )
    unavailable_files = rejects.join(available_files, on=KEY, how="anti")
    return pl.concat(
        [
            available_files.with_columns(from_raw=False),
            _stored_in_raw(lake, unavailable_files).select(*FILE_SCHEMA, "why", "from_raw"),
        ]
    )


def _rejects(lake: Lake, origin: str) -> pl.DataFrame:
    rows = files.rejects(lake).filter(pl.col("origin") == origin)
    return rows.with_columns(problem=pl.lit(None, pl.String), why="rejected before: " + pl.col("reason"))


def _failed_of_unavailable(lake: Lake, origin: str) -> pl.DataFrame:
    return _stored_in_raw(lake, _rejects(lake, origin))


def _all(lake: Lake, source: Source) -> pl.DataFrame:
    found_files = list_files(source)
    stored_rows = files.live_rows(lake, found_files)
    size_and_time = [pl.col(name).alias(f"{name}_known") for name in ("size", "mtime_ns", "blob")]
    joined = found_files.join(
        stored_rows.select(*KEY, *size_and_time, "published_at", "source_id"), on=KEY, how="left"
    )
    same_stat = (pl.col("size") == pl.col("size_known")) & pl.col("mtime_ns").eq_missing(
        pl.col("mtime_ns_known")
    )
    is_same = (
        pl.when(pl.col("blob").is_null()).then(same_stat).otherwise(pl.col("blob") == pl.col("blob_known"))
    )
    is_known = pl.col("size_known").is_not_null()
    why = pl.when(is_same).then(pl.lit(REPARSE)).when(is_known).then(pl.lit(CHANGED)).otherwise(pl.lit(NEW))
    stored_columns = {"day": pl.col("published_at").dt.date(), "source_id": pl.col("source_id")}
    known_columns = {name: pl.when(is_same).then(column) for name, column in stored_columns.items()}
    return joined.with_columns(why=why, from_raw=False, **known_columns)


def _all_of_unavailable(lake: Lake, origin: str) -> pl.DataFrame:
    live_rows = files.live_files(lake, origin)
    stored_rows = files.live_rows(lake, live_rows).filter(pl.col("outcome") != Outcome.IGNORED.value)
    return _stored_in_raw(
        lake, stored_rows.with_columns(why=pl.lit(REPARSE), day=pl.col("published_at").dt.date())
    )


def _stored_in_raw(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose bytes are in the `raw` table."""
    stored_blobs = files.stored_blobs(lake, rows["blob"])
    problem = pl.lit(None, pl.String)
    return rows.join(stored_blobs, on="blob", how="semi", maintain_order="left").with_columns(
        from_raw=True, problem=problem
    )


def _none_of_unavailable(lake: Lake, origin: str) -> pl.DataFrame:  # noqa: ARG001 - common signature
    """Return no rows: which files of an unavailable source are missing is not known."""
    return pl.DataFrame(schema=CANDIDATE_SCHEMA)


SourceCandidates = Callable[[Lake, Source], pl.DataFrame]
UnavailableCandidates = Callable[[Lake, str], pl.DataFrame]
_CANDIDATES_BY_MODE: Mapping[BackfillMode, tuple[SourceCandidates, UnavailableCandidates]] = {
    BackfillMode.MISSING: (_missing, _none_of_unavailable),
    BackfillMode.FAILED: (_failed, _failed_of_unavailable),
    BackfillMode.ALL: (_all, _all_of_unavailable),
}
