"""What a backfill did, held against its plan file by file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from flows.pipeline.backfill.simulate import with_period
from lake.batch import KEY
from lake.store import Lake
from lake.tables import files as files_table
from schemas.enums import Outcome

# lines that a person reads; the counts tell of all
MOST_TOLD = 100
TEXTS = {"post_id": pl.String, "content_hash": pl.String}
ONE_OF = [Outcome.POST.value, Outcome.DUPLICATE.value]


@dataclass(frozen=True, slots=True)
class Held:
    """A result held against a plan. Of `left` files and of those that `differ`, the first hundred are told."""

    planned: int
    left: int
    differ: int
    texts_changed: int
    left_files: list[dict[str, Any]]
    differing_files: list[dict[str, Any]]

    @property
    def is_as_planned(self) -> bool:
        return not (self.left or self.differ)

    def __str__(self) -> str:
        if self.is_as_planned:
            return f"did exactly what was planned: {self.planned} files"
        return f"of {self.planned} planned files {self.left} were left out, {self.differ} became something else than planned"


def held_against(lake: Lake, files: pl.DataFrame, left: pl.DataFrame, texts: pl.DataFrame) -> Held:
    """Compare the ledger with the files of a plan (Planned). `texts` are the hashes of their posts before (TEXTS)."""
    read = with_period(lake, files_table.live_rows(lake, files))
    became = read.select(*KEY, "blob", *(pl.col(name).alias(f"{name}_now") for name in _TOLD))
    both = files.join(left, on=KEY, how="anti").join(became, on=KEY, how="left", suffix="_now")
    differing = both.filter(~_is_as_planned())
    return Held(
        files.height,
        left.height,
        differing.height,
        texts.join(texts_of(lake, files), on="post_id").filter(_is_another_text()).height,
        left.head(MOST_TOLD).to_dicts(),
        [_told(row) for row in differing.head(MOST_TOLD).iter_rows(named=True)],
    )


_TOLD = ("outcome", "reason", "post_id", "period")


def texts_of(lake: Lake, files: pl.DataFrame) -> pl.DataFrame:
    """Return the hashes of the texts of the posts that files tell: TEXTS."""
    posts = files.lazy().select("post_id").drop_nulls().unique()
    return lake.scan("posts").select(*TEXTS).join(posts, on="post_id", how="semi").collect()


def _is_another_text() -> pl.Expr:
    return pl.col("content_hash") != pl.col("content_hash_right")


def _is_as_planned() -> pl.Expr:
    is_one_of = pl.col("is_open") & pl.col("outcome_now").is_in(ONE_OF)
    same = [
        pl.col(name).eq_missing(pl.col(f"{name}_now")) for name in ("post_id", "period", "blob", "reason")
    ]
    return ((pl.col("outcome") == pl.col("outcome_now")) | is_one_of).fill_null(
        value=False
    ) & pl.all_horizontal(same)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    planned = _spelled([row[name] for name in _TOLD])
    became = _spelled([row[f"{name}_now"] for name in _TOLD])
    if row["blob"] != row["blob_now"]:
        became = f"{became}, of another content"
    return {"origin": row["origin"], "path": row["path"], "planned": planned, "became": became}


def _spelled(told: list[str | None]) -> str:
    outcome, reason, post_id, period = told
    place = f"of {post_id} in {period}" if post_id else None
    return " ".join(filter(None, [outcome or "nothing", reason, place]))
