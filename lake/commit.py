"""Commit a settled batch: raw, posts, files, in this order, each in one Delta commit.

The ledger commits last and names the version of posts that it goes with. A run killed between the two is
undone by the next run (`repair`), so posts never hold what the ledger does not know.
"""

import polars as pl
from deltalake import CommitProperties, Transaction

from lake import ledger
from lake.batch import KEY, Batch, Run
from lake.settle import Settlement
from lake.store import Lake

# Written with a commit to posts: the batch it belongs to.
BATCH = "postlake.batch"
# Written with a commit to files, as a Delta app transaction, which outlives the log: the version of posts.
POSTS = "postlake.posts"


def commit(lake: Lake, batch: Batch, settled: Settlement, posts: pl.DataFrame, run: Run) -> None:
    """Write a batch. `posts` are the rows of the batch and the revived ones; the settled choice picks."""
    _add_contents(lake, batch.contents)
    _put_posts(lake, settled, posts.join(settled.chosen, on=KEY, how="semi"), run, batch.number)
    if not settled.ledger.is_empty():
        agreed = CommitProperties(app_transactions=[Transaction(POSTS, lake.table("posts").version())])
        lake.upsert("files", settled.ledger.sort(KEY), KEY, agreed)


def _add_contents(lake: Lake, contents: pl.DataFrame) -> None:
    new = contents.join(ledger.held(lake, contents["blob"]), on="blob", how="anti")
    if not new.is_empty():
        lake.append("raw", new)


def _put_posts(lake: Lake, settled: Settlement, rows: pl.DataFrame, run: Run, number: int) -> None:
    moving = pl.concat([settled.replaced, settled.withdrawn, _withdrawn_before(lake, rows)]).unique()
    if rows.is_empty() and moving.is_empty():
        return
    partition = ["source_id", lake.granularity]
    rows = lake.with_period(rows)
    affected = (
        pl.concat([rows.select(partition), lake.with_period(moving).select(partition)])
        .unique()
        .sort(partition)
    )
    there = lake.rows_in("posts", affected)
    kept = there.join(rows, on="post_id", how="anti").select(rows.columns)
    is_withdrawn = (
        pl.col("post_id").is_in(settled.withdrawn["post_id"].implode()) & pl.col("withdrawn_at").is_null()
    )
    kept = kept.with_columns(
        withdrawn_at=pl.when(is_withdrawn).then(pl.lit(run.started_at)).otherwise("withdrawn_at")
    )
    result = pl.concat([kept, rows]).sort(*partition, "published_at", "post_id")
    _assert_one_to_one(result)
    mark = CommitProperties(custom_metadata={BATCH: f"{run.run_id}/{number}"})
    lake.replace("posts", result, _predicate(affected), mark)


def _withdrawn_before(lake: Lake, rows: pl.DataFrame) -> pl.DataFrame:
    """Find the rows of posts that come back: no ledger row tells where an edit left them."""
    place = ["post_id", "source_id", "date"]
    files = lake.partition_files("posts")
    if "null_count.withdrawn_at" not in files.columns or rows.is_empty():
        return rows.select(place).clear()
    holding = files.filter(pl.col("null_count.withdrawn_at") < pl.col("num_records"))
    if holding.is_empty():
        return rows.select(place).clear()
    return (
        lake.scan("posts")
        .filter(pl.col("withdrawn_at").is_not_null())
        .join(rows.lazy().select("post_id"), on="post_id", how="semi")
        .select(place)
        .collect()
    )


def _predicate(partitions: pl.DataFrame) -> str:
    """Partition values are slugs and dates; they need no quoting."""
    source_id, period = partitions.columns
    by_source = partitions.group_by(source_id, maintain_order=True).agg(pl.col(period))
    return " OR ".join(
        f"({source_id} = '{source}' AND {period} IN ({', '.join(map(repr, periods))}))"
        for source, periods in by_source.iter_rows()
    )


def _assert_one_to_one(posts: pl.DataFrame) -> None:
    assert posts["post_id"].is_unique().all(), "a post stands twice in its partition"
    names = posts.select("source_id", "source").unique()
    assert names["source_id"].is_unique().all(), f"two sources share a slug: {names}"


def repair(lake: Lake) -> bool:
    """Undo what a killed run wrote to posts without its ledger; True if there was such."""
    agreed = lake.table("files").transaction_version(POSTS) or 0
    posts, torn = lake.table("posts"), False
    for entry in posts.history(limit=posts.version() - agreed + 1):
        if entry["version"] <= agreed or entry["operation"] == "RESTORE":
            break
        torn = torn or BATCH in entry
    if torn:
        posts.restore(agreed)
    return torn
