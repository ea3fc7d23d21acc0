"""What the ledger has seen: the one value that travels back from the lake to the finding of files."""

import datetime as dt
from collections.abc import Collection, Iterable

import polars as pl

from lake.batch import KEY, NAME, READING
from lake.store import Lake
from lake.tables import runs
from schemas.enums import FAULTS_OF_CODE, Outcome, Reason

SEEN = [*KEY, "size", "mtime_ns", "blob", "reason", "run_id", "read_at"]
IS_THERE = pl.col("gone_at").is_null()
HAS_READING = pl.col("blob").is_not_null() & (
    pl.col("reason").is_null() | (pl.col("reason") != Reason.TOO_LARGE.value)
)
FAULTS = sorted(FAULTS_OF_CODE)


def seen(lake: Lake, origin: str) -> pl.DataFrame:
    """Return the files that an origin held at its last run: SEEN."""
    return _live(lake, [origin]).select(SEEN).collect()


def seen_among(lake: Lake, keys: pl.DataFrame) -> pl.DataFrame:
    """Return those of some files (KEY) that are there, as `seen` does."""
    rows = lake.scan("files").filter(IS_THERE).join(keys.lazy(), on=KEY, how="semi")
    return rows.select(SEEN).collect()


def origins(lake: Lake) -> list[str]:
    """Name the places of the files that are there."""
    rows = lake.scan("files").filter(IS_THERE).select("origin").unique().sort("origin").collect()
    return rows["origin"].to_list()


def count(lake: Lake, origin: str) -> int:
    """Count the files that an origin held at its last run."""
    return int(_live(lake, [origin]).select(pl.len()).collect().item())


def latest(lake: Lake, origin: str) -> dt.datetime | None:
    """Return the last moment at which a file of an origin came or went."""
    moments = lake.scan("files").filter(pl.col("origin") == origin).select("first_seen_at", "gone_at").max()
    return moments.select(pl.max_horizontal("first_seen_at", "gone_at")).collect().item()  # type: ignore[no-any-return]  # of a moment


def unsettled(lake: Lake, origin: str, code: str) -> bool:
    """Tell whether some file of an origin is to be tried again by a version of the code."""
    return not _live(lake, [origin]).filter(~is_settled(lake, code)).head(1).collect().is_empty()


def known(lake: Lake, files: pl.DataFrame, code: str) -> pl.DataFrame:
    """Return those of some files, with `blob` and `path`, whose content the lake has read under that name.

    What another version of the code failed at is not known to this one.
    """
    if files.is_empty() or lake.table("files").version() == 0:
        return files.clear()
    blobs = files.lazy().select("blob").unique()
    has_reading = HAS_READING & is_settled(lake, code)
    read = lake.scan("files").filter(has_reading).select("blob", "path").join(blobs, on="blob", how="semi")
    named = files.lazy().with_columns(NAME)
    return named.join(read.select("blob", NAME), on=READING, how="semi").drop("name").collect()


def readings(lake: Lake, without: pl.DataFrame, code: str) -> pl.DataFrame:
    """Return the contents of posts and rejects that the lake has read and keeps, leaving out some files: READING.

    What another version of the code failed at is not among them.
    """
    is_kept = HAS_READING & (pl.col("outcome") != Outcome.IGNORED.value) & is_settled(lake, code)
    kept = lake.scan("files").filter(is_kept)
    return kept.join(without.lazy(), on=KEY, how="anti").select("blob", NAME).unique().collect()


def read_by(lake: Lake, run_id: str) -> dict[str, int]:
    """Count the outcomes of the files that a run was the last to read; each of the closed list is named."""
    read = lake.scan("files").filter((pl.col("run_id") == run_id) & IS_THERE)
    counted = dict(read.group_by("outcome").len().collect().iter_rows())
    return {outcome.value: counted.get(outcome.value, 0) for outcome in Outcome}


def rows_read_by(lake: Lake, run_id: str) -> pl.DataFrame:
    """Return the rows of the files that a run was the last to read."""
    return lake.scan("files").filter((pl.col("run_id") == run_id) & IS_THERE).collect()


def tellers(lake: Lake, post_ids: pl.Series) -> pl.DataFrame:
    """Return the rows of the files that tell some posts."""
    posts = post_ids.unique().to_frame("post_id").lazy()
    is_teller = (pl.col("outcome") == Outcome.POST.value) & IS_THERE
    return lake.scan("files").filter(is_teller).join(posts, on="post_id", how="semi").collect()


