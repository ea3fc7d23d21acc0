"""Render the page: one HTML file without external resources, for any lake."""

import base64
import datetime as dt
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import vl_convert
from jinja2 import Environment

from flows.pipeline.html_report import charts, tables
from flows.pipeline.html_report.charts.common import CONFIG
from flows.pipeline.html_report.data import ReportData, collect_report_data
from flows.pipeline.html_report.templates import create_environment
from flows.pipeline.html_report.translations import TRANSLATIONS, translations
from flows.pipeline.lake_settings.names import open_with_names
from lake.storage.location import Location, write_whole
from schemas.enums import PageLanguage
from schemas.errors import MisuseError

HERE = Path(__file__).parent
# the Vega-Lite version that Altair writes, without the patch number, as vl-convert names it
VEGA_LITE = "6.4"
LIBRARIES = "window.vegaEmbed = vegaEmbed;"
CHINESE = ("zh", "yue")
BYTES_PER_UNIT = 1000


def write_report(lake: Location, html: Location, language: PageLanguage | None) -> ReportData:
    """Write the page of a lake to a file and return its data. The file is replaced in one step.

    Raises LakeError where there is no lake, MisuseError for a folder, OSError where the file cannot be
    written.
    """
    opened = open_with_names(lake)
    if html.is_dir():
        raise MisuseError(f"{html}: is a folder; name a file to write")
    html.parent.mkdir(parents=True, exist_ok=True)
    report = collect_report_data(opened, dt.datetime.now(dt.UTC))
    page = render_page(report, language)
    write_whole(html, page.encode())
    return report


def render_page(report: ReportData, language: PageLanguage | None) -> str:
    """Return the page, which opens in a language; None means the language of most posts."""
    template = _environment().get_template("page.html.j2")
    return template.render(_context(report, language or _main_language(report)))


@cache
def _environment() -> Environment:
    environment = create_environment(HERE)
    environment.filters |= {"number": format_number, "bytes": format_bytes}
    environment.globals |= {"TRANSLATIONS": TRANSLATIONS, "LANGUAGES": list(PageLanguage)}
    environment.policies["json.dumps_kwargs"] = {
        "ensure_ascii": False,
        "separators": (",", ":"),
        "default": str,
    }
    return environment


def _context(report: ReportData, language: PageLanguage) -> dict[str, Any]:
    """Return the variables of the template."""
    chart_data = _chart_data(report)
    scripts = [_chart_library(), (HERE / "page.js").read_text(encoding="utf-8")]
    return {
        "language": language,
        "title": translations(language)["title"],
        "style": (HERE / "page.css").read_text(encoding="utf-8"),
        "scripts": scripts,
        "content_security_policy": _content_security_policy(scripts),
        "chart_data": chart_data,
        "charts": chart_data["specs"][language].keys(),
        "lake_name": report.lake_name,
        "made_at": report.made_at,
        "period": report.window.period,
        "totals": tables.totals(report),
        "last_run": next(report.runs.head(1).iter_rows(named=True), None),
        "alarms": tables.recent_alarms(report),
        "source_labels": report.charted_sources["label"].to_list(),
        "omissions": tables.omissions(report),
        "years": tables.years(report),
        "lengths": tables.lengths(report),
        "sources": tables.sources(report),
        "languages": report.languages.to_dicts(),
        "non_post_files": report.non_post_files.to_dicts(),
        "tables": report.tables,
        "runs": tables.runs(report),
    }


def _main_language(report: ReportData) -> PageLanguage:
    posts = report.languages["posts"].sum()
    chinese = report.languages.filter(pl.col("language").is_in(CHINESE))["posts"].sum()
    return PageLanguage.ZH if chinese * 2 > posts else PageLanguage.EN


def _chart_data(report: ReportData) -> dict[str, Any]:
    """Return the data for the script of the page: charts and texts by language, and all rows."""
    texts = {language: translations(language) for language in PageLanguage}
    return {
        "config": CONFIG,
        "rows": charts.rows(report),
        "specs": {language: charts.specs(report, t) for language, t in texts.items()},
        "translations": {
            language: {key: t[key] for key in ("title", "chart_failed")} for language, t in texts.items()
        },
    }


@cache
def _chart_library() -> str:
    return vl_convert.javascript_bundle(LIBRARIES, vl_version=VEGA_LITE)


def _content_security_policy(scripts: list[str]) -> str:
    """Return a policy that lets a browser run only these scripts and load nothing."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    sources = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src {sources}"


def format_number(value: float | None, spec: str = ",") -> str:
    """Return a number formatted by a specification; an empty string for None."""
    return "" if value is None else format(value, spec)


def format_bytes(size: int) -> str:
    """Return a size with a decimal unit: `1.5 MB`."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < BYTES_PER_UNIT:
            return f"{amount:,.{0 if unit == 'B' else 1}f} {unit}"
        amount /= BYTES_PER_UNIT
    return f"{amount:,.1f} TB"
