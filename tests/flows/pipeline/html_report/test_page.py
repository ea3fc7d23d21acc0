"""`postlake report`: one page, in a browser without network, for lakes with any content."""

import json
import re
import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright
from typer.testing import CliRunner

from cli import app
from flows.pipeline.html_report.data import labels
from flows.pipeline.html_report.render import write_report
from flows.pipeline.html_report.translations import TRANSLATIONS
from lake.create import create_lake
from schemas.enums import PageLanguage
from schemas.errors import MisuseError

CHROMIUM = shutil.which("chromium")
IS_DRAWN = "document.documentElement.dataset.drawn === '{}'"
HOSTILE_NAMES = [
    "<script>document.title = 'broken'</script>", "</script><img src=x onerror=alert(1)>", "\"双引号\" & '单引号'",
    "很长的名字" * 50, "שלום עולם", "a\\'b\\\"", "${7*7}", "__proto__", "constructor", "其他来源", "null",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("there is no chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def open_page(browser, html, **context):
    """Open a page without network; its requests, errors and console messages are in `page.messages`."""
    page = browser.new_context(offline=True, **context).new_page()
    page.messages = []
    page.on("console", lambda message: page.messages.append(message.text))
    page.on("pageerror", lambda error: page.messages.append(str(error)))
    page.on(
        "request", lambda request: page.messages.append(request.url) if request.url != html.as_uri() else None
    )
    page.goto(html.as_uri())
    page.wait_for_function("document.documentElement.dataset.drawn")
    yield page
    page.context.close()


def count_charts(page):
    """Return the number of elements for charts in the page, and the number of charts that are drawn."""
    return page.locator("[data-chart]").count(), page.locator("[data-chart] svg").count()


@pytest.fixture
def html(tmp_path):
    return tmp_path / "report.html"


@pytest.fixture(scope="module")
def examples_html(examples, tmp_path_factory):
    """Return the page of the example posts, in Chinese."""
    html = tmp_path_factory.mktemp("report") / "report.html"
    write_report(examples.lake, html, None)
    return html


@pytest.fixture(scope="module")
def examples_page(browser, examples_html):
    """Return that page, opened, to be looked at only."""
    with open_page(browser, examples_html) as page:
        yield page


def test_all_charts_are_drawn_without_network(examples_page):
    assert examples_page.messages == []
    assert count_charts(examples_page) == (9, 9)
    assert examples_page.locator("[data-chart=posts] .mark-rect path").count() >= 36


def test_the_switch_changes_every_word_and_chart(examples_html, browser):
    with open_page(browser, examples_html) as page:
        before = page.locator("h1, h2, .mark-text").all_inner_texts()
        page.click("button[data-language=en]")
        page.wait_for_function(IS_DRAWN.format("en"))
        after = page.locator("h1, h2, .mark-text").all_inner_texts()
        assert ("文章数量" in before, "文章数量" in after, "Posts over time" in after) == (True, False, True)
        assert page.evaluate("[document.documentElement.lang, document.title]") == ["en", "Lake report"]
        assert page.messages == []


def test_marks_stand_where_their_time_is(examples_page):
    for chart in ("posts", "calendar", "boilerplate", "lengths"):
        chart_element = examples_page.locator(f"[data-chart={chart}]")
        boxes = chart_element.locator("path[aria-roledescription]").evaluate_all(
            "all => all.map(each => each.getBoundingClientRect().x)"
        )
        assert max(boxes) - min(boxes) > chart_element.bounding_box()["width"] / 2


def test_a_picked_source_stands_alone(examples_html, browser):
    with open_page(browser, examples_html) as page:
        bars = page.locator("[data-chart=posts] .mark-rect path")
        before = bars.count()
        page.select_option("#pick", "山城文薈")
        page.wait_for_function("document.querySelectorAll('[data-chart=posts] .mark-rect path').length === 8")
        assert before > bars.count() == 8


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_scrolls_down_only(examples_html, browser, scheme):
    with open_page(
        browser, examples_html, viewport={"width": 400, "height": 800}, color_scheme=scheme
    ) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 400
        widths = page.locator("[data-chart] svg").evaluate_all("all => all.map(each => each.clientWidth)")
        assert max(widths) <= 400


def test_names_of_sources_are_only_ever_text(archive, browser, html):
    for number, name in enumerate(HOSTILE_NAMES):
        archive.write(f"{number}.md", title=f"第{number}篇", categories=[name])
    archive.ingest()
    write_report(archive.lake, html, PageLanguage.ZH)
    with open_page(browser, html) as page:
        assert (page.messages, page.title()) == ([], "数据湖报告")
        assert count_charts(page) == (7, 7)
        assert sorted(page.locator("#s-sources tbody th").all_text_contents()) == sorted(HOSTILE_NAMES)
        titles = page.locator("#s-sources bdi").evaluate_all("all => all.map(each => each.title)")
        assert sorted(titles) == sorted(HOSTILE_NAMES)


def test_the_rows_of_charts_can_end_no_script(archive, html):
    archive.write("a.md", categories=["</script><!--<script>"])
    archive.ingest()
    write_report(archive.lake, html, None)
    chart_data = re.search(r'id="chart-data">(.*?)</script>', html.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert "<" not in chart_data
    assert json.loads(chart_data)["rows"]["posts"]["columns"]["source"]["texts"] == ["</script><!--<script>"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("content", ["nothing", "withdrawn", "one post", "sixty years", "no text"])
def test_every_lake_has_a_page(archive, browser, html, content):
    create_lake(archive.lake, None)
    posts = {"nothing": [], "sixty years": ["1964-01-01", "2024-01-01"]}.get(content, ["2024-03-05"])
    for number, day in enumerate(posts):
        archive.write(f"{number}.md", "" if content == "no text" else "灯", title=f"第{number}篇", date=day)
    archive.ingest()
    if content == "withdrawn":
        archive.remove("0.md")
        archive.ingest()
    write_report(archive.lake, html, None)
    with open_page(browser, html) as page:
        charts = {"nothing": 1, "withdrawn": 1, "no text": 5}.get(content, 7)
        assert (page.messages, count_charts(page)) == ([], (charts, charts))


def test_the_main_numbers_and_tables_need_no_script(examples, browser, html):
    write_report(examples.lake, html, PageLanguage.EN)
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(html.as_uri())
    assert page.locator("dd").first.inner_text().strip() == "40"
    assert "need JavaScript" in page.locator("noscript").inner_text()
    assert page.locator("table").count() == 7


@pytest.mark.parametrize(("given", "language"), [([], "zh"), (["--language", "en"], "en")])
def test_the_command_opens_in_the_language_of_most_posts_or_the_one_asked_for(
    examples, html, given, language
):
    result = CliRunner().invoke(app, ["report", "--html", str(html), "--lake", str(examples.lake), *given])
    assert result.output == f"{html}: 40 posts from 10 sources\n"
    assert f'<html lang="{language}">' in html.read_text(encoding="utf-8")


def test_a_folder_is_not_written_over(examples, tmp_path):
    with pytest.raises(MisuseError, match="is a folder"):
        write_report(examples.lake, tmp_path, None)
    assert list(tmp_path.iterdir()) == []


def test_no_two_sources_are_labelled_alike():
    sources = [
        ("旧刊", "a"),
        ("旧刊\n", "b"),
        ("长" * 50 + "甲", "c"),
        ("长" * 50 + "乙", "d"),
        ("Other sources", "e"),
    ]
    assert labels(sources) == [
        "旧刊", "旧刊 (b)", "长" * 39 + "…", "长" * 39 + "… (d)", "Other sources (e)",
    ]  # fmt: skip


def test_every_word_is_told_in_both_languages():
    assert [key for key, (zh, en) in TRANSLATIONS.items() if not zh or not en or zh == en] == []
