"""Compare the result of a backfill with its plan, file by file."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from flows.pipeline.backfill.plan import with_period
from lake.batch import KEY
from lake.store import Lake
from lake.tables import files as files_table

# files shown in the comparison; the counts cover all files
MAX_FILES_SHOWN = 100
COMPARED_COLUMNS = ["blob", "outcome", "reason", "post_id", "period"]
OUTCOME_TEXT = pl.concat_str(
    "outcome", "reason", pl.format("of {} in {}", "post_id", "period"), separator=" ", ignore_nulls=True
)


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

    `text_hashes_before` are the text hashes of their posts before the run (`text_hashes`).
    """
    ledger_rows = with_period(lake.granularity, files_table.live_rows(lake, files))
    differing = files.join(skipped, on=KEY, how="anti").join(
        ledger_rows, on=[*KEY, *COMPARED_COLUMNS], how="anti", nulls_equal=True, maintain_order="left"
    )
    has_other_blob = pl.col("blob").ne_missing(pl.col("blob_now"))
    other_content = pl.when(has_other_blob).then(pl.lit(", of another content"))
    became = pl.concat_str(pl.col("became").fill_null("nothing"), other_content, ignore_nulls=True)
    outcomes = ledger_rows.select(*KEY, blob_now="blob", became=OUTCOME_TEXT)
    shown = differing.head(MAX_FILES_SHOWN).join(outcomes, on=KEY, how="left", maintain_order="left")
    has_other_text = pl.col("content_hash") != pl.col("content_hash_right")
    return PlanComparison(
        files.height,
        skipped.height,
        differing.height,
        text_hashes_before.join(text_hashes(lake, files), on="post_id").filter(has_other_text).height,
        skipped.head(MAX_FILES_SHOWN).to_dicts(),
        shown.select(*KEY, planned=OUTCOME_TEXT, became=became).to_dicts(),
    )


def text_hashes(lake: Lake, files: pl.DataFrame) -> pl.DataFrame:
    """Return the text hashes of the posts that belong to files: post_id, content_hash."""
    posts = files.lazy().select("post_id").drop_nulls().unique()
    return (
        lake.scan("posts").select("post_id", "content_hash").join(posts, on="post_id", how="semi").collect()
    )
