"""Charts of the lake itself: languages, freshness, rejects, sizes, runs."""

from typing import Any

import altair as alt
import polars as pl

from flows.pipeline.html_report import series
from flows.pipeline.html_report.charts import common
from flows.pipeline.html_report.data import Figures, Freshness
from flows.pipeline.html_report.translations import Words
from schemas.enums import Outcome
from schemas.tables import TABLES

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
    tips = [common.tip("language", say["language"]), common.tip("script", say["script"])]
    numbers = [common.tip("posts", say["posts"], ","), common.tip("share", say["share"], ".2%")]
    return (
        common.inline(told)
        .mark_bar(height={"band": 0.75})
        .encode(
            x=alt.X("posts:Q", title=say["posts"], axis=common.counts()),
            y=common.row("language", names),
            color=common.colour("script", scripts, [*common.COLOURS[:2], common.OTHERS]),
            tooltip=[*tips, *numbers],
        )
        .properties(height=common.rows(names, WIDE_ROW))
    )


def _language(code: str) -> str:
    return "no_words" if code == "none" else code


def _script(code: str | None) -> str:
    return code or "no_script_told"


def fresh(figures: Figures, say: Words) -> Any:
    """Return each source as a line from its first to its last post, which tells by its colour how it stands."""
    order = figures.drawn.sort("last", "posts", descending=True)["label"].to_list()
    states = [state.value for state in Freshness]
    base = common.named("lives").transform_calculate(state=common.translated(say, states, "datum.freshness"))
    first, last = series.ends(figures)
    span = max(last, figures.read_on) - first
    y = common.row("source", order)
    line = base.mark_rule(stroke=common.FAINT, strokeWidth=1.2).encode(
        x=common.time("from", span), x2="to:T", y=y
    )
    legend = {"labelExpr": common.translated(say, states), "symbolType": "circle"}
    end = base.mark_circle(size=60, opacity=1).encode(
        x=common.time("to", span),
        y=y,
        color=common.colour("freshness", states, [common.GOOD, common.BAD, common.OTHERS], **legend),
        tooltip=[
            common.tip("source", say["source"]),
            common.tip("first", say["first"]),
            common.tip("last", say["last"]),
            common.tip("posts", say["posts"], ","),
            common.tip("gap_days", say["gap"], ",.1~f"),
            common.tip("days", say["since"], ","),
            common.tip("state", say["state"]),
        ],
    )
    read = common.inline([{"read": str(figures.read_on)}])
    day = read.mark_rule(stroke=common.FAINT, strokeDash=[4, 3]).encode(x=common.time("read", span))
    return alt.layer(day, line, end).properties(height=common.rows(order))


def rejects(figures: Figures, say: Words) -> Any:
    """Return the files that are no posts, by reason."""
    outcomes = [Outcome.REJECTED.value, Outcome.IGNORED.value]
    rows = figures.left_out.with_columns(pl.col("reason").fill_null(""))
    reasons = series.names(rows, "reason")
    legend = {"labelExpr": common.translated(say, outcomes)}
    return (
        common.inline(rows.to_dicts())
        .mark_bar(height={"band": 0.75})
        .encode(
            x=alt.X("files:Q", title=say["files"], axis=common.counts()),
            y=common.row("reason", reasons, labelLimit=190),
            color=common.colour("outcome", outcomes, [common.BAD, common.OTHERS], **legend),
            tooltip=[common.tip("reason", say["reason"]), common.tip("files", say["files"], ",")],
        )
        .properties(height=common.rows(reasons, WIDE_ROW))
    )


def reject_runs(figures: Figures, say: Words) -> Any:
    """Return the files that each of the last runs rejected or ignored, by reason, the newest on top."""
    rows = series.reasons(figures)
    by_reason = rows.group_by("reason").agg(pl.col("files").sum())
    reasons = by_reason.sort("files", "reason", descending=[True, False])["reason"].to_list()
    order = series.names(rows, "run")
    tips = [
        common.tip("run", say["run"]),
        common.tip("reason", say["reason"]),
        common.tip("files", say["files"], ","),
    ]
    return (
        common.named("reasons")
        .mark_bar(height={"band": 0.75})
        .encode(
            x=alt.X("files:Q", stack="zero", title=say["files"], axis=common.counts()),
            y=_run_row(order),
            color=common.colour("reason", reasons, common.COLOURS * 4),
            tooltip=tips,
        )
        .properties(height=common.rows(order, WIDE_ROW))
    )


def _run_row(order: list[str]) -> alt.Y:
    """Return an axis of runs, named by day, minute and kind."""
    return common.row(
        "run", order, labelExpr="slice(datum.value, 5, 16) + slice(datum.value, 19)", labelLimit=160
    )


def sizes(figures: Figures, say: Words) -> Any:
    """Return the size of all tables over the time of the lake."""
    y = alt.Y("bytes:Q", stack="zero", title=say["size"], axis=alt.Axis(labelExpr=BYTES))
    base = common.named("sizes").encode(
        x=common.time("at", figures.grown[1] - figures.grown[0]),
        y=y,
        color=common.colour("table", list(TABLES), common.COLOURS),
    )
    tips = [
        common.tip("table", say["table"]),
        common.tip("time", say["time"]),
        common.tip("bytes", say["size"], ".3~s"),
    ]
    points = base.mark_circle(size=14, opacity=1).encode(
        tooltip=[*tips, common.tip("files", say["files"], ",")]
    )
    area = base.mark_area(interpolate="step-after", opacity=0.75)
    return alt.layer(area, points).properties(height=220)


def runs(figures: Figures, say: Words) -> Any:
    """Return the seconds of each stage of the last runs; a cross marks one that did not balance."""
    rows = series.stages(figures)
    order = series.names(rows, "run")
    y = _run_row(order)
    base = common.named("stages")
    bars = base.mark_bar(height={"band": 0.75}).encode(
        x=alt.X("seconds:Q", stack="zero", title=say["seconds"], axis=alt.Axis(format=",~f", tickCount=8)),
        y=y,
        color=common.colour("stage", series.names(rows.sort("rank"), "stage"), common.COLOURS * 3),
        order="rank:Q",
        tooltip=[
            common.tip("run", say["run"]),
            common.tip("stage", say["stage"]),
            common.tip("seconds", say["seconds"], ",.2~f"),
        ],
    )
    if rows["balanced"].all():
        return bars.properties(height=common.rows(order, WIDE_ROW))
    cross = base.transform_filter("!datum.balanced").transform_aggregate(
        seconds="sum(seconds)", groupby=["run"]
    )
    text = f"✗ {say['unbalanced']}"
    marks = cross.mark_text(text=text, color=common.BAD, align="left", dx=4).encode(x="seconds:Q", y=y)
    return alt.layer(bars, marks).properties(height=common.rows(order, WIDE_ROW))
