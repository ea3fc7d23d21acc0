"""Merge new versions of posts into the stored rows of their partitions. This is the work of a worker process."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from lake.batch import CONTENT_KEY, CONTENT_NAME, KEY
from lake.layout import SORT_KEYS, period_of_date
from lake.parquet import TableFiles, WrittenFile
from schemas.enums import Granularity
from schemas.tables import empty_table, schema_of

IDENTITY_COLUMNS = ["post_id", *KEY, "blob", "version_at", "withdrawn_at"]
VALIDITY_COLUMNS = [*KEY, "version_at", "withdrawn_at", "superseded_at", "superseded_by"]
# columns that parsing sets, independent of the run
_PARSED_COLUMNS = [
    name
    for name in schema_of("posts")
    if name not in {"post_id", "blob", *VALIDITY_COLUMNS, "run_id", "ingested_at"}
]


@dataclass(frozen=True, slots=True)
class MergeTask:
    """The versions of some posts, and the stored files of all partitions of posts and revisions that they change.

    `versions` are rows of `build_versions`. `reopenable` has the revisions that may become current again:
    post_id, version_at.
    """

    granularity: Granularity
    versions: pl.DataFrame
    reopenable: pl.DataFrame
    posts: TableFiles
    revisions: TableFiles


@dataclass(frozen=True, slots=True)
class MergeResult:
    """The files that were written, and the stored files that they replace (`TableFiles.files`).

    `unparsed` are the versions whose content is neither parsed nor stored. Where there are any, nothing was
    written.
    """

    posts: list[WrittenFile]
    revisions: list[WrittenFile]
    replaced_posts: pl.DataFrame
    replaced_revisions: pl.DataFrame
    unparsed: pl.DataFrame


def merge(task: MergeTask, parsed_posts: pl.DataFrame, content_name: pl.Expr = CONTENT_NAME) -> MergeResult:
    """Write the partitions of a task, with the rows of posts that were parsed for it. Commits nothing."""
    parsed_posts = parsed_posts.with_columns(content_name)
    posts, revisions = task.posts.read(), task.revisions.read()
    if posts.is_empty() and revisions.is_empty():
        no_rows = posts.clear(), revisions.clear()
        rows = _parsed_rows(task.versions, parsed_posts)
        return _write_merged(task, task.versions, rows, no_rows, no_rows)
    touched_posts = task.versions.select("post_id").unique()
    withdrawn = revisions.filter(pl.col("superseded_at").is_null()).join(
        touched_posts, on="post_id", how="semi"
    )
    last_versions = pl.concat(
        [posts.join(touched_posts, on="post_id", how="semi"), task.posts.conform(withdrawn)]
    )
    last_versions = last_versions.with_columns(content_name)
    unchanged = _unchanged_versions(task.versions, last_versions, parsed_posts)
    changed = task.versions.join(unchanged, on=["post_id", "version_at"], how="anti")
    reopenable = revisions.join(task.reopenable, on=["post_id", "version_at"], how="semi")
    reopened = reopenable.join(task.versions, on=["post_id", "version_at"], how="semi")
    reopened_posts = task.posts.conform(reopenable).with_columns(content_name)
    known_rows = pl.concat([last_versions, reopened_posts]).drop(task.granularity)
    neighbours = posts.with_columns(content_name).drop(task.granularity)
    rows = _with_post_columns(changed, known_rows, neighbours, parsed_posts)
    leaving_posts = posts.join(changed, on="post_id", how="semi")
    leaving_revisions = pl.concat([reopened, withdrawn.join(changed, on="post_id", how="semi")])
    return _write_merged(task, changed, rows, (posts, revisions), (leaving_posts, leaving_revisions))


def _write_merged(
    task: MergeTask,
    versions: pl.DataFrame,
    rows: pl.DataFrame,
    stored: tuple[pl.DataFrame, pl.DataFrame],
    leaving: tuple[pl.DataFrame, pl.DataFrame],
) -> MergeResult:
    """Write the partitions with new rows of versions, or with stored rows of posts or revisions that leave them."""
    unparsed = versions.join(rows, on=["post_id", "version_at"], how="anti")
    if not unparsed.is_empty():
        return MergeResult([], [], task.posts.files.clear(), task.revisions.files.clear(), unparsed)
    rows = rows.with_columns(period_of_date(task.granularity).alias(task.granularity))
    is_current = pl.all_horizontal(pl.col("superseded_at", "withdrawn_at").is_null())
    partition = list(task.posts.partition_columns)
    current_rows, past_rows = task.posts.conform(rows.filter(is_current)), rows.filter(~is_current)
    post_partitions = pl.concat([each.select(partition) for each in (current_rows, leaving[0])]).unique()
    revision_partitions = leaving[1].select(partition).unique()
    kept_posts, kept_revisions = (
        table.join(partitions, on=partition, how="semi").join(leaving_rows, on=key, how="anti")
        for table, partitions, leaving_rows, key in (
            (stored[0], post_partitions, leaving[0], ["post_id"]),
            (stored[1], revision_partitions, leaving[1], ["post_id", "version_at"]),
        )
    )
    return MergeResult(
        list(_write(task.posts, pl.concat([kept_posts, current_rows]))),
        list(_write(task.revisions, pl.concat([kept_revisions, task.revisions.conform(past_rows)]))),
        task.posts.files.join(post_partitions, on=partition, how="semi"),
        task.revisions.files.join(revision_partitions, on=partition, how="semi"),
        unparsed,
    )


def _write(table: TableFiles, rows: pl.DataFrame) -> Iterator[WrittenFile]:
    if rows.is_empty():
        return iter(())
    if table.name == "posts":
        _assert_one_to_one(rows)
    return table.write(rows.sort(*table.partition_columns, *SORT_KEYS[table.name]))


def _assert_one_to_one(posts: pl.DataFrame) -> None:
    assert posts["post_id"].is_unique().all(), "a post stands twice in its partition"
    names = posts.select("source_id", "source").unique()
    assert names["source_id"].is_unique().all(), f"two sources share a slug: {names}"


def _unchanged_versions(
    versions: pl.DataFrame, stored_posts: pl.DataFrame, parsed_posts: pl.DataFrame
) -> pl.DataFrame:
    """Return the last versions that are stored already, and whose parsed columns are the same."""
    same_posts = stored_posts.join(_parsed_differently(stored_posts, parsed_posts), on="post_id", how="anti")
    current_versions = versions.filter(pl.col("superseded_at").is_null())
    return current_versions.join(same_posts, on=IDENTITY_COLUMNS, how="semi", nulls_equal=True)


def _parsed_differently(stored_posts: pl.DataFrame, parsed_posts: pl.DataFrame) -> pl.DataFrame:
    """Return the stored posts whose file is parsed differently by now: post_id.

    Another version of postlake has parsed the stored row.
    """
    if stored_posts.is_empty():
        return stored_posts.select("post_id")
    parsed = parsed_posts.select(*CONTENT_KEY, *_PARSED_COLUMNS)
    joined = stored_posts.join(parsed, on=CONTENT_KEY, suffix="_again")
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_again")) for name in _PARSED_COLUMNS]
    return joined.filter(pl.any_horizontal(differs)).select("post_id")


def _parsed_rows(versions: pl.DataFrame, parsed_posts: pl.DataFrame) -> pl.DataFrame:
    """Return the versions of which the content was parsed, as rows of revisions."""
    parsed = parsed_posts.drop("post_id", *VALIDITY_COLUMNS, strict=False)
    rows = versions.join(parsed, on=CONTENT_KEY)
    return rows.select(pl.col(name) for name in schema_of("revisions") if name in rows.columns)


def _with_post_columns(
    versions: pl.DataFrame,
    stored_posts: pl.DataFrame,
    neighbours: pl.DataFrame,
    parsed_posts: pl.DataFrame,
) -> pl.DataFrame:
    """Return versions as rows of revisions: the parsed columns, with the path and the times of the version.

    `stored_posts` are stored rows of these posts, `neighbours` those of all posts in their partitions. A
    version of which no frame has the content is dropped.
    """
    elected_versions, stored_versions = (
        versions.filter(pl.col("row").is_not_null()),
        versions.filter(pl.col("row").is_null()),
    )
    parsed_rows = _parsed_rows(elected_versions, parsed_posts)
    stored_rows = stored_posts.drop(*KEY, "withdrawn_at")
    unparsed = elected_versions.join(parsed_rows, on=["post_id", "version_at"], how="anti")
    same_contents = stored_rows.unique(["post_id", *CONTENT_KEY], keep="first", maintain_order=True).drop(
        "version_at"
    )
    moved_rows = unparsed.join(same_contents, on=["post_id", *CONTENT_KEY])
    # a file that moved to another path can be another post there, with the same content
    relocated_rows = unparsed.join(moved_rows, on=["post_id", "version_at"], how="anti")
    other_contents = pl.concat([stored_posts, neighbours])
    other_contents = other_contents.drop("post_id", *KEY, "version_at", "withdrawn_at")
    relocated_rows = relocated_rows.join(
        other_contents.unique(CONTENT_KEY, keep="first", maintain_order=True), on=CONTENT_KEY
    )
    unchanged_rows = stored_versions.join(stored_rows.drop("name", "blob"), on=["post_id", "version_at"])
    parts = [
        part.select(pl.col(name) for name in schema_of("revisions") if name in part.columns)
        for part in (parsed_rows, moved_rows, relocated_rows, unchanged_rows)
    ]
    return pl.concat([empty_table("revisions"), *parts], how="diagonal")
