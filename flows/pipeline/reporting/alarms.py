"""What a person should look at after a run: sources whose posts are not what they were, and runs that are unlike others."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from flows.pipeline.reporting.rejects import rejects_by_source
from flows.pipeline.sources.base import VanishedError
from lake.batch import Run
from lake.query.freshness import read_counts_by_source, source_freshness, source_names
from lake.store import Lake
from lake.tables import runs
from posts.sources.paths import printable
from schemas.enums import AlarmKind, ParseWarning

# A share is told from so many posts; the boilerplate of a source seldom drifts by a quarter of its text.
LEAST_BEFORE, LEAST_NEW, DRIFT = 30, 30, 0.25
# The share of rejects is held against runs that read so many files, if there are so many of them. It is far off outside
# all that they had, and so far from their median that chance does not explain it: four standard deviations, taken as if
# 2 % were usual where less is, and a twentieth of the files at least. Of 30 files 4 must be rejected, of 100 files 6.
LEAST_READ, LEAST_RUNS, DEVIATIONS, LEAST_USUAL, LEAST_OFF = 30, 5, 4, 0.02, 0.05
READ = pl.col("found") - pl.col("unchanged")
# files that the code failed at and that a line names
FIRST = 3
# path, reason, detail of a file that the code failed at
Failure = tuple[str, str, str]
Numbers = Mapping[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to look at: its kind, the line that tells it, the source_id it is about, and the numbers behind it.

    No source where it is about the run as a whole.
    """

    kind: AlarmKind
    text: str
    source: str | None = None
    numbers: Numbers = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text


def unbalanced(text: str, counts: Mapping[str, int]) -> Alarm:
    return Alarm(AlarmKind.UNBALANCED, text, numbers=counts)


def parser_errors(failures: Sequence[Failure]) -> list[Alarm]:
    """Tell the files that the code failed at."""
    if not failures:
        return []
    first = [f"{printable(path)} ({reason}: {detail})" for path, reason, detail in failures[:FIRST]]
    more = [f"and {len(failures) - FIRST:,} more"] if len(failures) > FIRST else []
    text = f"{in_files(len(failures))} could not be parsed, by a fault of postlake's: {'; '.join([*first, *more])}"
    return [Alarm(AlarmKind.PARSER_ERRORS, text, numbers={"files": len(failures)})]


def shrank(origin: str, lost: int, posts: int) -> Alarm:
    """Tell an origin of which nothing was withdrawn, though most of its posts have no file any more."""
    text = (
        f"source_shrank: {printable(origin)}: {lost:,} of its {posts:,} posts would be left without a file, so nothing "
        "of it was withdrawn; see whether all of it is there, or say that it is meant: --allow-shrink (allow_shrink)"
    )
    return Alarm(AlarmKind.SOURCE_SHRANK, text, numbers={"origin": origin, "lost": lost, "posts": posts})


def vanished(origin: str) -> Alarm:
    """Tell a folder that was gone before all of it was read; the line is that of VanishedError."""
    return Alarm(
        AlarmKind.SOURCE_VANISHED, f"source_vanished: {VanishedError(origin)}", numbers={"origin": origin}
    )


def in_files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"


def drifted(lake: Lake, run: Run) -> list[Alarm]:
    """Tell the sources whose new posts hold a far larger or smaller share of boilerplate than their others."""
    share = pl.col("boilerplate_chars") / (pl.col("boilerplate_chars") + pl.col("text_chars"))
    is_new = pl.col("run_id") == run.run_id
    posts = lake.scan("posts").filter(pl.col("boilerplate_chars") + pl.col("text_chars") > 0)
    shares = posts.group_by("source", "source_id").agg(
        before=share.filter(~is_new).mean(),
        now=share.filter(is_new).mean(),
        old=(~is_new).sum(),
        new=is_new.sum(),
    )
    is_told = (pl.col("old") >= LEAST_BEFORE) & (pl.col("new") >= LEAST_NEW)
    far = shares.filter(is_told & ((pl.col("now") - pl.col("before")).abs() > DRIFT)).sort("source")
    return [_drift(row) for row in far.collect().iter_rows(named=True)]


def _drift(row: dict[str, Any]) -> Alarm:
    text = "{source}: boilerplate is {now:.0%} of {new} new posts, {before:.0%} of the {old} before".format(
        **row
    )
    numbers = {name: row[name] for name in ("before", "now", "old", "new")}
    return Alarm(AlarmKind.BOILERPLATE, text, str(row["source_id"]), numbers)


