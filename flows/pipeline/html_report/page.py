"""The page: one HTML file that needs nothing else, whatever a lake holds."""

import base64
import hashlib
import json
from functools import cache
from html import escape
from pathlib import Path

import polars as pl
import vl_convert

from flows.pipeline.html_report import charts, series, tables, top
from flows.pipeline.html_report.charts.common import CONFIG
from flows.pipeline.html_report.data import Figures
from flows.pipeline.html_report.markup import say, tag
from flows.pipeline.html_report.translations import BOTH, words
from schemas.enums import PageLanguage

HERE = Path(__file__).parent
# the version of Vega-Lite that Altair writes, less its last number, as vl-convert names it
VEGA_LITE = "6.4"
LIBRARIES = "window.vegaEmbed = vegaEmbed;"
CHINESE = ("zh", "yue")


def page(figures: Figures, language: PageLanguage | None) -> str:
    """Return the page, in the language that it opens with; None takes that of most posts."""
    opened = language or _language(figures)
    body = [
        top.header(figures),
        tag("main", top.numbers(figures) + top.alarms(figures) + _sections(figures)),
        _footer(),
    ]
    scripts = [_bundle(), (HERE / "page.js").read_text(encoding="utf-8")]
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        tag("title", escape(BOTH["title"][tuple(PageLanguage).index(opened)])),
        tag("style", (HERE / "page.css").read_text(encoding="utf-8")),
    ]
    rows = tag("script", _held(figures), type="application/json", id="held")
    run = "".join(tag("script", script) for script in scripts)
    inner = tag("head", "\n".join(head)) + tag("body", "\n".join(body) + rows + run)
    return f"<!doctype html>\n{tag('html', inner, lang=opened)}\n"


def _language(figures: Figures) -> PageLanguage:
    posts = figures.languages["posts"].sum()
    chinese = figures.languages.filter(pl.col("language").is_in(CHINESE))["posts"].sum()
    return PageLanguage.ZH if chinese * 2 > posts else PageLanguage.EN


@cache
def _bundle() -> str:
    return vl_convert.javascript_bundle(LIBRARIES, vl_version=VEGA_LITE)


def _policy(scripts: list[str]) -> str:
    """Let a browser run our scripts and no other, and load nothing."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    told = " ".join(f"'sha256-{each}'" for each in hashes)
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {told}"


def _held(figures: Figures) -> str:
    """Spell what the charts need as JSON in which no tag can begin or end."""
    held = {
        "config": CONFIG,
        "rows": charts.rows(figures),
        "specs": {language: charts.specs(figures, words(language)) for language in PageLanguage},
        "words": {language: _words(language) for language in PageLanguage},
    }
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"), default=str).replace("<", "\\u003c")


def _words(language: PageLanguage) -> dict[str, str]:
    """Return the words that the script says."""
    known = words(language)
    return {"title": known["title"], "undrawn": known["undrawn"]}


def _sections(figures: Figures) -> str:
    if figures.window is None:
        parts = [tag("p", say("no_posts"), class_="empty")]
    else:
        parts = [_pick(figures), _posts(figures), *_of_posts(figures)]
    return "\n".join([*parts, _rejects(figures), *_of_lake(figures)])


def _pick(figures: Figures) -> str:
    """Let the reader choose a source; the script shows this, since nothing happens without it."""
    options = "".join(tag("option", escape(label), value=label) for label in figures.drawn["label"])
    every = tag("option", " / ".join(BOTH["all"]), value="")
    chosen = tag("select", every + options, id="pick")
    return tag(
        "p", tag("label", say("pick"), for_="pick") + chosen + tag("small", say("pick_told")), class_="pick"
    )


def _posts(figures: Figures) -> str:
    window = figures.window
    assert window is not None
    rest = figures.live.height - figures.drawn.height
    notes = [(window.posts_before, "before"), (window.posts_after, "after"), (rest, "more_sources")]
    told = " · ".join(say(key, n=count) for count, key in notes if count)
    note = tag("p", told, class_="note") if told else ""
    return _section("posts", f"p_posts_{window.period}", tables.years(figures), note)


def _of_posts(figures: Figures) -> list[str]:
    lengths = _section("lengths", "p_lengths", tables.lengths(figures)) if figures.lengths.height else ""
    every = tag("section", tag("h2", say("sources")) + tables.sources(figures), id="s-sources")
    return [
        lengths,
        _section("calendar", "p_calendar", ""),
        _section("fresh", "p_fresh", ""),
        every,
        _section("boilerplate", "p_boilerplate", "") if figures.has_text else "",
        _section("languages", "p_languages", tables.languages(figures)),
    ]


def _rejects(figures: Figures) -> str:
    if figures.left_out.is_empty():
        return tag("section", tag("h2", say("h_rejects")) + tag("p", say("rejects_none")))
    by_run = tag("p", say("p_reject_runs")) + _place("reject_runs", "p_reject_runs")
    if series.reasons(figures).is_empty():
        by_run = ""
    return _section("rejects", "p_rejects", tables.left_out(figures), by_run)


def _of_lake(figures: Figures) -> list[str]:
    runs = _section("runs", "p_runs", tables.runs(figures))
    none = tag("section", tag("h2", say("h_runs")) + tag("p", say("runs_none")))
    table = tables.sizes(figures)
    size = (
        _section("sizes", "p_sizes", table)
        if figures.has_grown
        else tag("section", tag("h2", say("h_sizes")) + table)
    )
    return [
        size,
        runs if figures.runs.height else none,
    ]


def _section(chart: str, told: str, table: str, note: str = "") -> str:
    """Return a chart with its title, a sentence of what it shows, and the table that tells the same."""
    head = tag("h2", say(f"h_{chart}")) + tag("p", say(told))
    fallback = tag("details", tag("summary", say("as_table")) + table) if table else ""
    return tag("section", head + _place(chart, told) + note + fallback, id=f"s-{chart}")


def _place(chart: str, told: str) -> str:
    """Return the place of a chart. What it shows is told to those who do not see it, in the language of the page."""
    labels = {f"data_{language}": text for language, text in zip(PageLanguage, BOTH[told], strict=True)}
    inner = tag("div", "", class_="chart", data_chart=chart, role="img", aria_label=BOTH[told][1], **labels)
    return tag("div", inner, class_="scroll")


def _footer() -> str:
    return tag("footer", tag("noscript", tag("p", say("no_script"))) + tag("p", say("made_by")))