def telling(lake: Lake) -> pl.DataFrame:
    """Return the live files that tell a post, or did before they could not be read: KEY, post_id."""
    rows = lake.scan("files").filter(IS_THERE & pl.col("post_id").is_not_null())
    return rows.select(*KEY, "post_id").collect()


def told_by(lake: Lake, blobs: pl.Series) -> pl.Series:
    """Name the posts that some contents tell, or told, wherever they were."""
    rows = lake.scan("files").filter(pl.col("blob").is_in(blobs.unique().implode()))
    return rows.select("post_id").drop_nulls().unique().collect()["post_id"]


def posts_since(lake: Lake, moment: dt.datetime | None) -> int:
    """Count the posts among the live files that were read from a moment on; of all, without one."""
    posts = lake.scan("files").filter(IS_THERE & (pl.col("outcome") == Outcome.POST.value))
    since = posts if moment is None else posts.filter(pl.col("read_at") >= moment)
    return int(since.select(pl.len()).collect().item())


def not_read_by(lake: Lake, origins: Iterable[str], run_id: str) -> int:
    """Count the live files of some origins that a run did not read."""
    return int(_live(lake, origins).filter(pl.col("run_id") != run_id).select(pl.len()).collect().item())


def _live(lake: Lake, origins: Iterable[str]) -> pl.LazyFrame:
    return lake.scan("files").filter(pl.col("origin").is_in(list(origins)) & IS_THERE)


def rows_of(lake: Lake, keys: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of those of some files (KEY) that are there."""
    return lake.scan("files").filter(IS_THERE).join(keys.select(KEY).lazy(), on=KEY, how="semi").collect()


def reasons(lake: Lake, run_id: str) -> dict[str, int]:
    """Count the reasons of the files that a run rejected or ignored, most frequent first."""
    refused = lake.scan("files").filter(
        (pl.col("run_id") == run_id) & pl.col("reason").is_not_null() & IS_THERE
    )
    counted = refused.group_by("reason").len().sort("len", "reason", descending=[True, False]).collect()
    return dict(counted.iter_rows())


def is_settled(lake: Lake, code: str) -> pl.Expr:
    """Tell which files wait for a change; all others are tried again by every run.

    These could not be read, or another version of the code than this one failed at them.
    """
    failed_now = pl.col("reason").is_in(FAULTS) & pl.col("run_id").is_in(runs.of_code(lake, code).implode())
    is_readable = ~pl.col("reason").is_in([*FAULTS, Reason.UNREADABLE.value])
    return pl.col("reason").is_null() | is_readable | failed_now


def failures(lake: Lake, run_id: str) -> list[tuple[str, str, str]]:
    """Return the files that are there and that the code failed at when a run read them, in path order: path, reason, detail."""
    is_failure = pl.col("reason").is_in(FAULTS) & (pl.col("run_id") == run_id) & IS_THERE
    return lake.scan("files").filter(is_failure).sort(KEY).select("path", "reason", "detail").collect().rows()


def held(lake: Lake, blobs: pl.Series) -> pl.DataFrame:
    """Return those of some blobs whose bytes raw holds: blob."""
    return (
        lake.scan("raw").select("blob").join(blobs.to_frame("blob").lazy(), on="blob", how="semi").collect()
    )


def contents(lake: Lake, blobs: pl.Series) -> dict[str, bytes]:
    """Return the bytes of some blobs from raw; a blob that raw does not hold is left out."""
    rows = lake.scan("raw").filter(pl.col("blob").is_in(blobs.unique().implode()))
    return dict(rows.select("blob", "content").collect().iter_rows())


def rejects(lake: Lake, reasons: Collection[str] = (), since: dt.date | None = None) -> pl.DataFrame:
    """Return the rejected files that are still there, in path order: for some reasons, or all, and read since a day."""
    is_reject = (pl.col("outcome") == Outcome.REJECTED.value) & IS_THERE
    if reasons:
        is_reject &= pl.col("reason").is_in(list(reasons))
    if since is not None:
        is_reject &= pl.col("read_at").dt.date() >= since
    return lake.scan("files").filter(is_reject).sort(KEY).collect()