def spared(lake: Lake, run: Run) -> list[Alarm]:
    """Tell how many posts of a run keep text of which wording and templates would have left next to nothing."""
    is_spared = (pl.col("run_id") == run.run_id) & pl.col("warnings").list.contains(
        ParseWarning.MOSTLY_CUT.value
    )
    paths = lake.scan("posts").filter(is_spared).select("path").collect()["path"].sort()
    if paths.is_empty():
        return []
    text = f"{len(paths)} posts keep text of which rules would have left less than a fifth ({ParseWarning.MOSTLY_CUT.value}), {printable(paths[0])} is one"
    return [Alarm(AlarmKind.MOSTLY_CUT, text, numbers={"posts": len(paths)})]


def silent(lake: Lake, run: Run, origins: Iterable[str]) -> list[Alarm]:
    """Tell the sources of some origins whose silence has passed its limit since the last run that read these.

    So each silence is told once, and an archive of sources that ended long ago tells none: neither when it is the
    first of a lake nor when it comes to others, since a source that only this run has read was never awaited.
    """
    before = runs.previous_start(lake, run, origins)
    if before is None:
        return []
    today = run.started_at.date()
    passed_at = pl.col("last") + pl.duration(days="limit_days")
    is_told = (passed_at < today) & (passed_at >= before.date())
    told = source_freshness(lake, today).filter(is_told)
    awaited = read_counts_by_source(lake, origins, run.run_id).filter(pl.col("posts") > pl.col("read"))
    told = told.join(awaited, on="source_id", how="semi").sort("source_id")
    return [_silence(lake, row, today) for row in told.iter_rows(named=True)]


def _silence(lake: Lake, row: dict[str, Any], today: dt.date) -> Alarm:
    source_id, last = str(row["source_id"]), row["last"]
    days, name = (today - last).days, source_names(lake, [source_id]).get(source_id, source_id)
    text = f"{name}: silent since {last}, {days} days; between its days with posts lie {row['gap_days']:g}, and {row['limit_days']} would be many"
    numbers = {"last": str(last), "days": days, "gap_days": row["gap_days"], "limit_days": row["limit_days"]}
    return Alarm(AlarmKind.SOURCE_SILENT, text, source_id, numbers)


def unusual_rejects(
    lake: Lake, run: Run, kind: str, origins: Iterable[str], counts: Mapping[str, int]
) -> list[Alarm]:
    """Tell a run that rejects a far larger or smaller share of what it reads than the runs before it did."""
    read = counts["found"] - counts["unchanged"]
    if read < LEAST_READ:
        return []
    earlier = runs.comparable_runs(lake, run, kind, origins)
    past = earlier.filter(READ >= LEAST_READ).select(pl.col("rejected") / READ)["rejected"]
    if len(past) < LEAST_RUNS:
        return []
    now, usual = counts["rejected"] / read, float(past.median())  # type: ignore[arg-type]  # of some
    noise = max(usual, LEAST_USUAL)
    far = max(LEAST_OFF, DEVIATIONS * (noise * (1 - noise) / read) ** 0.5)
    if abs(now - usual) < far or past.min() <= now <= past.max():  # type: ignore[operator]  # of floats
        return []
    text = f"{counts['rejected']} of {read} files were rejected ({now:.0%}), usually {usual:.0%} (median of {len(past)} runs)"
    return [Alarm(AlarmKind.REJECTS, text, numbers={"now": now, "usual": usual, "files": read})]


def rejecting(lake: Lake, run: Run) -> list[Alarm]:
    """Tell the sources of which far more files are rejected than before."""
    shares = rejects_by_source(lake, run).with_columns(
        now=pl.col("rejected_now") / pl.col("new"), before=pl.col("rejected_before") / pl.col("old")
    )
    is_told = (pl.col("old") >= LEAST_BEFORE) & (pl.col("new") >= LEAST_NEW)
    far = shares.filter(is_told & (pl.col("now") - pl.col("before") > DRIFT)).sort("source_id")
    return [_rejecting(row) for row in far.iter_rows(named=True)]


def _rejecting(row: dict[str, Any]) -> Alarm:
    text = "{source}: {now:.0%} of {new} new files were rejected, {before:.0%} of the {old} before".format(
        **row
    )
    numbers = {name: row[name] for name in ("before", "now", "old", "new")}
    return Alarm(AlarmKind.SOURCE_REJECTS, text, str(row["source_id"]), numbers)
