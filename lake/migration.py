"""The identity rules that a lake was resolved under, and the one commit that puts it under today's.

A lake made under older rules is resolved anew into a staged lake beside it (`staging`), which takes its place at
once (`replace_all`): revisions and posts first, the ledger last, as with every batch. A run killed before that
commit leaves the lake as it was.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
from deltalake import CommitProperties, Transaction

from lake.batch import KEY, Run
from lake.commit.commit import BATCH, IDENTITY, agreed
from lake.create import create_lake
from lake.errors import LakeError
from lake.store import LARGEST_FILE, Lake
from lake.tables import runs
from schemas.enums import Outcome, Reason
from schemas.keys import IDENTITY_VERSION
from schemas.tables import columns

# the folder of the staged lake
STAGED = ".migration"
# what a post keeps of the run that ingested its content
_INGESTED = ["run_id", "ingested_at"]
# partitions whose rows are in memory at a time hold so many rows
_ROWS_AT_ONCE = 20_000


def is_current(lake: Lake) -> bool:
    """Return whether a lake is resolved under today's rules. Raises LakeError for a lake of a newer postlake."""
    files = lake.table("files")
    version = files.transaction_version(IDENTITY) or (1 if files.version() else IDENTITY_VERSION)
    if version > IDENTITY_VERSION:
        raise LakeError(f"{lake.root}: was written by a newer postlake (identity rules {version}, this one knows "
                        f"{IDENTITY_VERSION}); upgrade postlake to write to it")  # fmt: skip
    return version == IDENTITY_VERSION


def assert_complete(lake: Lake) -> None:
    """Raise LakeError where raw lacks the bytes of a post, without which it cannot be resolved anew."""
    stored = pl.concat([lake.scan_stored(name).select("blob", "path") for name in ("posts", "revisions")])
    lost = stored.join(lake.scan("raw").select("blob"), on="blob", how="anti").sort("path").collect()
    if lost.height:
        raise LakeError(f"{lake.root}: was made by an older postlake and is to be resolved anew, but table raw lacks "
                        f"the bytes of {lost.height} posts, {lost['path'][0]} among them; restore raw from a backup, "
                        "or ingest the sources into a new lake")  # fmt: skip


def clear(lake: Lake) -> None:
    """Delete what a run has left that was killed once its migration was done."""
    shutil.rmtree(lake.root / STAGED, ignore_errors=True)


@contextmanager
def staging(lake: Lake) -> Iterator[Lake]:
    """Yield an empty lake beside the tables of a lake, with its raw contents and templates; it goes at the end."""
    clear(lake)
    try:
        staged = create_lake(lake.root / STAGED, lake.granularity)
        yield staged.sharing(lake, ["raw", "templates"])
    finally:
        clear(lake)


def replace_all(lake: Lake, staged: Lake, run: Run, marks: str) -> int:
    """Put what a staged lake holds in the place of a lake's posts, revisions and ledger.

    `marks` tell how far repositories are followed. Returns how many post ids were given another one.
    """
    ledger = _resolved(lake, staged)
    stored = pl.concat(
        [lake.scan_stored(name).select(*KEY, "blob", *_INGESTED) for name in ("posts", "revisions")]
    )
    ingested = stored.sort("ingested_at").unique([*KEY, "blob"], keep="first").collect()
    renamed = _renamed(lake, staged, ledger)
    properties = CommitProperties(custom_metadata={BATCH: f"{run.run_id}/0"})
    for name in ("revisions", "posts"):
        lake.replace_all(name, _shares(staged, name, ingested), properties)
    known = lake.scan("renamed_posts").collect()
    new = renamed.join(known, on=renamed.columns, how="anti")
    if not new.is_empty():
        lake.append("renamed_posts", new)
    properties = CommitProperties(
        custom_metadata={runs.MARKS: marks},
        app_transactions=[*agreed(lake), Transaction(runs.LEDGER, lake.table("files").version() + 1)],
    )
    lake.replace_all("files", ledger.iter_slices(LARGEST_FILE), properties)
    return renamed["old_id"].n_unique()


def _shares(staged: Lake, name: str, ingested: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the rows of a partitioned table, whole partitions at a time, as ingested by the run that did it first."""
    partition = staged.partition_of(name)
    files = staged.partition_files(name)
    if files.is_empty():
        return
    sized = files.group_by(partition).agg(pl.col("num_records").sum()).sort(partition)
    sized = sized.with_columns(share=pl.col("num_records").cum_sum() // _ROWS_AT_ONCE)
    for share in sized.partition_by("share", maintain_order=True):
        rows = staged.rows_in(name, share.select(partition))
        first = rows.join(ingested, on=[*KEY, "blob"], how="left", suffix="_first", maintain_order="left")
        kept = [pl.coalesce(f"{column}_first", column).alias(column) for column in _INGESTED]
        yield first.with_columns(kept).select(rows.columns).sort(*partition, "published_at", "post_id")


def _resolved(lake: Lake, staged: Lake) -> pl.DataFrame:
    """Return the rows of the ledger: as resolved, last read by the run that read them; what has no bytes as it was."""
    before, resolved = lake.scan("files").collect(), staged.scan("files").collect()
    stays = ["size", "mtime_ns", "first_seen_at", "read_at", "gone_at", "run_id"]
    names = columns("files").names()
    fresh = resolved.drop(stays).join(before.select(*KEY, *stays, old_reason="reason"), on=KEY)
    is_unreadable = pl.col("old_reason").eq_missing(pl.lit(Reason.UNREADABLE.value))
    told = ["post_id", "source_id", "published_at", "text_chars"]
    # a file that could not be read at last is still the file of the post that it told before
    remembered = before.drop(told).join(fresh.filter(is_unreadable).select(*KEY, *told), on=KEY)
    fresh = fresh.filter(~is_unreadable)
    # the content that a file held at last, not the one that it held before
    fresh = fresh.join(before.select(*KEY, "blob"), on=[*KEY, "blob"], how="semi", nulls_equal=True)
    told_now = pl.concat([fresh.select(names), remembered.select(names)])
    nothing = before.join(told_now, on=KEY, how="anti").with_columns(
        pl.when(pl.col("outcome").is_in([Outcome.REJECTED, Outcome.IGNORED])).then(column).alias(column)
        for column in told
    )
    return pl.concat([told_now, nothing.select(names)]).sort(KEY)


def _renamed(lake: Lake, staged: Lake, ledger: pl.DataFrame) -> pl.DataFrame:
    """Return the posts whose files give another id by now: old_id, new_id. An id that came apart has several rows."""
    of_files = lake.scan("files").select(*KEY, "blob", old_id="post_id").collect()
    now = ledger.select(*KEY, "blob", new_id="post_id")
    of_versions = [
        pl.concat(
            [each.scan_stored(name).select(*KEY, "blob", "post_id") for name in ("posts", "revisions")]
        ).collect()
        for each in (lake, staged)
    ]
    old, new = (
        rows.rename({"post_id": name}) for rows, name in zip(of_versions, ("old_id", "new_id"), strict=True)
    )
    pairs = pl.concat([before.join(after, on=[*KEY, "blob"]).select("old_id", "new_id")
                       for before, after in ((of_files, now), (old, new))])  # fmt: skip
    return pairs.filter(pl.col("old_id") != pl.col("new_id")).unique().sort("old_id", "new_id")
