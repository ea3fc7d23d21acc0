"""Charts of the lake itself: languages, freshness, rejects, sizes, runs."""

from typing import Any

import altair as alt
import polars as pl

from flows.pipeline.html_report import series
from flows.pipeline.html_report.charts import common
from flows.pipeline.html_report.data import Freshness, ReportData
from flows.pipeline.html_report.translations import NO_SCRIPT, Translations
from schemas.enums import Outcome
from schemas.tables import TABLES

WIDE_ROW = 22
BYTES = "format(datum.value, '.3~s') + 'B'"


def languages(report: ReportData, t: Translations) -> Any:
    """Return posts by language, split by script."""
    rows = report.languages.select(
        pl.col("language", "script").replace_strict(t),
        "posts",
        share=(pl.col("posts") / pl.col("posts").sum()).round(4),
    )
    names = series.distinct_values(rows, "language")
    scripts = [t[code] for code in ("Hans", "Hant", NO_SCRIPT)]
    return _bars(common.inline_chart(rows.to_dicts()), names).encode(
        x=alt.X("posts:Q", title=t["posts"], axis=common.count_axis()),
        y=common.category_axis("language", names),
        color=common.colour_scale("script", scripts, [*common.COLOURS[:2], common.OTHERS]),
        tooltip=common.tooltips(t, "language", "script", posts=",", share=".2%"),
    )


def _bars(chart: alt.Chart, rows: list[str]) -> alt.Chart:
    """Return a chart of horizontal bars, with room for each row."""
    bars = chart.mark_bar(height={"band": 0.75})
    return bars.properties(height=common.height_of(rows, WIDE_ROW))


def fresh(report: ReportData, t: Translations) -> Any:
    """Return each source as a line from its first to its last post, coloured by its freshness."""
    order = report.charted_sources.sort("last", "posts", descending=True)["label"].to_list()
    states = [state.value for state in Freshness]
    base = common.dataset_chart("source_spans").transform_calculate(
        state=common.translated_label(t, states, "datum.freshness")
    )
    first, last = series.time_range(report)
    span = max(last, report.read_on) - first
    y = common.category_axis("source", order)
    line = base.mark_rule(stroke=common.FAINT, strokeWidth=1.2).encode(
        x=common.time_axis("from", span), x2="to:T", y=y
    )
    legend = {"labelExpr": common.translated_label(t, states), "symbolType": "circle"}
    end = base.mark_circle(size=60, opacity=1).encode(
        x=common.time_axis("to", span),
        y=y,
        color=common.colour_scale("freshness", states, [common.GOOD, common.BAD, common.OTHERS], **legend),
        tooltip=[
            *common.tooltips(t, "source", "first", "last", posts=","),
            common.tooltip("gap_days", t["gap"], ",.1~f"),
            common.tooltip("days", t["since"], ","),
            *common.tooltips(t, "state"),
        ],
    )
    read = common.inline_chart([{"read": str(report.read_on)}])
    day = read.mark_rule(stroke=common.FAINT, strokeDash=[4, 3]).encode(x=common.time_axis("read", span))
    return alt.layer(day, line, end).properties(height=common.height_of(order))


def rejects(report: ReportData, t: Translations) -> Any:
    """Return the files that did not become posts, by reason."""
    outcomes = [Outcome.REJECTED.value, Outcome.IGNORED.value]
    rows = report.non_post_files.with_columns(pl.col("reason").fill_null(""))
    reasons = series.distinct_values(rows, "reason")
    legend = {"labelExpr": common.translated_label(t, outcomes)}
    return _bars(common.inline_chart(rows.to_dicts()), reasons).encode(
        x=alt.X("files:Q", title=t["files"], axis=common.count_axis()),
        y=common.category_axis("reason", reasons, labelLimit=190),
        color=common.colour_scale("outcome", outcomes, [common.BAD, common.OTHERS], **legend),
        tooltip=common.tooltips(t, "reason", files=","),
    )


def reject_runs(report: ReportData, t: Translations) -> Any:
    """Return the files that each of the last runs rejected or ignored, by reason, the newest on top."""
    rows = series.reasons(report)
    by_reason = rows.group_by("reason").agg(pl.col("files").sum())
    reasons = by_reason.sort("files", "reason", descending=[True, False])["reason"].to_list()
    order = series.distinct_values(rows, "run")
    return _bars(common.dataset_chart("reasons"), order).encode(
        x=alt.X("files:Q", stack="zero", title=t["files"], axis=common.count_axis()),
        y=_run_row(order),
        color=common.colour_scale("reason", reasons, common.COLOURS * 4),
        tooltip=common.tooltips(t, "run", "reason", files=","),
    )


def _run_row(order: list[str]) -> alt.Y:
    """Return an axis of runs, named by day, minute and kind."""
    return common.category_axis(
        "run", order, labelExpr="slice(datum.value, 5, 16) + slice(datum.value, 19)", labelLimit=160
    )


def sizes(report: ReportData, t: Translations) -> Any:
    """Return the size of all tables over the time of the lake."""
    y = alt.Y("bytes:Q", stack="zero", title=t["size"], axis=alt.Axis(labelExpr=BYTES))
    base = common.dataset_chart("sizes").encode(
        x=common.time_axis("at", report.growth_span[1] - report.growth_span[0]),
        y=y,
        color=common.colour_scale("table", list(TABLES), common.COLOURS),
    )
    size = common.tooltip("bytes", t["size"], ".3~s")
    points = base.mark_circle(size=14, opacity=1).encode(
        tooltip=[*common.tooltips(t, "table", "time"), size, *common.tooltips(t, files=",")]
    )
    area = base.mark_area(interpolate="step-after", opacity=0.75)
    return alt.layer(area, points).properties(height=220)


def runs(report: ReportData, t: Translations) -> Any:
    """Return the seconds of each stage of the last runs; a cross marks a run that did not balance."""
    rows = series.stages(report)
    order = series.distinct_values(rows, "run")
    y = _run_row(order)
    base = common.dataset_chart("stages")
    bars = _bars(base, order).encode(
        x=alt.X("seconds:Q", stack="zero", title=t["seconds"], axis=alt.Axis(format=",~f", tickCount=8)),
        y=y,
        color=common.colour_scale(
            "stage", series.distinct_values(rows.sort("rank"), "stage"), common.COLOURS * 3
        ),
        order="rank:Q",
        tooltip=common.tooltips(t, "run", "stage", seconds=",.2~f"),
    )
    if rows["balanced"].all():
        return bars
    cross = base.transform_filter("!datum.balanced").transform_aggregate(
        seconds="sum(seconds)", groupby=["run"]
    )
    text = f"✗ {t['unbalanced']}"
    marks = cross.mark_text(text=text, color=common.BAD, align="left", dx=4).encode(x="seconds:Q", y=y)
    return alt.layer(bars, marks)
