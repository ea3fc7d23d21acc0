"""Paths of versions that were moved by a change which was split into several batches.

If one batch moves a version and a later batch ends it at the same time, the version ends at its previous
path.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from lake.commit.election import Election
from schemas.tables import schema_of

_TIME_TYPE = schema_of("posts")["version_at"]
MOVES_SCHEMA = {
    "post_id": pl.String(),
    "version_at": _TIME_TYPE,
    "moved_at": _TIME_TYPE,
    "origin_before": pl.String(),
    "path_before": pl.String(),
}


def restore_previous_paths(versions: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Return the versions; those that ended at the time of their move have the path from before it."""
    ended_at = pl.coalesce("superseded_at", "withdrawn_at")
    is_instant = ended_at.is_not_null() & (ended_at == pl.col("moved_at"))
    return (
        versions.join(moves, on=["post_id", "version_at"], how="left", maintain_order="left")
        .with_columns(
            pl.when(is_instant).then(f"{name}_before").otherwise(name).alias(name)
            for name in ("origin", "path")
        )
        .select(versions.columns)
    )


def pending_moves(
    elections: Mapping[str, Sequence[Election]],
    versions: pl.DataFrame,
    rows: pl.DataFrame,
    moves: pl.DataFrame,
) -> pl.DataFrame:
    """Return the versions that the last election of each post moved, with their previous path: MOVES_SCHEMA.

    `versions` has the stored paths as `stored_origin` and `stored_path`. The elections refer to `rows` by
    index. `moves` is the result for the previous batch; its moves at or after the first time of this batch
    are kept.
    """
    last_elections = _last_elections(elections)
    previous_files = rows.select(
        recorded_origin="origin", recorded_path="path", row_before=pl.int_range(pl.len())
    )
    current_versions = versions.filter(pl.col("superseded_at").is_null() & pl.col("row").is_not_null())
    moved_versions = current_versions.join(last_elections, on="post_id").filter(
        pl.col("version_at") < pl.col("moved_at")
    )
    moved_versions = moved_versions.join(previous_files, on="row_before", how="left").with_columns(
        origin_before=pl.coalesce("recorded_origin", "stored_origin"),
        path_before=pl.coalesce("recorded_path", "stored_path"),
    )
    is_moved = (pl.col("origin") != pl.col("origin_before")) | (pl.col("path") != pl.col("path_before"))
    carried_over = moves.filter(pl.col("moved_at") >= _first_effective_at(elections)) if elections else moves
    moved_versions = pl.concat([carried_over, moved_versions.filter(is_moved).select(*MOVES_SCHEMA)])
    moved_versions = moved_versions.sort("moved_at", descending=True, maintain_order=True)
    return moved_versions.unique("post_id", keep="first", maintain_order=True)


def _last_elections(elections: Mapping[str, Sequence[Election]]) -> pl.DataFrame:
    """Return the time of the last election of each post, and the row elected before it (null if none)."""
    post_elections = [
        (post_id, log[-1][0], log[-2][1] if len(log) > 1 else None) for post_id, log in elections.items()
    ]
    schema = {"post_id": pl.String(), "moved_at": _TIME_TYPE, "row_before": pl.Int64()}
    return pl.DataFrame(post_elections, schema=schema, orient="row")


def _first_effective_at(elections: Mapping[str, Sequence[Election]]) -> dt.datetime:
    return min(post_elections[0][0] for post_elections in elections.values())
