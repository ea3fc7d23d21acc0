"""The top of the page: what lake it is, its main numbers, and what its last runs told."""

import polars as pl

from flows.pipeline.html_report import tables
from flows.pipeline.html_report.data import Figures
from flows.pipeline.html_report.markup import name, number, say, size, tag
from schemas.enums import PageLanguage

ALARMED_RUNS, ALARMS = 10, 40


def header(figures: Figures) -> str:
    buttons = "".join(
        tag("button", text, type="button", lang=language, data_language=language)
        for language, text in zip(PageLanguage, ("中文", "English"), strict=True)
    )
    switch = tag("div", buttons, role="group", aria_label="语言 / Language", class_="switch")
    told = f"{name(figures.place)} · {say('made')} {figures.made_at:%Y-%m-%d %H:%M} UTC"
    return tag("header", switch + tag("h1", say("title")) + tag("p", told))


def numbers(figures: Figures) -> str:
    """Return the main numbers, each with its name."""
    posts, withdrawn = (int(figures.sources[each].sum()) for each in ("posts", "withdrawn"))
    dates = figures.live.select(pl.col("first").min(), pl.col("last").max()).row(0)
    told = [
        ("posts", number(posts), f"{withdrawn:,} {say('withdrawn')}" if withdrawn else ""),
        ("sources", number(figures.live.height), ""),
        ("span", " <wbr>– ".join(map(str, dates)) if dates[0] else "–", ""),
        ("rejected", number(figures.rejected), f"{figures.ignored:,} {say('ignored')}"),
        ("size", size(tables.total(figures)), ""),
        ("last_run", *_last_run(figures)),
    ]
    tiles = "".join(
        tag("div", tag("dt", say(key)) + tag("dd", value + tag("small", more))) for key, value, more in told
    )
    return tag("dl", tiles, class_="numbers")


def _last_run(figures: Figures) -> tuple[str, str]:
    if figures.runs.is_empty():
        return say("never"), ""
    run = figures.runs.row(0, named=True)
    return f"{run['started_at']:%Y-%m-%d <wbr>%H:%M}", run["kind"] + " " + tables.balance(
        is_balanced=run["balanced"]
    )


def alarms(figures: Figures) -> str:
    """Return what the last runs told, each once, the newest first."""
    told: dict[str, str] = {}
    for run in figures.runs.head(ALARMED_RUNS).iter_rows(named=True):
        for alarm in run["alarms"] or ():
            told.setdefault(alarm, f"{run['started_at']:%Y-%m-%d %H:%M}")
    rows = [tag("li", tag("time", at) + " " + name(alarm)) for alarm, at in list(told.items())[:ALARMS]]
    shown = tag("ul", "".join(rows)) if rows else tag("p", say("alarms_none"))
    return tag("section", tag("h2", say("alarms")) + shown, class_="alarms")
