"""Compare the result of a backfill with its plan, file by file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from flows.pipeline.backfill.simulate import with_period
from lake.batch import KEY
from lake.store import Lake
from lake.tables import files as files_table

# files shown in the comparison; the counts cover all files
MAX_FILES_SHOWN = 100
TEXT_HASH_SCHEMA = {"post_id": pl.String, "content_hash": pl.String}


@dataclass(frozen=True, slots=True)
class PlanComparison:
    """The result of a backfill compared with its plan.

    `skipped` counts planned files that were skipped, `differ` those with another result than planned. Of each,
    the first hundred files are listed.
    """

    planned: int
    skipped: int
    differ: int
    texts_changed: int
    skipped_files: list[dict[str, Any]]
    differing_files: list[dict[str, Any]]

    @property
    def is_as_planned(self) -> bool:
        return not (self.skipped or self.differ)

    def __str__(self) -> str:
        if self.is_as_planned:
            return f"did exactly what was planned: {self.planned} files"
        return f"of {self.planned} planned files {self.skipped} were skipped, {self.differ} became something else than planned"


def compare_with_plan(
    lake: Lake, files: pl.DataFrame, skipped: pl.DataFrame, text_hashes_before: pl.DataFrame
) -> PlanComparison:
    """Compare the `files` table with the files of a plan (BackfillPlanFile).

    `text_hashes_before` are the text hashes of their posts before the run (TEXT_HASH_SCHEMA).
    """
    file_rows = with_period(lake.granularity, files_table.live_rows(lake, files))
    current_columns = file_rows.select(
        *KEY, "blob", *(pl.col(name).alias(f"{name}_now") for name in _COMPARED_COLUMNS)
    )
    joined = files.join(skipped, on=KEY, how="anti").join(current_columns, on=KEY, how="left", suffix="_now")
    mismatches = joined.filter(~_is_as_planned())
    return PlanComparison(
        files.height,
        skipped.height,
        mismatches.height,
        text_hashes_before.join(text_hashes(lake, files), on="post_id").filter(_has_other_text()).height,
        skipped.head(MAX_FILES_SHOWN).to_dicts(),
        [_mismatch_row(row) for row in mismatches.head(MAX_FILES_SHOWN).iter_rows(named=True)],
    )


_COMPARED_COLUMNS = ("outcome", "reason", "post_id", "period")


def text_hashes(lake: Lake, files: pl.DataFrame) -> pl.DataFrame:
    """Return the text hashes of the posts that belong to files: TEXT_HASH_SCHEMA."""
    posts = files.lazy().select("post_id").drop_nulls().unique()
    return lake.scan("posts").select(*TEXT_HASH_SCHEMA).join(posts, on="post_id", how="semi").collect()


def _has_other_text() -> pl.Expr:
    return pl.col("content_hash") != pl.col("content_hash_right")


def _is_as_planned() -> pl.Expr:
    return pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(f"{name}_now"))
        for name in ("outcome", "post_id", "period", "blob", "reason")
    )


def _mismatch_row(row: Mapping[str, Any]) -> dict[str, Any]:
    planned = _outcome_text([row[name] for name in _COMPARED_COLUMNS])
    actual = _outcome_text([row[f"{name}_now"] for name in _COMPARED_COLUMNS])
    if row["blob"] != row["blob_now"]:
        actual = f"{actual}, of another content"
    return {"origin": row["origin"], "path": row["path"], "planned": planned, "became": actual}


def _outcome_text(columns: list[str | None]) -> str:
    outcome, reason, post_id, period = columns
    destination = f"of {post_id} in {period}" if post_id else None
    return " ".join(filter(None, [outcome or "nothing", reason, destination]))
