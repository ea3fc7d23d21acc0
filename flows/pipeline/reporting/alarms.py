"""Alarms that a person should check after a run: sources or runs that differ from earlier ones."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from flows.pipeline.reporting.alarm import MIN_NEW_POSTS, MIN_OLD_POSTS, Alarm, Failure
from flows.pipeline.reporting.rates import READ_COUNT
from flows.pipeline.sources.content import VanishedError
from lake.batch import Run
from lake.query.freshness import read_counts_by_source, source_freshness, source_names
from lake.store import Lake
from lake.tables import files, runs
from posts.sources.paths import printable
from schemas.enums import AlarmKind, ParseWarning

# the numbers of an alarm about a share of the posts or files of a source
SHARE_COLUMNS = ("before", "now", "old", "new")
# The boilerplate of a source rarely changes by a quarter of its text.
MAX_SHARE_DRIFT = 0.25
# The share of rejects is compared with past runs that read MIN_READ_FILES files, if there are MIN_PAST_RUNS
# of them. An alarm needs a share outside the range of all these runs, and a difference from their median that
# chance does not explain: four standard deviations, computed with a usual share of at least 2 %, and at least
# a twentieth of the files. Of 30 files 4 must be rejected, of 100 files 6.
MIN_READ_FILES, MIN_PAST_RUNS, MAX_DEVIATIONS, MIN_USUAL_SHARE, MIN_SHARE_DIFFERENCE = 30, 5, 4, 0.02, 0.05
# files that the code failed at and that an alarm lists
MAX_FAILURES_SHOWN = 3


def parser_error_alarms(failures: Sequence[Failure]) -> list[Alarm]:
    """Return an alarm for the files that the code failed at."""
    if not failures:
        return []
    shown_failures = [
        f"{printable(path)} ({reason}: {detail})" for path, reason, detail in failures[:MAX_FAILURES_SHOWN]
    ]
    hidden_failures = (
        [f"and {len(failures) - MAX_FAILURES_SHOWN:,} more"] if len(failures) > MAX_FAILURES_SHOWN else []
    )
    text = f"{files_text(len(failures))} could not be parsed, by a fault of postlake's: {'; '.join([*shown_failures, *hidden_failures])}"
    return [Alarm(AlarmKind.PARSER_ERRORS, text, numbers={"files": len(failures)})]


def shrunken_source_alarm(origin: str, lost_posts: int, posts: int) -> Alarm:
    """Return an alarm for an origin that lost most of its posts; none of them was withdrawn."""
    text = (
        f"source_shrank: {printable(origin)}: {lost_posts:,} of its {posts:,} posts would be left without a file, so nothing "
        "of it was withdrawn; see whether all of it is there, or say that it is meant: --allow-shrink (allow_shrink)"
    )
    return Alarm(
        AlarmKind.SOURCE_SHRANK, text, numbers={"origin": origin, "lost": lost_posts, "posts": posts}
    )


def vanished_source_alarm(origin: str) -> Alarm:
    """Return an alarm for a folder that vanished before all of it was read; its text is VanishedError's."""
    return Alarm(
        AlarmKind.SOURCE_VANISHED, f"source_vanished: {VanishedError(origin)}", numbers={"origin": origin}
    )


