"""All that the page shows, asked of the lake at one moment."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from flows.pipeline.html_report.translations import BOTH
from lake.query import statistics as ask
from lake.query.freshness import source_freshness
from lake.query.growth import growth_of_tables
from lake.query.info import TableInfo, tables
from lake.query.statistics import Window
from lake.store import Lake
from lake.tables import runs
from schemas.enums import Outcome

# Sources with a row of their own in charts: as many as fit a screen or two.
DRAWN = 40
RUNS = 90
# what fits beside a chart; the whole name stands in the table
LABEL = 40
MINUTE = dt.timedelta(minutes=1)


class Freshness(StrEnum):
    """How a source stands, when its posts were last read."""

    FRESH = "fresh"
    SILENT = "silent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Figures:
    """A lake in numbers. `sources` has, beside the columns of the lake's own, label, gap_days, limit_days and freshness.

    `window` is None for a lake without posts. `read_on` is the day that its files were last read.
    """

    place: str
    made_at: dt.datetime
    read_on: dt.date
    sources: pl.DataFrame
    window: Window | None
    activity: pl.DataFrame
    lengths: pl.DataFrame
    languages: pl.DataFrame
    left_out: pl.DataFrame
    runs: pl.DataFrame
    tables: list[TableInfo]
    growth: pl.DataFrame

    @property
    def grown(self) -> tuple[dt.datetime, dt.datetime]:
        """Return the moments of the first and the last commit."""
        at = self.growth["at"]
        return (at.min(), at.max())  # type: ignore[return-value]  # of moments: every lake was made by commits

    @property
    def has_grown(self) -> bool:
        """Tell whether the growth spans a minute: what one small run wrote is no growth to look at."""
        return self.growth.height > 0 and self.grown[1] - self.grown[0] >= MINUTE

    @property
    def posts(self) -> int:
        return int(self.sources["posts"].sum())

    @property
    def has_text(self) -> bool:
        """Tell whether any post that is shown has a body, kept or left out."""
        return bool(self.activity.select(pl.col("text_chars", "boilerplate_chars").sum()).row(0) > (0, 0))

    @property
    def rejected(self) -> int:
        return self._left_out(Outcome.REJECTED)

    @property
    def ignored(self) -> int:
        return self._left_out(Outcome.IGNORED)

    @property
    def silent(self) -> int:
        return self.live.filter(pl.col("freshness") == Freshness.SILENT.value).height

    def _left_out(self, outcome: Outcome) -> int:
        return int(self.left_out.filter(pl.col("outcome") == outcome.value)["files"].sum())

    @property
    def live(self) -> pl.DataFrame:
        """Return the sources that have posts."""
        return self.sources.filter(pl.col("posts") > 0)

    @property
    def drawn(self) -> pl.DataFrame:
        """Return the sources that have a row of their own in charts."""
        return self.live.head(DRAWN)


def gather(lake: Lake, made_at: dt.datetime) -> Figures:
    """Ask all figures of a lake."""
    told = ask.last_runs(lake, RUNS)
    read_on = _read_on(told) or made_at.date()
    with ask.open_statistics(lake) as opened:
        sources = _with_freshness(_labelled(ask.sources(opened)), source_freshness(lake, read_on), read_on)
        window = ask.choose_window(opened, made_at.date())
        shown = window or Window(read_on, read_on, ask.Period.DAY)
        chosen = sources.filter(pl.col("posts") > 0).head(DRAWN)["source_id"].to_list()
        return Figures(
            lake.root.absolute().name,
            made_at,
            read_on,
            sources,
            window,
            ask.activity(opened, shown, chosen),
            ask.lengths(opened, shown, chosen),
            ask.languages(opened),
            ask.non_post_files(opened),
            told,
            tables(lake),
            growth_of_tables(lake),
        )


def _read_on(told: pl.DataFrame) -> dt.date | None:
    """Return the day of the last run that read files; None where none of them did."""
    read = told.filter(~pl.col("kind").is_in([*runs.MAINTENANCE_KINDS, runs.REPLAY]))
    return read["started_at"].dt.date()[0] if read.height else None


def _labelled(sources: pl.DataFrame) -> pl.DataFrame:
    return sources.with_columns(
        label=pl.Series(labels(sources.select("source", "source_id").iter_rows()), dtype=pl.String)
    )


def labels(sources: Iterable[tuple[str, str]]) -> list[str]:
    """Return a short name for each source (name, source_id), no two alike: on one line, the source_id added where it must be."""
    seen = {word.casefold() for key in ("all", "others") for word in BOTH[key]}
    told = []
    for name, source_id in sources:
        line = " ".join("".join(each if each.isprintable() else " " for each in name).split()) or source_id
        short = line if len(line) <= LABEL else line[: LABEL - 1] + "…"
        label = f"{short} ({source_id})" if short.casefold() in seen else short
        seen.add(short.casefold())
        told.append(label)
    return told


def _with_freshness(sources: pl.DataFrame, told: pl.DataFrame, read_on: dt.date) -> pl.DataFrame:
    silent = pl.col("limit_days").is_not_null() & (
        (pl.lit(read_on) - pl.col("last")).dt.total_days() > pl.col("limit_days")
    )
    state = (
        pl.when(silent).then(pl.lit(Freshness.SILENT.value))
        .when(pl.col("limit_days").is_null()).then(pl.lit(Freshness.UNKNOWN.value))
        .otherwise(pl.lit(Freshness.FRESH.value))
    )  # fmt: skip
    return sources.join(
        told.select("source_id", "gap_days", "limit_days"), on="source_id", how="left", maintain_order="left"
    ).with_columns(freshness=state)
