"""The charts of the page as Vega-Lite, in one language; and the rows that they draw."""

from typing import Any

from flows.pages import lake_charts, post_charts, series
from flows.pages.figures import Figures
from flows.pages.words import Words

Spec = dict[str, Any]


def specs(figures: Figures, say: Words) -> dict[str, Spec]:
    """Return each chart that the lake has rows for, by the name of its place on the page."""
    drawn: dict[str, Any] = {}
    if figures.window:
        drawn["posts"] = post_charts.posts(figures, say)
        drawn["calendar"] = post_charts.calendar(figures, say)
        drawn["languages"] = lake_charts.languages(figures, say)
        drawn["fresh"] = lake_charts.fresh(figures, say)
    if figures.has_text:
        drawn["boilerplate"] = post_charts.boilerplate(figures, say)
    if figures.lengths.height:
        drawn["lengths"] = post_charts.lengths(figures, say)
    if figures.left_out.height:
        drawn["rejects"] = lake_charts.rejects(figures, say)
    if series.reasons(figures).height:
        drawn["reject_runs"] = lake_charts.reject_runs(figures, say)
    if figures.runs.height:
        drawn["runs"] = lake_charts.runs(figures, say)
    if figures.has_grown:
        drawn["sizes"] = lake_charts.sizes(figures, say)
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
