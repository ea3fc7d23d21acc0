"""Charts of the lake itself: languages, freshness, rejects, sizes, runs."""

from typing import Any

import altair as alt
import polars as pl

from flows.pages import axes, series
from flows.pages.figures import Figures, Freshness
from flows.pages.words import Words
from schemas.tables import TABLES
from schemas.words import Outcome

WIDE_ROW = 22
BYTES = "format(datum.value, '.3~s') + 'B'"


def languages(figures: Figures, say: Words) -> Any:
    """Return posts by language, parted by script."""
    rows = series.languages(figures)
    names = [say[_language(code)] for code in series.names(rows, "language")]
    scripts = [say[_script(code)] for code in ("Hans", "Hant", None)]
    told = [
        {
            "language": say[_language(each["language"])],
            "script": say[_script(each["script"])],
            "posts": each["posts"],
            "share": each["share"],
        }
        for each in rows.iter_rows(named=True)
    ]
    tips = [axes.tip("language", say["language"]), axes.tip("script", say["script"])]
    numbers = [axes.tip("posts", say["posts"], ","), axes.tip("share", say["share"], ".2%")]
    return (
        axes.inline(told)
        .mark_bar(height={"band": 0.75})
        .encode(
            x=alt.X("posts:Q", title=say["posts"], axis=axes.counts()),
            y=axes.row("language", names),
            color=axes.colour("script", scripts, [*axes.COLOURS[:2], axes.OTHERS]),
            tooltip=[*tips, *numbers],
        )
        .properties(height=axes.rows(names, WIDE_ROW))
    )


def _language(code: str) -> str:
    return "no_words" if code == "none" else code


def _script(code: str | None) -> str:
    return code or "no_script_told"


def fresh(figures: Figures, say: Words) -> Any:
    """Return each source as a line from its first to its last post, which tells by its colour how it stands."""
    order = figures.drawn.sort("last", "posts", descending=True)["label"].to_list()
    states = [state.value for state in Freshness]
    base = axes.named("lives").transform_calculate(state=axes.translated(say, states, "datum.freshness"))
    first, last = series.ends(figures)
    span = max(last, figures.read_on) - first
    y = axes.row("source", order)
    line = base.mark_rule(stroke=axes.FAINT, strokeWidth=1.2).encode(
        x=axes.time("from", span), x2="to:T", y=y
    )
    legend = {"labelExpr": axes.translated(say, states), "symbolType": "circle"}
    end = base.mark_circle(size=60, opacity=1).encode(
        x=axes.time("to", span),
        y=y,
        color=axes.colour("freshness", states, [axes.GOOD, axes.BAD, axes.OTHERS], **legend),
        tooltip=[
            axes.tip("source", say["source"]),
            axes.tip("first", say["first"]),
            axes.tip("last", say["last"]),
            axes.tip("posts", say["posts"], ","),
            axes.tip("gap_days", say["gap"], ",.1~f"),
            axes.tip("days", say["since"], ","),
            axes.tip("state", say["state"]),
        ],
    )
    read = axes.inline([{"read": str(figures.read_on)}])
    day = read.mark_rule(stroke=axes.FAINT, strokeDash=[4, 3]).encode(x=axes.time("read", span))
    return alt.layer(day, line, end).properties(height=axes.rows(order))


def rejects(figures: Figures, say: Words) -> Any:
    """Return the files that are no posts, by reason."""
    outcomes = [Outcome.REJECTED.value, Outcome.IGNORED.value]
    rows = figures.left_out.with_columns(pl.col("reason").fill_null(""))
    reasons = series.names(rows, "reason")
    legend = {"labelExpr": axes.translated(say, outcomes)}
    return (
        axes.inline(rows.to_dicts())
        .mark_bar(height={"band": 0.75})
        .encode(
            x=alt.X("files:Q", title=say["files"], axis=axes.counts()),
            y=axes.row("reason", reasons, labelLimit=190),
            color=axes.colour("outcome", outcomes, [axes.BAD, axes.OTHERS], **legend),
            tooltip=[axes.tip("reason", say["reason"]), axes.tip("files", say["files"], ",")],
        )
        .properties(height=axes.rows(reasons, WIDE_ROW))
    )


def reject_runs(figures: Figures, say: Words) -> Any:
    """Return the files that each of the last runs rejected or ignored, by reason, the newest on top."""
    rows = series.reasons(figures)
    by_reason = rows.group_by("reason").agg(pl.col("files").sum())
    reasons = by_reason.sort("files", "reason", descending=[True, False])["reason"].to_list()
    order = series.names(rows, "run")
    tips = [
        axes.tip("run", say["run"]),
        axes.tip("reason", say["reason"]),
        axes.tip("files", say["files"], ","),
    ]
    return (
        axes.named("reasons")
        .mark_bar(height={"band": 0.75})
        .encode(
            x=alt.X("files:Q", stack="zero", title=say["files"], axis=axes.counts()),
            y=_run_row(order),
            color=axes.colour("reason", reasons, axes.COLOURS * 4),
            tooltip=tips,
        )
        .properties(height=axes.rows(order, WIDE_ROW))
    )


def _run_row(order: list[str]) -> alt.Y:
    """Return an axis of runs, named by day, minute and kind."""
    return axes.row(
        "run", order, labelExpr="slice(datum.value, 5, 16) + slice(datum.value, 19)", labelLimit=160
    )


def sizes(figures: Figures, say: Words) -> Any:
    """Return the size of all tables over the time of the lake."""
    y = alt.Y("bytes:Q", stack="zero", title=say["size"], axis=alt.Axis(labelExpr=BYTES))
    base = axes.named("sizes").encode(
        x=axes.time("at", figures.grown[1] - figures.grown[0]),
        y=y,
        color=axes.colour("table", list(TABLES), axes.COLOURS),
    )
    tips = [
        axes.tip("table", say["table"]),
        axes.tip("time", say["time"]),
        axes.tip("bytes", say["size"], ".3~s"),
    ]
    points = base.mark_circle(size=14, opacity=1).encode(
        tooltip=[*tips, axes.tip("files", say["files"], ",")]
    )
    area = base.mark_area(interpolate="step-after", opacity=0.75)
    return alt.layer(area, points).properties(height=220)


def runs(figures: Figures, say: Words) -> Any:
    """Return the seconds of each stage of the last runs; a cross marks one that did not balance."""
    rows = series.stages(figures)
    order = series.names(rows, "run")
    y = _run_row(order)
    base = axes.named("stages")
    bars = base.mark_bar(height={"band": 0.75}).encode(
        x=alt.X("seconds:Q", stack="zero", title=say["seconds"], axis=alt.Axis(format=",~f", tickCount=8)),
        y=y,
        color=axes.colour("stage", series.names(rows.sort("rank"), "stage"), axes.COLOURS * 3),
        order="rank:Q",
        tooltip=[
            axes.tip("run", say["run"]),
            axes.tip("stage", say["stage"]),
            axes.tip("seconds", say["seconds"], ",.2~f"),
        ],
    )
    if rows["balanced"].all():
        return bars.properties(height=axes.rows(order, WIDE_ROW))
    cross = base.transform_filter("!datum.balanced").transform_aggregate(
        seconds="sum(seconds)", groupby=["run"]
    )
    text = f"✗ {say['unbalanced']}"
    marks = cross.mark_text(text=text, color=axes.BAD, align="left", dx=4).encode(x="seconds:Q", y=y)
    return alt.layer(bars, marks).properties(height=axes.rows(order, WIDE_ROW))
