"""Charts of posts: numbers over time, lengths, and shares of boilerplate."""

import json
import math
from itertools import pairwise
from typing import Any

import altair as alt

from flows.pipeline.html_report.charts import common
from flows.pipeline.html_report.data import ReportData
from flows.pipeline.html_report.series import MAX_COLOURED_SOURCES, time_range
from flows.pipeline.html_report.translations import Translations

# The source that the user selects: the page sets it; empty means all sources.
PICKED = "picked"
SHARE_BOUNDS = [0.1, 0.25, 0.5, 0.75]
SHARE_TEXTS = ["< 10%", "10–25%", "25–50%", "50–75%", "≥ 75%"]
TICKS = [unit * 10**power for power in range(7) for unit in (1, 3)]


def posts(report: ReportData, t: Translations) -> Any:
    """Return posts by period; the largest sources have their own colours, the others are summed."""
    labels = report.live_sources["label"].to_list()
    domain, others = labels[:MAX_COLOURED_SOURCES], json.dumps(t["others"], ensure_ascii=False)
    domain += [t["others"]] if len(labels) > MAX_COLOURED_SOURCES else []
    return (
        common.dataset_chart("posts")
        .transform_filter(f"{PICKED} === '' || datum.source === {PICKED}")
        .transform_calculate(group=f"datum.rank < {MAX_COLOURED_SOURCES} ? datum.source : {others}")
        .transform_aggregate(posts="sum(posts)", groupby=["group", "rank", "from", "to", "period"])
        .transform_calculate(name=f"{PICKED} || datum.group")
        .transform_stack(
            stack="posts",
            as_=["below", "above"],
            groupby=["from"],
            sort=[alt.SortField("rank", order="descending")],
        )
        .mark_bar(binSpacing=0, stroke="var(--page)", strokeWidth=0.3)
        .encode(
            x=_period_axis(report),
            x2="to:T",
            y=alt.Y("below:Q", title=t["posts"], axis=common.count_axis()),
            y2="above:Q",
            color=common.colour_scale("group", domain, [*common.COLOURS[: len(labels)], common.OTHERS]),
            tooltip=[common.tooltip("name", t["source"]), *common.tooltips(t, "period", posts=",")],
        )
        .properties(height=common.HEIGHT)
        .add_params(alt.param(name=PICKED, value=""))
    )


def calendar(report: ReportData, t: Translations) -> Any:
    """Return the posts of each source in each period as a cell, over a line from its first to its last."""
    order = report.charted_sources["label"].to_list()
    bounds = _class_bounds(_largest_count(report))
    texts = [_interval_text(first, end - 1) for first, end in pairwise([1, *bounds])] + [f"≥ {bounds[-1]:,}"]
    tips = common.tooltips(t, "source", "period", posts=",")
    cells = _coloured_by_class(_cells(report, order), "posts", bounds, texts).encode(tooltip=tips)
    spans = common.dataset_chart("source_spans").mark_rule(stroke="var(--hole)", strokeWidth=1.5)
    line = spans.encode(x=_period_axis(report), x2="to:T", y=common.category_axis("source", order))
    return alt.layer(line, cells).properties(height=common.height_of(order))


def boilerplate(report: ReportData, t: Translations) -> Any:
    """Return the share of boilerplate of each source in each period as a cell."""
    order = report.charted_sources["label"].to_list()
    cells = _cells(report, order).transform_filter("datum.share !== null")
    share = common.tooltip("share", t["boilerplate"], ".0%")
    chart = _coloured_by_class(cells, "share", SHARE_BOUNDS, SHARE_TEXTS).encode(
        tooltip=[*common.tooltips(t, "source", "period"), share, *common.tooltips(t, posts=",")]
    )
    return chart.properties(height=common.height_of(order))


def lengths(report: ReportData, t: Translations) -> Any:
    """Return the quartiles of the length of posts, for all sources or the selected one."""
    is_shown = f"{PICKED} === '' ? datum.source === null : datum.source === {PICKED}"
    base = common.dataset_chart("lengths").transform_filter(is_shown)
    title = t["characters"]
    scale = alt.Scale(type="log")
    shown = alt.Axis(format="~s", values=TICKS)
    quartiles = common.tooltips(t, "period", upper=",", median=",", lower=",")
    tips = [*quartiles, common.tooltip("posts", t["with_text"], ",")]
    box = base.mark_bar(binSpacing=0, fill=common.ACCENT, opacity=0.3).encode(
        x=_period_axis(report),
        x2="to:T",
        y=alt.Y("lower:Q", scale=scale, title=title, axis=shown),
        y2="upper:Q",
        tooltip=tips,
    )
    median = base.mark_rule(stroke=common.ACCENT, strokeWidth=2.5).encode(
        x=_period_axis(report), x2="to:T", y=alt.Y("median:Q", scale=scale, title=title), tooltip=tips
    )
    picked = alt.param(name=PICKED, value="")
    return alt.layer(box, median).properties(height=common.HEIGHT).add_params(picked)


def _period_axis(report: ReportData) -> alt.X:
    first, last = time_range(report)
    return common.time_axis("from", last - first)


def _cells(report: ReportData, order: list[str]) -> Any:
    rows = common.dataset_chart("posts").transform_filter("datum.source !== null")
    return rows.mark_rect().encode(x=_period_axis(report), x2="to:T", y=common.category_axis("source", order))


def _coloured_by_class(cells: Any, field: str, bounds: list[Any], texts: list[str]) -> Any:
    """Return cells coloured by the class of a number; the legend names the classes."""
    level = " + ".join(f"(datum.{field} >= {bound})" for bound in bounds)
    levels = [str(number) for number in range(len(texts))]
    legend = {"labelExpr": common.lookup(dict(zip(levels, texts, strict=True)), "datum.value")}
    colour = common.colour_scale("level", levels, common.HEAT, **legend)
    return cells.transform_calculate(level=f"'' + ({level})").encode(color=colour)


def _interval_text(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,}–{last:,}"


def _largest_count(report: ReportData) -> int:
    own = report.activity.drop_nulls("source_id")["posts"]
    return int(own.max() or 1)  # type: ignore[arg-type]  # a count


def _class_bounds(largest: int) -> list[int]:
    """Return the lower bounds of the second to fifth class of the numbers from 1 to `largest`.

    The bounds are round numbers that grow by a constant factor.
    """
    bounds = [1]
    for number in range(1, 5):
        exact = largest ** (number / 5)
        unit = 10 ** max(math.floor(math.log10(exact)), 0)
        bounds.append(max(bounds[-1] + 1, round(exact / unit) * unit))
    return bounds[1:]
