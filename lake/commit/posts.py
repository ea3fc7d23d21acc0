"""Compute what a resolved batch changes in posts and revisions: current rows and past versions."""

from dataclasses import dataclass
from operator import attrgetter

import polars as pl

from lake.batch import CONTENT_KEY, FILE_NAME, KEY
from lake.commit.moved import pending_moves, restore_previous_paths
from lake.commit.reopened import sibling_revisions
from lake.commit.resolve import Resolution
from lake.commit.stored import load_stored_posts
from lake.commit.version_chain import Version, build_version_chain
from lake.store import Lake
from schemas.tables import empty_table, schema_of

IDENTITY_COLUMNS = ["post_id", *KEY, "blob", "version_at", "withdrawn_at"]
# set for each version by added and deleted files, not by the content of its file
VERSION_COLUMNS = ["blob", "version_at", "withdrawn_at"]
VALIDITY_COLUMNS = [*KEY, "version_at", "withdrawn_at", "superseded_at", "superseded_by"]
_REVISIONS_SCHEMA = schema_of("revisions")
# columns that parsing sets, independent of the run
_PARSED_COLUMNS = [
    name
    for name in schema_of("posts")
    if name not in {"post_id", "blob", *VALIDITY_COLUMNS, "run_id", "ingested_at"}
]
# a version as a row of a frame: its post, then the fields of version_chain.Version
VERSION_SCHEMA = {"post_id": pl.String(), "row": pl.Int64()} | {
    name: _REVISIONS_SCHEMA[name] for name in (*VERSION_COLUMNS, "superseded_at", "superseded_by")
}


@dataclass(frozen=True, slots=True)
class PostChanges:
    """The rows to write.

    `posts` has all rows of the `partitions` of posts. `revisions` has the past versions.
    `revision_partitions` are the partitions of revisions to replace: those with a withdrawn post that
    changes, or with a revision that becomes current again because the stored version after it is removed.
    `revisions` then also has all other rows of these partitions. `moves` is for the next batch.
    `unparsed_files` are rows of the ledger (table `files`) whose version is to be written, but whose parsed
    row is neither in the batch nor in the lake. While there are any, nothing can be written.
    """

    partitions: pl.DataFrame
    posts: pl.DataFrame
    revisions: pl.DataFrame
    revision_partitions: pl.DataFrame
    moves: pl.DataFrame
    unparsed_files: pl.DataFrame


def diff_posts(
    lake: Lake, resolution: Resolution, parsed_posts: pl.DataFrame, moves: pl.DataFrame
) -> PostChanges:
    """Compare a resolved batch with the stored posts.

    `parsed_posts` are the rows of posts that were parsed for the batch. `moves` is `PostChanges.moves` of the
    previous batch of the same run, empty (moved.MOVES_SCHEMA) for the first batch.
    """
    partition = lake.partition_columns("posts")
    stored = load_stored_posts(lake, resolution)
    versions = restore_previous_paths(
        _build_versions(resolution, stored.last_versions, stored.reopenable), moves
    )
    as_stored = _unchanged_versions(versions, stored.last_versions, parsed_posts)
    changed_versions = versions.join(as_stored, on=["post_id", "version_at"], how="anti")
    reopened_rows = stored.reopenable.join(versions, on=["post_id", "version_at"], how="semi")
    known_rows = pl.concat([stored.last_versions, lake.conform("posts", reopened_rows)]).drop(
        lake.granularity
    )
    version_rows = _with_post_columns(changed_versions, known_rows, parsed_posts)
    rows, is_current = (
        lake.with_partition_column(version_rows),
        pl.all_horizontal(pl.col("superseded_at", "withdrawn_at").is_null()),
    )
    current_rows = lake.conform("posts", rows.filter(is_current))
    leaving_posts = stored.posts.join(changed_versions, on="post_id", how="semi")
    partitions = (
        pl.concat([current_rows.select(partition), leaving_posts.select(partition)]).unique().sort(partition)
    )
    unchanged_posts = stored.posts.join(partitions, on=partition, how="semi").join(
        changed_versions, on="post_id", how="anti"
    )
    rewritten_revisions = pl.concat(
        [reopened_rows, stored.withdrawn.join(changed_versions, on="post_id", how="semi")]
    )
    past_versions = lake.conform("revisions", rows.filter(~is_current))
    return PostChanges(
        partitions=partitions,
        posts=pl.concat([unchanged_posts, current_rows]).sort(*partition, "published_at", "post_id"),
        revisions=pl.concat([past_versions, sibling_revisions(lake, rewritten_revisions)]),
        revision_partitions=rewritten_revisions.select(partition).unique(),
        moves=pending_moves(resolution.elections, versions, resolution.rows, moves),
        unparsed_files=_unparsed_files(resolution, changed_versions, version_rows),
    )


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
    parsed = (
        parsed_posts.with_columns(FILE_NAME)
        .unique(CONTENT_KEY, keep="first")
        .select(*CONTENT_KEY, *_PARSED_COLUMNS)
    )
    joined = stored_posts.with_columns(FILE_NAME).join(parsed, on=CONTENT_KEY, suffix="_again")
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_again")) for name in _PARSED_COLUMNS]
    return joined.filter(pl.any_horizontal(differs)).select("post_id")


