"""What a run's new files became, where so few are posts of their own that a person should look at it."""

import polars as pl

from flows.pipeline.reporting.alarms import Alarm
from lake.batch import Run
from lake.store import Lake
from lake.tables import files as files_table
from posts.sources.paths import printable
from schemas.enums import AlarmKind, Outcome
from schemas.keys import post_id_of_path

# of fewer files a share tells little
MIN_FILES = 30
MIN_POSTS, MAX_DUPLICATES = 0.5, 0.2
REASONS = 3


def few_posts(lake: Lake, run: Run) -> list[Alarm]:
    """Tell a run that turned less than half of its files into posts, or took more than a fifth for duplicates.

    With the most frequent reasons, and an example of each.
    """
    files = files_table.rows_of_run(lake, run.run_id)
    if files.height < MIN_FILES:
        return []
    not_posts = files.filter(pl.col("outcome") != Outcome.POST.value)
    duplicates = files.filter(pl.col("outcome") == Outcome.DUPLICATE.value)
    alarms = list[Alarm]()
    if files.height - not_posts.height < MIN_POSTS * files.height:
        became = f"{files.height - not_posts.height} of {files.height} new files became posts of their own"
        reasons = not_posts.with_columns(reason=pl.coalesce("reason", "outcome"))
        alarms.append(_alarm(AlarmKind.MANY_NOT_POSTS, became, files, reasons))
    if duplicates.height > MAX_DUPLICATES * files.height:
        became = f"{duplicates.height} of {files.height} new files tell a post that another file tells"
        alarms.append(_alarm(AlarmKind.MANY_DUPLICATES, became, files, _why_one(lake, duplicates)))
    return alarms


def _alarm(kind: AlarmKind, became: str, files: pl.DataFrame, reasons: pl.DataFrame) -> Alarm:
    counted = reasons.sort("path").group_by("reason").agg(pl.len(), pl.col("path", "detail").first())
    most = counted.sort("len", "reason", descending=[True, False]).head(REASONS)
    told = [
        f"{number} {reason} (such as {printable(f'{path}, {detail}' if detail else path)})"
        for reason, number, path, detail in most.iter_rows()
    ]
    numbers = {"files": files.height} | dict(most.select("reason", "len").iter_rows())
    return Alarm(kind, f"{became}: {'; '.join(told)}", numbers=numbers)


def _why_one(lake: Lake, duplicates: pl.DataFrame) -> pl.DataFrame:
    """Set as reason what makes a duplicate and the file that tells its post one: content, URL or place."""
    chosen = files_table.elected_files(lake, duplicates["post_id"]).select("post_id", chosen_blob="blob")
    both = duplicates.join(chosen, on="post_id", how="left", maintain_order="left")
    told = both.select("post_id", "source_id", "path").iter_rows()
    is_placed = pl.Series([post_id == post_id_of_path(*place) for post_id, *place in told], dtype=pl.Boolean)
    why = (
        pl.when(pl.col("blob").eq_missing(pl.col("chosen_blob")))
        .then(pl.lit("same_content"))
        .when(is_placed)
        .then(pl.lit("same_place"))
        .otherwise(pl.lit("same_url"))
    )
    return both.with_columns(reason=why)
