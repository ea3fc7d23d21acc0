"""Alarms for runs in which too few new files became posts of their own."""

import polars as pl

from flows.pipeline.reporting.alarm import Alarm
from lake.batch import Run
from lake.store import Lake
from lake.tables import files as files_table
from posts.sources.paths import printable
from schemas.enums import AlarmKind, Outcome
from schemas.keys import post_id_of_file

# a share of fewer files means little
MIN_FILES = 30
MIN_POST_SHARE, MAX_DUPLICATE_SHARE = 0.5, 0.2
MAX_REASONS = 3


def few_posts_alarms(lake: Lake, run: Run) -> list[Alarm]:
    """Return alarms if less than half of a run's files became posts, or over a fifth are duplicates.

    The text has the most frequent reasons, and an example of each.
    """
    files = files_table.rows_of_run(lake, run.run_id)
    if files.height < MIN_FILES:
        return []
    not_posts = files.filter(pl.col("outcome") != Outcome.POST.value)
    duplicates = files.filter(pl.col("outcome") == Outcome.DUPLICATE.value)
    alarms = list[Alarm]()
    if files.height - not_posts.height < MIN_POST_SHARE * files.height:
        headline = f"{files.height - not_posts.height} of {files.height} new files became posts of their own"
        reasons = not_posts.with_columns(reason=pl.coalesce("reason", "outcome"))
        alarms.append(_few_posts_alarm(AlarmKind.MANY_NOT_POSTS, headline, files, reasons))
    if duplicates.height > MAX_DUPLICATE_SHARE * files.height:
        headline = f"{duplicates.height} of {files.height} new files tell a post that another file tells"
        alarms.append(
            _few_posts_alarm(
                AlarmKind.MANY_DUPLICATES, headline, files, _with_duplicate_reason(lake, duplicates)
            )
        )
    return alarms


def _few_posts_alarm(kind: AlarmKind, headline: str, files: pl.DataFrame, reasons: pl.DataFrame) -> Alarm:
    reason_counts = reasons.sort("path").group_by("reason").agg(pl.len(), pl.col("path", "detail").first())
    top_reasons = reason_counts.sort("len", "reason", descending=[True, False]).head(MAX_REASONS)
    examples = [
        f"{number} {reason} (such as {printable(f'{path}, {detail}' if detail else path)})"
        for reason, number, path, detail in top_reasons.iter_rows()
    ]
    numbers = {"files": files.height} | dict(top_reasons.select("reason", "len").iter_rows())
    return Alarm(kind, f"{headline}: {'; '.join(examples)}", numbers=numbers)


def _with_duplicate_reason(lake: Lake, duplicates: pl.DataFrame) -> pl.DataFrame:
    """Return duplicates with a reason: what they share with the current file of their post.

    The reasons are same_content, same_place and same_url.
    """
    elected_files = files_table.elected_files(lake, duplicates["post_id"]).select(
        "post_id", chosen_blob="blob"
    )
    joined = duplicates.join(elected_files, on="post_id", how="left", maintain_order="left")
    claims = joined.select("post_id", "source_id", "origin", "path").iter_rows()
    is_same_place = pl.Series(
        [post_id == post_id_of_file(*file) for post_id, *file in claims],
        dtype=pl.Boolean,
    )
    why = (
        pl.when(pl.col("blob").eq_missing(pl.col("chosen_blob")))
        .then(pl.lit("same_content"))
        .when(is_same_place)
        .then(pl.lit("same_place"))
        .otherwise(pl.lit("same_url"))
    )
    return joined.with_columns(reason=why)
