"""One source held against the ledger: what is the same, what came, what went."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter

import polars as pl

from flows.pipeline.code import code_version
from flows.pipeline.progress import tell
from flows.pipeline.sources.base import Source
from lake.batch import KEY, Checkpoint
from lake.store import Lake
from lake.tables import files as files_table
from posts.post import Refusal
from posts.sources.files import File
from schemas.enums import Reason
from schemas.keys import blob_id

FOUND = {
    "origin": pl.String,
    "path": pl.String,
    "size": pl.Int64,
    "mtime_ns": pl.Int64,
    "problem": pl.String,
    "blob": pl.String,
}
# files listed between two words about progress
HANDFUL = 10_000


@dataclass(frozen=True, slots=True)
class Compared:
    """How a source differs from what the ledger knows of it.

    `found` counts its files. `differing` are files (FOUND) that are new or other than the ledger has them,
    `before` what it has of these, and `gone` of those that went (files_table.SEEN). `kept_back` counts files that
    were not found and are not taken for gone, since their folder could not be listed.
    """

    found: int
    differing: pl.DataFrame
    before: pl.DataFrame
    gone: pl.DataFrame
    kept_back: int = 0


def compared(lake: Lake, source: Source, mark: Checkpoint, *, verify: bool) -> Compared:
    """Compare by what changed since the last commit, where both sides know it, else by listing all.

    A file is the same when its blob is; where that is not known before reading, when path, size and mtime_ns
    are, unless all are to be verified.
    """
    if (
        mark.commit
        and mark.is_complete
        and not files_table.has_retriable(lake, source.origin, code_version())
    ):
        since = source.since(mark.commit)
        if since is not None:
            return _by_changes(lake, source.origin, *since)
    return _by_listing(lake, source, verify=verify)


def _by_changes(lake: Lake, origin: str, files: list[File], removed: list[str]) -> Compared:
    there = _frame(files)
    keys = pl.concat(
        [
            there.select(KEY),
            pl.DataFrame({"path": removed}, {"path": pl.String}).select(origin=pl.lit(origin), path="path"),
        ]
    )
    seen = files_table.live_files_at(lake, keys)
    differing = there.join(seen, on=[*KEY, "blob"], how="anti")
    gone = seen.join(there, on=KEY, how="anti")
    came = there.join(seen, on=KEY, how="anti").height
    found = files_table.count_live_files(lake, origin) - gone.height + came
    return Compared(found, differing, seen.join(differing, on=KEY, how="semi"), gone)


def _by_listing(lake: Lake, source: Source, *, verify: bool) -> Compared:
    found = listed(source)
    seen = files_table.live_files(lake, source.origin)
    both = found.join(seen, on=KEY, how="left", suffix="_seen", maintain_order="left")
    same_stat = (pl.col("size") == pl.col("size_seen")) & pl.col("mtime_ns").eq_missing(
        pl.col("mtime_ns_seen")
    )
    is_same = (
        pl.when(pl.col("blob").is_null())
        .then(same_stat & (not verify))
        .otherwise(pl.col("blob") == pl.col("blob_seen"))
    )
    is_new = pl.col("run_id").is_null()
    is_done = is_same & files_table.is_final(lake, code_version())
    differing = both.filter(is_new | ~is_done.fill_null(value=False)).select(*FOUND)
    gone = seen.join(found, on=KEY, how="anti")
    surely = _certainly(gone, found)
    before = seen.join(differing, on=KEY, how="semi")
    return Compared(found.height, differing, before, surely, gone.height - surely.height)


def listed(source: Source) -> pl.DataFrame:
    """List all files of a source: FOUND."""
    return pl.concat([_frame([]), *_listed(source)])


def _listed(source: Source) -> Iterator[pl.DataFrame]:
    files, done = source.found(), 0
    while handful := list(islice(files, HANDFUL)):
        done += len(handful)
        tell("find", done, 0)
        yield _frame(handful)


def _frame(files: Iterable[File]) -> pl.DataFrame:
    return pl.DataFrame([attrgetter(*FOUND)(file) for file in files], schema=FOUND, orient="row")


def _certainly(gone: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Leave out files below a folder that could not be listed: they may well be there."""
    unlisted = found.filter(pl.col("problem") == Reason.UNREADABLE.value)
    if (unlisted["path"] == ".").any():
        return gone.clear()
    for path in unlisted["path"]:
        gone = gone.filter(~pl.col("path").str.starts_with(f"{path}/"))
    return gone


def hashed(source: Source, compared: Compared) -> Compared:
    """Read, of the files whose blob is not known, those that may be known content: touched, or moved.

    What moved has the size of a file that went, or of one that was edited. The others are not read twice.
    """
    leaving = pl.concat([compared.gone, compared.before])["size"].unique()
    is_suspect = (
        pl.col("blob").is_null() & pl.col("problem").is_null() & pl.col("size").is_in(leaving.implode())
    )
    suspects = compared.differing.filter(is_suspect)
    if suspects.is_empty():
        return compared
    contents = source.contents(File(*row) for row in suspects.iter_rows())
    blobs = [None if isinstance(content, Refusal) else blob_id(content) for content in contents]
    named = suspects.select(KEY).with_columns(blob=pl.Series(blobs, dtype=pl.String))
    return Compared(
        compared.found,
        compared.differing.update(named, on=KEY),
        compared.before,
        compared.gone,
        compared.kept_back,
    )
