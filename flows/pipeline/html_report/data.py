"""The data of the page, read from the lake at one time."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from flows.pipeline.html_report.translations import NO_SCRIPT, TRANSLATIONS
from lake.query import statistics
from lake.query.freshness import source_freshness
from lake.query.growth import growth_of_tables
from lake.query.info import TableInfo, tables
from lake.query.statistics import Window
from lake.storage.location import short_name
from lake.store import Lake
from schemas.enums import MAINTENANCE_KINDS, Outcome, RunKind

# Sources with a row of their own in charts: as many as fit on one or two screens.
MAX_CHARTED_SOURCES = 40
MAX_RUNS = 90
# as much as fits next to a chart; the table has the full name
MAX_LABEL_CHARS = 40
MINUTE = dt.timedelta(minutes=1)


class Freshness(StrEnum):
    """The freshness of a source on the day that its files were last read."""

    FRESH = "fresh"
    SILENT = "silent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ReportData:
    """The numbers of a lake.

    `sources` has the columns of `statistics.sources`, and label, gap_days, limit_days and freshness. `read_on` is
    the day that the files of the lake were last read. `window` is that day for a lake without posts.
    """

    lake_name: str
    made_at: dt.datetime
    read_on: dt.date
    sources: pl.DataFrame
    window: Window
    activity: pl.DataFrame
    lengths: pl.DataFrame
    languages: pl.DataFrame
    non_post_files: pl.DataFrame
    runs: pl.DataFrame
    tables: list[TableInfo]
    growth: pl.DataFrame

    @property
    def growth_span(self) -> tuple[dt.datetime, dt.datetime]:
        """Return the times of the first and the last commit."""
        at = self.growth["at"]
        return (at.min(), at.max())  # type: ignore[return-value]  # of times: creating a lake makes commits

    @property
    def has_growth(self) -> bool:
        """Return whether the growth spans a minute: a single small run is not worth a chart."""
        return self.growth.height > 0 and self.growth_span[1] - self.growth_span[0] >= MINUTE

    @property
    def posts(self) -> int:
        return int(self.sources["posts"].sum())

    @property
    def has_text(self) -> bool:
        """Return whether any post in the charts has a body, before cleaning."""
        return bool(self.activity.select(pl.col("text_chars", "boilerplate_chars").sum()).row(0) > (0, 0))

    @property
    def silent_sources(self) -> int:
        return self.live_sources.filter(pl.col("freshness") == Freshness.SILENT.value).height

    def count_files(self, outcome: Outcome) -> int:
        return int(self.non_post_files.filter(pl.col("outcome") == outcome.value)["files"].sum())

    @property
    def live_sources(self) -> pl.DataFrame:
        """Return the sources that have posts."""
        return self.sources.filter(pl.col("posts") > 0)

    @property
    def charted_sources(self) -> pl.DataFrame:
        """Return the sources that have a row of their own in charts."""
        return self.live_sources.head(MAX_CHARTED_SOURCES)


def collect_report_data(lake: Lake, made_at: dt.datetime) -> ReportData:
    """Return the data of the page about a lake."""
    last_runs = statistics.last_runs(lake, MAX_RUNS)
    read_on = _read_on(last_runs) or made_at.date()
    with statistics.open_statistics(lake) as opened:
        sources = _with_freshness(statistics.sources(opened), source_freshness(lake, read_on), read_on)
        shown = sources.select(pl.col("source").replace(lake.shown_names), "source_id")
        label = labels(shown.iter_rows())
        sources = sources.with_columns(label=pl.Series(label, dtype=pl.String))
        window = statistics.choose_window(opened, made_at.date())
        window = window or Window(read_on, read_on, statistics.Period.DAY)
        chosen = sources.filter(pl.col("posts") > 0).head(MAX_CHARTED_SOURCES)["source_id"].to_list()
        return ReportData(
            short_name(lake.root),
            made_at,
            read_on,
            sources,
            window,
            statistics.activity(opened, window, chosen),
            statistics.lengths(opened, window, chosen),
            statistics.languages(opened).with_columns(pl.col("script").fill_null(NO_SCRIPT)),
            statistics.non_post_files(opened),
            last_runs,
            tables(lake),
            growth_of_tables(lake),
        )


def _read_on(last_runs: pl.DataFrame) -> dt.date | None:
    """Return the day of the last run that read files; None if no run did."""
    reading = last_runs.filter(~pl.col("kind").is_in([*MAINTENANCE_KINDS, RunKind.MIGRATE, RunKind.REPLAY]))
    return reading["started_at"].dt.date()[0] if reading.height else None


def labels(sources: Iterable[tuple[str, str]]) -> list[str]:
    """Return a short, unique, one-line name for each source (name, source_id).

    The source_id is added where the short name alone is not unique.
    """
    taken = {text.casefold() for key in ("all", "others") for text in TRANSLATIONS[key]}
    short_names = []
    for name, source_id in sources:
        line = " ".join("".join(each if each.isprintable() else " " for each in name).split()) or source_id
        short = line if len(line) <= MAX_LABEL_CHARS else line[: MAX_LABEL_CHARS - 1] + "…"
        label = f"{short} ({source_id})" if short.casefold() in taken else short
        taken.add(short.casefold())
        short_names.append(label)
    return short_names


def _with_freshness(sources: pl.DataFrame, gaps: pl.DataFrame, read_on: dt.date) -> pl.DataFrame:
    silent = pl.col("limit_days").is_not_null() & (
        (pl.lit(read_on) - pl.col("last")).dt.total_days() > pl.col("limit_days")
    )
    state = (
        pl.when(silent).then(pl.lit(Freshness.SILENT.value))
        .when(pl.col("limit_days").is_null()).then(pl.lit(Freshness.UNKNOWN.value))
        .otherwise(pl.lit(Freshness.FRESH.value))
    )  # fmt: skip
    return sources.join(
        gaps.select("source_id", "gap_days", "limit_days"), on="source_id", how="left", maintain_order="left"
    ).with_columns(freshness=state)
