"""The tables of the page: what the charts show, for those who cannot see them or want the numbers."""

import json
from typing import Any

import polars as pl

from flows.pipeline.html_report.data import Figures
from flows.pipeline.html_report.markup import name, number, say, size, table, tag
from flows.pipeline.html_report.series import RUNS_DRAWN

# the page of a lake of thousands of sources stays readable; SQL gives the rest
SOURCES = 300
SHARE = ".1%"


def sources(figures: Figures) -> str:
    """Return the largest sources, and how many more there are."""
    header = [
        "source",
        "posts",
        "first",
        "last",
        "text_chars",
        "boilerplate",
        "language",
        "gap",
        "since",
        "state",
    ]
    rows = [_source(row, figures) for row in figures.sources.head(SOURCES).iter_rows(named=True)]
    rest = figures.sources.height - SOURCES
    more = tag("p", say("rest", n=rest)) if rest > 0 else ""
    return table([*map(say, header)], rows, (1, 4, 5, 7, 8)) + more


def _source(row: dict[str, Any], figures: Figures) -> list[str]:
    chars = row["text_chars"] + row["boilerplate_chars"]
    days = (figures.read_on - row["last"]).days if row["last"] else None
    withdrawn = f" <small>+ {row['withdrawn']:,} {say('withdrawn')}</small>" if row["withdrawn"] else ""
    return [
        name(row["source"]),
        number(row["posts"]) + withdrawn,
        str(row["first"] or ""),
        str(row["last"] or ""),
        number(row["text_chars"]),
        number(row["boilerplate_chars"] / chars, SHARE) if chars else "",
        language(row["language"]),
        number(row["gap_days"], "g"),
        number(days),
        say(row["freshness"]) if row["last"] else say("withdrawn"),
    ]


def language(code: str | None) -> str:
    return "" if code is None else say("no_words" if code == "none" else code)


def years(figures: Figures) -> str:
    """Return posts and characters by year, the newest first."""
    columns = ("posts", "text_chars", "boilerplate_chars")
    by_year = figures.activity.group_by(year=pl.col("since").dt.year()).agg(pl.col(columns).sum())
    rows = [
        [str(year), number(posts), number(text), number(cut / (text + cut), SHARE) if text + cut else ""]
        for year, posts, text, cut in by_year.sort("year", descending=True).iter_rows()
    ]
    return table([*map(say, ("year", "posts", "text_chars", "boilerplate"))], rows, (1, 2, 3))


def lengths(figures: Figures) -> str:
    """Return the quartiles of length of all sources by period, the newest first."""
    columns = ("since", "posts", "lower", "median", "upper")
    rows = (
        figures.lengths.filter(pl.col("source_id").is_null()).sort("since", descending=True).select(columns)
    )
    cells = [[str(since), *map(number, told)] for since, *told in rows.iter_rows()]
    return table([*map(say, ("period", "with_text", "lower", "median", "upper"))], cells, (1, 2, 3, 4))


def languages(figures: Figures) -> str:
    rows = [
        [language(code), say(script or "no_script_told"), number(posts), number(chars)]
        for code, script, posts, chars in figures.languages.iter_rows()
    ]
    return table([*map(say, ("language", "script", "posts", "text_chars"))], rows, (2, 3))


def left_out(figures: Figures) -> str:
    rows = [
        [name(reason or ""), say(outcome), number(files)]
        for outcome, reason, files in figures.left_out.iter_rows()
    ]
    return table([*map(say, ("reason", "outcome", "files"))], rows, (2,))


def sizes(figures: Figures) -> str:
    rows = [
        [each.table, number(each.version), number(each.rows), number(each.files), size(each.bytes)]
        for each in figures.tables
    ]
    rows.append(
        [say("total"), "", "", number(sum(each.files for each in figures.tables)), size(total(figures))]
    )
    return table([*map(say, ("table", "version", "rows", "files", "size"))], rows, (1, 2, 3, 4))


def total(figures: Figures) -> int:
    """Return the bytes of all tables."""
    return sum(each.bytes for each in figures.tables)


def runs(figures: Figures) -> str:
    """Return the last runs: what they counted, and whether it balanced."""
    counts = ("found", "unchanged", "posts", "duplicates", "rejected", "ignored")
    rows = [
        [
            f"{run['started_at']:%Y-%m-%d %H:%M}",
            run["kind"],
            *(number(run[count]) for count in counts),
            number(run["seconds"], ",.1f"),
            balance(is_balanced=run["balanced"]),
            ", ".join(
                f"{stage} {seconds:,.1f}" for stage, seconds in json.loads(run["stage_seconds"]).items()
            ),
        ]
        for run in figures.runs.head(RUNS_DRAWN).iter_rows(named=True)
    ]
    header = ["time", "kind", *counts, "seconds", "state", "stage"]
    return table([*map(say, header)], rows, range(2, 9))


def balance(*, is_balanced: bool) -> str:
    if is_balanced:
        return tag("span", "✓ " + say("balanced"), class_="good")
    return tag("span", "✗ " + say("unbalanced"), class_="bad")
