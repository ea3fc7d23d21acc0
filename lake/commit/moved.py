"""Versions that a change moved, should it be cut into batches: what ends at that moment ends where it was before."""

import datetime as dt
from collections.abc import Mapping, Sequence

import polars as pl

from lake.commit.election import Choice
from schemas.tables import columns

_MOMENT = columns("posts")["version_at"]
SCHEMA = {
    "post_id": pl.String(),
    "version_at": _MOMENT,
    "moved_at": _MOMENT,
    "origin_before": pl.String(),
    "path_before": pl.String(),
}


def where_it_ended(versions: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """Return the versions that ended at the moment at which an earlier batch moved them the path from before it."""
    ended_at = pl.coalesce("superseded_at", "withdrawn_at")
    is_instant = ended_at.is_not_null() & (ended_at == pl.col("moved_at"))
    return (
        versions.join(moved, on=["post_id", "version_at"], how="left", maintain_order="left")
        .with_columns(
            pl.when(is_instant).then(f"{name}_before").otherwise(name).alias(name)
            for name in ("origin", "path")
        )
        .select(versions.columns)
    )


def moved_by(
    choices: Mapping[str, Sequence[Choice]], versions: pl.DataFrame, rows: pl.DataFrame, moved: pl.DataFrame
) -> pl.DataFrame:
    """Return the versions that the last moment of a batch moved, with the path they had before: SCHEMA.

    `versions` name the path that the lake has them under, the choices tell of `rows`, and `moved` is what the batch
    before gave: of this goes on what the same moment moved already.
    """
    last = _last(choices)
    before = rows.select(origin_told="origin", path_told="path", row_before=pl.int_range(pl.len()))
    now = versions.filter(pl.col("superseded_at").is_null() & pl.col("row").is_not_null())
    both = now.join(last, on="post_id").filter(pl.col("version_at") < pl.col("moved_at"))
    both = both.join(before, on="row_before", how="left").with_columns(
        origin_before=pl.coalesce("origin_told", "stored_origin"),
        path_before=pl.coalesce("path_told", "stored_path"),
    )
    is_elsewhere = (pl.col("origin") != pl.col("origin_before")) | (pl.col("path") != pl.col("path_before"))
    going_on = moved.filter(pl.col("moved_at") >= _first(choices)) if choices else moved
    both = pl.concat([going_on, both.filter(is_elsewhere).select(*SCHEMA)])
    both = both.sort("moved_at", descending=True, maintain_order=True)
    return both.unique("post_id", keep="first", maintain_order=True)


def _last(choices: Mapping[str, Sequence[Choice]]) -> pl.DataFrame:
    """Return the last moment that touches each post, and the row that told it until then, if one came earlier."""
    told = [
        (post_id, told[-1][0], told[-2][1] if len(told) > 1 else None) for post_id, told in choices.items()
    ]
    schema = {"post_id": pl.String(), "moved_at": _MOMENT, "row_before": pl.Int64()}
    return pl.DataFrame(told, schema=schema, orient="row")


def _first(choices: Mapping[str, Sequence[Choice]]) -> dt.datetime:
    return min(told[0][0] for told in choices.values())
