"""Compute the versions of the posts that a batch touches, from the ledger and the stored versions, without texts."""

from operator import attrgetter

import polars as pl

from lake.batch import CONTENT_NAME, KEY
from lake.commit.resolve import Resolution
from lake.commit.stored import StoredVersions
from lake.commit.version_chain import Version, build_version_chain
from schemas.tables import schema_of

# set for each version by added and deleted files, not by the content of its file
VERSION_COLUMNS = ["blob", "version_at", "withdrawn_at"]
_REVISIONS_SCHEMA = schema_of("revisions")
# a version as a row of a frame: its post, then the fields of version_chain.Version
VERSION_SCHEMA = {"post_id": pl.String(), "row": pl.Int64()} | {
    name: _REVISIONS_SCHEMA[name] for name in (*VERSION_COLUMNS, "superseded_at", "superseded_by")
}


def build_versions(
    resolution: Resolution, stored: StoredVersions, content_name: pl.Expr = CONTENT_NAME
) -> pl.DataFrame:
    """Return the versions of each touched post since the stored one: VERSION_SCHEMA, name, and the path of each.

    `row` is the elected file in `Resolution.rows`; null where the version is the stored one, which keeps its
    path.
    """
    elections, last_versions = resolution.elections, stored.last
    is_first = (pl.len().over("post_id") == 1) & pl.col("row").is_not_null()
    first_elections = elections.filter(is_first).join(last_versions, on="post_id", how="anti")
    other_elections = elections.join(first_elections, on="post_id", how="anti").sort(
        "post_id", "effective_at", maintain_order=True
    )
    blobs = resolution.rows.select("blob", row=pl.int_range(pl.len()))
    first_versions = first_elections.rename({"effective_at": "version_at"}).join(
        blobs, on="row", how="left", maintain_order="left"
    )
    versions = pl.concat(
        [
            pl.DataFrame(schema=VERSION_SCHEMA),
            first_versions.select(name for name in VERSION_SCHEMA if name in first_versions.columns),
            _version_chains(other_elections.join(blobs, on="row", how="left", maintain_order="left"), stored),
        ],
        how="diagonal",
    )
    files = resolution.rows.select(*KEY, content_name, row=pl.int_range(pl.len()))
    stored_paths = pl.concat([last_versions, stored.reopenable]).select(
        "post_id", "version_at", stored_origin="origin", stored_path="path"
    )
    return (
        versions.join(files, on="row", how="left")
        .join(stored_paths, on=["post_id", "version_at"], how="left")
        .with_columns(origin=pl.coalesce("origin", "stored_origin"), path=pl.coalesce("path", "stored_path"))
        .drop("stored_origin", "stored_path")
    )


def _version_chains(elections: pl.DataFrame, stored: StoredVersions) -> pl.DataFrame:
    """Return the versions of posts that have several elections, or a stored version: VERSION_SCHEMA."""
    stored_versions = {
        row[0]: Version(None, *row[1:]) for row in stored.last.select("post_id", *VERSION_COLUMNS).iter_rows()
    }
    previous_versions = {
        row[0]: Version(None, *row[1:])
        for row in stored.reopenable.select(
            "post_id", *VERSION_COLUMNS, "superseded_at", "superseded_by"
        ).iter_rows()
    }
    chains = dict[str, list[Version]]()
    for (post_id,), rows in elections.partition_by("post_id", as_dict=True, maintain_order=True).items():
        chains[str(post_id)] = build_version_chain(
            stored_versions.get(str(post_id)),
            rows.select("effective_at", "row", "blob").iter_rows(),
            previous_versions.get(str(post_id)),
        )
    versions = [version for chain in chains.values() for version in chain]
    post_ids = [post_id for post_id, chain in chains.items() for _ in chain]
    columns = {name: list(map(attrgetter(name), versions)) for name in VERSION_SCHEMA if name != "post_id"}
    return pl.DataFrame({"post_id": post_ids, **columns}, schema=VERSION_SCHEMA)
