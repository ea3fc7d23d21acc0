"""Commit a settled batch: raw, revisions, posts, files, in this order, each in one Delta commit.

The ledger commits last and names the versions of posts and revisions that it goes with. What a run killed
before that has written to them is undone by the next run (`repair`), so they never hold what the ledger does
not know.
"""

import polars as pl
from deltalake import CommitProperties, Transaction

from lake.batch import KEY, Batch, Run
from lake.commit.posts import Turnover
from lake.commit.resolve import Settlement
from lake.store import Lake
from lake.tables import files, runs
from schemas.keys import IDENTITY_VERSION

# Written with a commit to posts or revisions: the batch it belongs to.
BATCH = "postlake.batch"
# Written with a commit to files, as Delta app transactions, which outlive the log: the versions that it goes with.
AGREED = {"posts": "postlake.posts", "revisions": "postlake.revisions"}
# Written in the same way: the version of the rules of identity by which all rows are resolved.
IDENTITY = "postlake.identity"


def commit(lake: Lake, batch: Batch, settled: Settlement, turned: Turnover, run: Run) -> None:
    """Write a batch. What is written stays, whatever comes after."""
    _add_contents(lake, batch.contents)
    mark = CommitProperties(custom_metadata={BATCH: f"{run.run_id}/{batch.number}"})
    if not (turned.past.is_empty() and turned.revised.is_empty()):
        lake.replace("revisions", turned.past, turned.revised, mark)
    if not turned.affected.is_empty():
        _assert_one_to_one(turned.posts)
        lake.replace("posts", turned.posts, turned.affected, mark)
    if not settled.ledger.is_empty():
        marks = {runs.MARKS: runs.as_json(batch.marks)}
        ledger_version = Transaction(runs.LEDGER, lake.table("files").version() + 1)
        properties = CommitProperties(custom_metadata=marks, app_transactions=[*agreed(lake), ledger_version])
        lake.upsert("files", settled.ledger.sort(KEY), KEY, properties)


def agreed(lake: Lake) -> list[Transaction]:
    """Return what each commit to the ledger names: the versions that it goes with, and the rules of identity."""
    versions = [Transaction(name, lake.table(table).version()) for table, name in AGREED.items()]
    return [*versions, Transaction(IDENTITY, IDENTITY_VERSION)]


def is_agreed(lake: Lake) -> bool:
    """Tell whether the ledger names the very versions of posts and revisions that stand."""
    return all(_agreed_version(lake, name) == lake.table(name).version() for name in AGREED)


def agreeing(lake: Lake) -> CommitProperties:
    """Return what goes with a commit to the ledger that changes no row of it.

    It names the versions of posts and revisions that stand, behind which no repair goes back then, and says again
    how far the last batch came. To be used where `repair` has found nothing, or is done.
    """
    marks = runs.marks(lake)
    ledger_version = Transaction(runs.LEDGER, runs.ledger_version(lake))
    return CommitProperties(
        custom_metadata={} if marks is None else {runs.MARKS: marks},
        app_transactions=[*agreed(lake), ledger_version],
    )


def rewrite(lake: Lake, posts: pl.DataFrame, partitions: pl.DataFrame) -> None:
    """Put posts in the place of all that some partitions of posts hold, where the ledger has nothing to say of it.

    Should a run be killed amid the next batch, undoing that batch undoes this too; it is to be done again then.
    """
    _assert_one_to_one(posts)
    lake.replace(
        "posts", posts.sort(*partitions.columns, "published_at", "post_id"), partitions, CommitProperties()
    )


def _add_contents(lake: Lake, contents: pl.DataFrame) -> None:
    new = contents.join(files.held(lake, contents["blob"]), on="blob", how="anti")
    if not new.is_empty():
        lake.append("raw", new)


def _assert_one_to_one(posts: pl.DataFrame) -> None:
    assert posts["post_id"].is_unique().all(), "a post stands twice in its partition"
    names = posts.select("source_id", "source").unique()
    assert names["source_id"].is_unique().all(), f"two sources share a slug: {names}"


def repair(lake: Lake) -> bool:
    """Undo what a killed run wrote to posts and revisions without its ledger; True if there was such."""
    torn = [name for name in AGREED if _is_torn(lake, name)]
    for name in torn:
        lake.table(name).restore(_agreed_version(lake, name))
    return bool(torn)


def whole_versions(lake: Lake) -> dict[str, int]:
    """Return the versions of all tables that make a whole, without the batch that is being written or was left unfinished."""
    torn = {name: _agreed_version(lake, name) for name in AGREED if _is_torn(lake, name)}
    return lake.versions() | torn


def _agreed_version(lake: Lake, name: str) -> int:
    return lake.table("files").transaction_version(AGREED[name]) or 0


def _is_torn(lake: Lake, name: str) -> bool:
    agreed, table = _agreed_version(lake, name), lake.table(name)
    for entry in table.history(limit=table.version() - agreed + 1):
        if entry["version"] <= agreed or entry.get("operation") == "RESTORE":
            return False
        if BATCH in entry:
            return True
    return False
