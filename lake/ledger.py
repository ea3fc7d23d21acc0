"""What the ledger has seen: the one value that travels back from the lake to the finding of files."""

from collections.abc import Iterable

import polars as pl

from lake.batch import KEY
from lake.store import Lake
from schemas.words import Outcome, Reason

SEEN = [*KEY, "size", "mtime_ns", "blob", "reason"]


def seen(lake: Lake, origins: Iterable[str]) -> pl.DataFrame:
    """Give the files that some origins held at their last run: KEY, size, mtime_ns, blob, reason."""
    return _live(lake, origins).select(SEEN).collect()


def read_by(lake: Lake, run_id: str) -> dict[str, int]:
    """Count the outcomes of the files that a run was the last to read; each of the closed list is named."""
    read = lake.scan("files").filter((pl.col("run_id") == run_id) & pl.col("gone_at").is_null())
    counted = dict(read.group_by("outcome").len().collect().iter_rows())
    return {outcome.value: counted.get(outcome.value, 0) for outcome in Outcome}


def not_read_by(lake: Lake, origins: Iterable[str], run_id: str) -> int:
    """Count the live files of some origins that a run did not read."""
    return int(_live(lake, origins).filter(pl.col("run_id") != run_id).select(pl.len()).collect().item())


def _live(lake: Lake, origins: Iterable[str]) -> pl.LazyFrame:
    return lake.scan("files").filter(pl.col("origin").is_in(list(origins)) & pl.col("gone_at").is_null())


def reasons(lake: Lake, run_id: str) -> dict[str, int]:
    """Count the reasons of the files that a run rejected or ignored, most frequent first."""
    refused = lake.scan("files").filter((pl.col("run_id") == run_id) & pl.col("reason").is_not_null())
    counted = refused.group_by("reason").len().sort("len", "reason", descending=[True, False]).collect()
    return dict(counted.iter_rows())


def is_settled() -> pl.Expr:
    """A file that could not be read is tried again by every run; all others wait for a change."""
    return pl.col("reason").is_null() | (pl.col("reason") != Reason.UNREADABLE.value)


def held(lake: Lake, blobs: pl.Series) -> pl.DataFrame:
    """Give those of some blobs whose bytes raw holds: blob."""
    return (
        lake.scan("raw").select("blob").join(blobs.to_frame("blob").lazy(), on="blob", how="semi").collect()
    )


def contents(lake: Lake, blobs: pl.Series) -> dict[str, bytes]:
    """Give the bytes of some blobs from raw; a blob that raw does not hold is left out."""
    rows = lake.scan("raw").join(blobs.unique().to_frame("blob").lazy(), on="blob", how="semi")
    return dict(rows.select("blob", "content").collect().iter_rows())


def rejects(lake: Lake, reason: str | None = None) -> pl.DataFrame:
    """Give the rejected files that are still there, in path order."""
    is_reject = (pl.col("outcome") == Outcome.REJECTED.value) & pl.col("gone_at").is_null()
    if reason is not None:
        is_reject &= pl.col("reason") == reason
    return lake.scan("files").filter(is_reject).sort(KEY).collect()
