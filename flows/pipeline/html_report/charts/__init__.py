"""The charts of the page as Vega-Lite, in one language, and their rows."""

from typing import Any

from flows.pipeline.html_report import series
from flows.pipeline.html_report.charts import lake, posts
from flows.pipeline.html_report.data import ReportData
from flows.pipeline.html_report.translations import Translations

Spec = dict[str, Any]


def specs(report: ReportData, t: Translations) -> dict[str, Spec]:
    """Return each chart that the lake has rows for, by the name of its element on the page."""
    charts: dict[str, Any] = {}
    if report.posts:
        charts["posts"] = posts.posts(report, t)
        charts["calendar"] = posts.calendar(report, t)
        charts["languages"] = lake.languages(report, t)
        charts["fresh"] = lake.fresh(report, t)
    if report.has_text:
        charts["boilerplate"] = posts.boilerplate(report, t)
    if report.lengths.height:
        charts["lengths"] = posts.lengths(report, t)
    if report.non_post_files.height:
        charts["rejects"] = lake.rejects(report, t)
    if series.reasons(report).height:
        charts["reject_runs"] = lake.reject_runs(report, t)
    if report.runs.height:
        charts["runs"] = lake.runs(report, t)
    if report.has_growth:
        charts["sizes"] = lake.sizes(report, t)
    return {name: _spec(chart) for name, chart in charts.items()}


def rows(report: ReportData) -> dict[str, object]:
    """Return the rows that charts share, by the name of the dataset."""
    shared = (
        series.posts, series.lengths, series.source_spans, series.sizes, series.stages, series.reasons,
    )  # fmt: skip
    return {each.__name__: series.columnar_json(each(report)) for each in shared}


def _spec(chart: Any) -> Spec:
    """Return a chart as wide as its container; the page has one configuration for all charts."""
    spec: Spec = chart.properties(width="container").to_dict()
    del spec["config"]
    return spec | {"autosize": {"type": "fit-x", "contains": "padding"}}
