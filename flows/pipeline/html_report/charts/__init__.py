"""The charts of the page as Vega-Lite, in one language; and the rows that they draw."""

from typing import Any

from flows.pipeline.html_report import series
from flows.pipeline.html_report.charts import lake, posts
from flows.pipeline.html_report.data import Figures
from flows.pipeline.html_report.translations import Words

Spec = dict[str, Any]


def specs(figures: Figures, say: Words) -> dict[str, Spec]:
    """Return each chart that the lake has rows for, by the name of its place on the page."""
    drawn: dict[str, Any] = {}
    if figures.window:
        drawn["posts"] = posts.posts(figures, say)
        drawn["calendar"] = posts.calendar(figures, say)
        drawn["languages"] = lake.languages(figures, say)
        drawn["fresh"] = lake.fresh(figures, say)
    if figures.has_text:
        drawn["boilerplate"] = posts.boilerplate(figures, say)
    if figures.lengths.height:
        drawn["lengths"] = posts.lengths(figures, say)
    if figures.left_out.height:
        drawn["rejects"] = lake.rejects(figures, say)
    if series.reasons(figures).height:
        drawn["reject_runs"] = lake.reject_runs(figures, say)
    if figures.runs.height:
        drawn["runs"] = lake.runs(figures, say)
    if figures.has_grown:
        drawn["sizes"] = lake.sizes(figures, say)
    return {name: _spec(chart) for name, chart in drawn.items()}


def rows(figures: Figures) -> dict[str, object]:
    """Return the rows that charts share, packed."""
    shared = (
        series.posts, series.lengths, series.lives, series.sizes, series.stages, series.reasons,
    )  # fmt: skip
    return {each.__name__: series.packed(each(figures)) for each in shared}


def _spec(chart: Any) -> Spec:
    """Return a chart as wide as its place; the page gives all charts one configuration."""
    spec: Spec = chart.properties(width="container").to_dict()
    del spec["config"]
    return spec | {"autosize": {"type": "fit-x", "contains": "padding"}}