def files_text(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"


def boilerplate_drift_alarms(lake: Lake, run: Run) -> list[Alarm]:
    """Return alarms for sources whose new posts have a far larger or smaller share of boilerplate."""
    counts = Counter[str]()
    for source_id, written in lake.written_posts(run.run_id):
        counts[source_id] += written.posts
    source_ids = [source_id for source_id, count in counts.items() if count >= MIN_NEW_POSTS]
    if not source_ids:
        return []
    is_new = pl.col("run_id") == run.run_id
    share = pl.col("boilerplate_chars") / (pl.col("boilerplate_chars") + pl.col("text_chars"))
    files_of_sources = lake.files_of_partitions("posts", pl.DataFrame({"source_id": source_ids}))
    has_text = pl.col("boilerplate_chars") + pl.col("text_chars") > 0
    posts = files_of_sources.scan_with_partitions().filter(pl.col("withdrawn_at").is_null() & has_text)
    shares = posts.group_by("source", "source_id").agg(
        before=share.filter(~is_new).mean(),
        now=share.filter(is_new).mean(),
        old=(~is_new).sum(),
        new=is_new.sum(),
    )
    has_enough_posts = (pl.col("old") >= MIN_OLD_POSTS) & (pl.col("new") >= MIN_NEW_POSTS)
    drifting_sources = shares.filter(
        has_enough_posts & ((pl.col("now") - pl.col("before")).abs() > MAX_SHARE_DRIFT)
    ).sort("source")
    text = "{source}: boilerplate is {now:.0%} of {new} new posts, {before:.0%} of the {old} before"
    return _share_alarms(AlarmKind.BOILERPLATE, text, drifting_sources.collect())


def _share_alarms(kind: AlarmKind, text: str, sources: pl.DataFrame) -> list[Alarm]:
    """Return an alarm for each source, whose share `now`, of `new` posts or files, differs from that `before`."""
    return [
        Alarm(kind, text.format(**row), row["source_id"], {name: row[name] for name in SHARE_COLUMNS})
        for row in sources.iter_rows(named=True)
    ]


def mostly_cut_alarms(lake: Lake, run: Run) -> list[Alarm]:
    """Return an alarm with the number of a run's posts with the warning MOSTLY_CUT.

    Rules of wording and templates would have left next to nothing of their text, so text was kept.
    """
    paths = sorted(path for _, written in lake.written_posts(run.run_id) for path in written.mostly_cut)
    if not paths:
        return []
    text = f"{len(paths)} posts keep text of which rules would have left less than a fifth ({ParseWarning.MOSTLY_CUT.value}), {printable(paths[0])} is one"
    return [Alarm(AlarmKind.MOSTLY_CUT, text, numbers={"posts": len(paths)})]


def silent_source_alarms(lake: Lake, run: Run, origins: Iterable[str]) -> list[Alarm]:
    """Return alarms for sources that became silent since the last run that read some of the same origins.

    A source is silent if its silence exceeds its limit. So each silence is reported once. An archive of
    sources that ended long ago raises no alarm: neither as the first of a lake, nor when it is added to
    others, since no posts were expected from a source that only this run has read.
    """
    previous_start = runs.previous_start(lake, run, origins)
    if previous_start is None:
        return []
    today = run.started_at.date()
    passed_at = pl.col("last") + pl.duration(days="limit_days")
    is_newly_silent = (passed_at < today) & (passed_at >= previous_start.date())
    silent_sources = source_freshness(lake, today).filter(is_newly_silent)
    expected_sources = read_counts_by_source(lake, origins, run.run_id).filter(
        pl.col("posts") > pl.col("read")
    )
    silent_sources = silent_sources.join(expected_sources, on="source_id", how="semi").sort("source_id")
    return [_silent_source_alarm(lake, row, today) for row in silent_sources.iter_rows(named=True)]


def _silent_source_alarm(lake: Lake, row: dict[str, Any], today: dt.date) -> Alarm:
    source_id, last = str(row["source_id"]), row["last"]
    days, name = (today - last).days, source_names(lake, [source_id]).get(source_id, source_id)
    text = f"{name}: silent since {last}, {days} days; between its days with posts lie {row['gap_days']:g}, and {row['limit_days']} would be many"
    numbers = {"last": str(last), "days": days, "gap_days": row["gap_days"], "limit_days": row["limit_days"]}
    return Alarm(AlarmKind.SOURCE_SILENT, text, source_id, numbers)


def run_reject_alarms(
    lake: Lake, run: Run, kind: str, origins: Iterable[str], outcome_counts: Mapping[str, int]
) -> list[Alarm]:
    """Return an alarm for a run that rejects a far larger or smaller share of its files than earlier runs."""
    read_count = outcome_counts["found"] - outcome_counts["unchanged"]
    if read_count < MIN_READ_FILES:
        return []
    earlier_runs = runs.comparable_runs(lake, run, kind, origins)
    past_shares = earlier_runs.filter(READ_COUNT >= MIN_READ_FILES).select(pl.col("rejected") / READ_COUNT)[
        "rejected"
    ]
    if len(past_shares) < MIN_PAST_RUNS:
        return []
    share, usual_share = outcome_counts["rejected"] / read_count, float(past_shares.median())  # type: ignore[arg-type]  # not empty
    expected_share = max(usual_share, MIN_USUAL_SHARE)
    min_difference = max(
        MIN_SHARE_DIFFERENCE, MAX_DEVIATIONS * (expected_share * (1 - expected_share) / read_count) ** 0.5
    )
    if abs(share - usual_share) < min_difference or past_shares.min() <= share <= past_shares.max():  # type: ignore[operator]  # of floats
        return []
    text = f"{outcome_counts['rejected']} of {read_count} files were rejected ({share:.0%}), usually {usual_share:.0%} (median of {len(past_shares)} runs)"
    return [Alarm(AlarmKind.REJECTS, text, numbers={"now": share, "usual": usual_share, "files": read_count})]


def source_reject_alarms(lake: Lake, run: Run) -> list[Alarm]:
    """Return alarms for sources with a far larger share of rejected files than before."""
    shares = files.count_rejects_by_source(lake, run.run_id).with_columns(
        now=pl.col("rejected_now") / pl.col("new"), before=pl.col("rejected_before") / pl.col("old")
    )
    has_enough_files = (pl.col("old") >= MIN_OLD_POSTS) & (pl.col("new") >= MIN_NEW_POSTS)
    spiking_sources = shares.filter(
        has_enough_files & (pl.col("now") - pl.col("before") > MAX_SHARE_DRIFT)
    ).sort("source_id")
    names = source_names(lake, spiking_sources["source_id"]) if spiking_sources.height else {}
    text = "{source}: {now:.0%} of {new} new files were rejected, {before:.0%} of the {old} before"
    named_sources = spiking_sources.with_columns(source=pl.col("source_id").replace(names))
    return _share_alarms(AlarmKind.SOURCE_REJECTS, text, named_sources)