def _build_versions(
    resolution: Resolution, stored_posts: pl.DataFrame, revisions: pl.DataFrame
) -> pl.DataFrame:
    """Return the versions of each touched post since the stored one, with the file of each.

    A version that is as stored keeps its file: `stored_origin` and `stored_path`.
    """
    blobs = resolution.rows["blob"].to_list()
    stored_versions = {
        row[0]: Version(None, *row[1:])
        for row in stored_posts.select("post_id", *VERSION_COLUMNS).iter_rows()
    }
    previous_versions = {
        row[0]: Version(None, *row[1:])
        for row in revisions.select("post_id", *VERSION_COLUMNS, "superseded_at", "superseded_by").iter_rows()
    }
    chains = dict[str, list[Version]]()
    for post_id, elections in resolution.elections.items():
        blob_elections = [
            (effective_at, row, None if row is None else blobs[row]) for effective_at, row in elections
        ]
        chains[post_id] = build_version_chain(
            stored_versions.get(post_id), blob_elections, previous_versions.get(post_id)
        )
    versions = _version_frame(chains)
    files = resolution.rows.select(*KEY, FILE_NAME, row=pl.int_range(pl.len()))
    stored_paths = pl.concat(
        [rows.select("post_id", "version_at", *KEY) for rows in (stored_posts, revisions)]
    )
    stored_paths = stored_paths.rename({"origin": "stored_origin", "path": "stored_path"})
    return (
        versions.join(files, on="row", how="left")
        .join(stored_paths, on=["post_id", "version_at"], how="left")
        .with_columns(origin=pl.coalesce("origin", "stored_origin"), path=pl.coalesce("path", "stored_path"))
    )


def _version_frame(chains: dict[str, list[Version]]) -> pl.DataFrame:
    """Return versions as a frame: VERSION_SCHEMA."""
    versions = [version for chain in chains.values() for version in chain]
    post_ids = [post_id for post_id, life in chains.items() for _ in life]
    columns = {name: list(map(attrgetter(name), versions)) for name in VERSION_SCHEMA if name != "post_id"}
    return pl.DataFrame({"post_id": post_ids, **columns}, schema=VERSION_SCHEMA)


def _with_post_columns(
    versions: pl.DataFrame, stored_posts: pl.DataFrame, parsed_posts: pl.DataFrame
) -> pl.DataFrame:
    """Return versions as rows of revisions: the parsed columns, with the path and the times of the version.

    `stored_posts` are stored rows of these posts. A version without a parsed row in either frame is dropped.
    """
    elected_versions, stored_versions = (
        versions.filter(pl.col("row").is_not_null()),
        versions.filter(pl.col("row").is_null()),
    )
    parsed = (
        parsed_posts.with_columns(FILE_NAME)
        .unique(CONTENT_KEY, keep="first")
        .drop("post_id", *VALIDITY_COLUMNS, strict=False)
    )
    parsed_rows = elected_versions.join(parsed, on=CONTENT_KEY)
    stored_rows = stored_posts.with_columns(FILE_NAME).drop(*KEY, "withdrawn_at")
    unparsed = elected_versions.join(parsed, on=CONTENT_KEY, how="anti")
    same_contents = stored_rows.unique(["post_id", *CONTENT_KEY], keep="first", maintain_order=True).drop(
        "version_at"
    )
    moved_rows = unparsed.join(same_contents, on=["post_id", *CONTENT_KEY])
    # a file that moved to another path can be another post there, with the same content
    relocated_rows = unparsed.join(moved_rows, on=["post_id", "version_at"], how="anti")
    relocated_rows = relocated_rows.join(
        same_contents.unique(CONTENT_KEY, keep="first").drop("post_id"), on=CONTENT_KEY
    )
    unchanged_rows = stored_versions.join(stored_rows.drop("name", "blob"), on=["post_id", "version_at"])
    parts = [
        part.select(pl.col(name) for name in _REVISIONS_SCHEMA if name in part.columns)
        for part in (parsed_rows, moved_rows, relocated_rows, unchanged_rows)
    ]
    return pl.concat([empty_table("revisions"), *parts], how="diagonal")


def _unparsed_files(
    resolution: Resolution, versions: pl.DataFrame, version_rows: pl.DataFrame
) -> pl.DataFrame:
    missing_rows = versions.join(version_rows, on=["post_id", "version_at"], how="anti")["row"].drop_nulls()
    return resolution.rows[missing_rows]
