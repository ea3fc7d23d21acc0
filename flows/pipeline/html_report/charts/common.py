"""The common parts of the charts: datasets, axes, colours and tooltips."""

import datetime as dt
import json
from typing import Any

import altair as alt

from flows.pipeline.html_report.translations import Translations

# The style sheet of the page defines these variables, for light and dark mode and for print.
COLOURS = [f"var(--c{number})" for number in range(1, 9)]
OTHERS = "var(--c-others)"
HEAT = [f"var(--heat-{number})" for number in range(1, 6)]
GOOD, BAD, FAINT, ACCENT = "var(--good)", "var(--bad)", "var(--faint)", "var(--accent)"
HEIGHT, ROW = 260, 17
DAY = 24 * 60
WEEK = dt.timedelta(days=7)
FONT = (
    'system-ui, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif'
)
CONFIG = {
    "background": "transparent",
    "font": FONT,
    "padding": 2,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--text)",
        "titleColor": "var(--faint)",
        "titleFontWeight": "normal",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "labelLimit": 150,
    },
    "legend": {
        "orient": "top",
        "labelColor": "var(--text)",
        "titleColor": "var(--faint)",
        "titleFontWeight": "normal",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "labelLimit": 140,
        "symbolType": "square",
        "symbolStrokeWidth": 0,
    },
}


def dataset_chart(name: str) -> alt.Chart:
    """Return a chart of a dataset of the page."""
    return alt.Chart(alt.NamedData(name=name))


def inline_chart(rows: list[dict[str, Any]]) -> alt.Chart:
    """Return a chart that contains its own few rows, with texts in one language."""
    return alt.Chart({"values": rows})


def time_axis(field: str, span: dt.timedelta) -> alt.X:
    """Return an axis for a time span, with dates in a format that both languages use."""
    by_day = alt.TimeIntervalStep(interval="day", step=1)
    ticks = by_day if dt.timedelta(days=1) <= span <= WEEK else 8
    shown = alt.Axis(grid=False, labelOverlap=True, tickCount=ticks, format=_date_format(span))
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc"), title=None, axis=shown)


def _date_format(span: dt.timedelta) -> str:
    formats = {10: "%H:%M:%S", DAY: "%H:%M", 100 * DAY: "%m-%d", 6 * 365 * DAY: "%Y-%m"}
    return next((form for longest, form in formats.items() if span < dt.timedelta(minutes=longest)), "%Y")


def category_axis(field: str, order: list[str], **axis: Any) -> alt.Y:
    """Return an axis with one row for each text."""
    scale = alt.Scale(domain=order, paddingInner=0.15, paddingOuter=0.1)
    shown = alt.Axis(domain=False, ticks=False, labelPadding=6, **axis)
    return alt.Y(f"{field}:N", sort=None, scale=scale, title=None, axis=shown)


def height_of(order: list[str], height: int = ROW) -> int:
    """Return the height of a chart with a row for each text."""
    return max(len(order), 1) * height


def count_axis() -> alt.Axis:
    """Return an axis of whole numbers; a tick at a fraction, as in a small chart, gets no label."""
    return alt.Axis(labelExpr="datum.value % 1 ? '' : format(datum.value, ',d')", tickCount=6)


def colour_scale(field: str, domain: list[str], colours: list[str], **legend: Any) -> alt.Color:
    return alt.Color(
        f"{field}:N",
        scale=alt.Scale(domain=domain, range=colours[: len(domain)]),
        legend=alt.Legend(title=None, **legend),
    )


def tooltip(field: str, title: str, form: str | None = None) -> alt.Tooltip:
    """Return a line of a tooltip: a number in format `form`, or text if there is none."""
    if form is None:
        return alt.Tooltip(f"{field}:N", title=title)
    return alt.Tooltip(f"{field}:Q", title=title, format=form)


def tooltips(t: Translations, *texts: str, **numbers: str) -> list[alt.Tooltip]:
    """Return lines of a tooltip: texts, then numbers in a format each; a title is the translation of the field."""
    return [tooltip(field, t[field], form) for field, form in (dict.fromkeys(texts) | numbers).items()]


def lookup(texts: dict[str, str], value: str) -> str:
    """Return a Vega expression that looks up the text of a value."""
    return f"{json.dumps(texts, ensure_ascii=False)}[{value}]"


def translated_label(t: Translations, keys: list[str], field: str = "datum.value") -> str:
    return lookup({key: t[key] for key in keys}, field)
