"""Charts of posts: how many, when, how long, how much of them is boilerplate."""

import json
import math
from itertools import pairwise
from typing import Any

import altair as alt

from flows.pipeline.html_report.charts import common
from flows.pipeline.html_report.data import Figures
from flows.pipeline.html_report.series import COLOURED, ends
from flows.pipeline.html_report.translations import Words

# The reader's choice of a source: the page sets it; empty stands for all.
PICKED = "picked"
SHARES = [0.1, 0.25, 0.5, 0.75]
SHARE_TEXTS = ["< 10%", "10–25%", "25–50%", "50–75%", "≥ 75%"]
TICKS = [unit * 10**power for power in range(7) for unit in (1, 3)]


def posts(figures: Figures, say: Words) -> Any:
    """Return posts by period, the largest sources in colours of their own and the others summed."""
    labels = figures.live["label"].to_list()
    domain, others = labels[:COLOURED], json.dumps(say["others"], ensure_ascii=False)
    domain += [say["others"]] if len(labels) > COLOURED else []
    return (
        common.named("posts")
        .transform_filter(f"{PICKED} === '' || datum.source === {PICKED}")
        .transform_calculate(group=f"datum.rank < {COLOURED} ? datum.source : {others}")
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
            x=_time(figures),
            x2="to:T",
            y=alt.Y("below:Q", title=say["posts"], axis=common.counts()),
            y2="above:Q",
            color=common.colour("group", domain, [*common.COLOURS[: len(labels)], common.OTHERS]),
            tooltip=[
                common.tip("name", say["source"]),
                common.tip("period", say["period"]),
                common.tip("posts", say["posts"], ","),
            ],
        )
        .properties(height=common.HEIGHT)
        .add_params(alt.param(name=PICKED, value=""))
    )


def calendar(figures: Figures, say: Words) -> Any:
    """Return the posts of each source in each period as a cell, over a line from its first to its last."""
    order = figures.drawn["label"].to_list()
    ends = _classes(_most(figures))
    texts = [_between(first, end - 1) for first, end in pairwise([1, *ends])] + [f"≥ {ends[-1]:,}"]
    tips = _of_cell(say, common.tip("posts", say["posts"], ","))
    cells = _heated(_cells(figures, order), "posts", ends, texts).encode(tooltip=tips)
    lives = common.named("lives").mark_rule(stroke="var(--hole)", strokeWidth=1.5)
    line = lives.encode(x=_time(figures), x2="to:T", y=common.row("source", order))
    return alt.layer(line, cells).properties(height=common.rows(order))


def boilerplate(figures: Figures, say: Words) -> Any:
    """Return the share of boilerplate of each source in each period as a cell."""
    order = figures.drawn["label"].to_list()
    cells = _cells(figures, order).transform_filter("datum.share !== null")
    told = common.tip("share", say["boilerplate"], ".0%"), common.tip("posts", say["posts"], ",")
    chart = _heated(cells, "share", SHARES, SHARE_TEXTS).encode(tooltip=_of_cell(say, *told))
    return chart.properties(height=common.rows(order))


def lengths(figures: Figures, say: Words) -> Any:
    """Return the quartiles of the length of posts, of all sources or of the picked one."""
    of = f"{PICKED} === '' ? datum.source === null : datum.source === {PICKED}"
    base = common.named("lengths").transform_filter(of)
    title = say["characters"]
    scale = alt.Scale(type="log")
    shown = alt.Axis(format="~s", values=TICKS)
    told = {name: common.tip(name, say[name], ",") for name in ("upper", "median", "lower")}
    tips = [common.tip("period", say["period"]), *told.values(), common.tip("posts", say["with_text"], ",")]
    box = base.mark_bar(binSpacing=0, fill=common.ACCENT, opacity=0.3).encode(
        x=_time(figures),
        x2="to:T",
        y=alt.Y("lower:Q", scale=scale, title=title, axis=shown),
        y2="upper:Q",
        tooltip=tips,
    )
    median = base.mark_rule(stroke=common.ACCENT, strokeWidth=2.5).encode(
        x=_time(figures), x2="to:T", y=alt.Y("median:Q", scale=scale, title=title), tooltip=tips
    )
    picking = alt.param(name=PICKED, value="")
    return alt.layer(box, median).properties(height=common.HEIGHT).add_params(picking)


def _time(figures: Figures) -> alt.X:
    first, last = ends(figures)
    return common.time("from", last - first)


def _cells(figures: Figures, order: list[str]) -> Any:
    rows = common.named("posts").transform_filter("datum.source !== null")
    return rows.mark_rect().encode(x=_time(figures), x2="to:T", y=common.row("source", order))


def _of_cell(say: Words, *told: alt.Tooltip) -> list[alt.Tooltip]:
    return [common.tip("source", say["source"]), common.tip("period", say["period"]), *told]


def _heated(cells: Any, field: str, ends: list[Any], texts: list[str]) -> Any:
    """Colour cells by the class that a number falls into; the legend names the classes."""
    level = " + ".join(f"(datum.{field} >= {end})" for end in ends)
    levels = [str(number) for number in range(len(texts))]
    legend = {"labelExpr": common.choice(dict(zip(levels, texts, strict=True)), "datum.value")}
    colour = common.colour("level", levels, common.HEAT, **legend)
    return cells.transform_calculate(level=f"'' + ({level})").encode(color=colour)


def _between(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,}–{last:,}"


def _most(figures: Figures) -> int:
    own = figures.activity.drop_nulls("source_id")["posts"]
    return int(own.max() or 1)  # type: ignore[arg-type]  # a count


def _classes(most: int) -> list[int]:
    """Return where the second to fifth class of the numbers from 1 to `most` begin: round numbers, each so many times the last."""
    found = [1]
    for number in range(1, 5):
        wanted = most ** (number / 5)
        unit = 10 ** max(math.floor(math.log10(wanted)), 0)
        found.append(max(found[-1] + 1, round(wanted / unit) * unit))
    return found[1:]
