"""Saved pages that have no day of publication, whatever other days stand in them; and texts that are hard to read."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from posts.metadata.saved_page.fields import read_fields
from posts.metadata.saved_page.json_ld import read_json_ld

PARAGRAPHS = "<p>The boats stayed in the harbour, and the lamps were lit all day.</p>" * 4


@pytest.mark.parametrize(
    "body",
    [
        '<ul><li class="post-date">2021-03-04</li><li class="post-date">2021-03-05</li></ul>',
        '<div id="comments"><span class="post-date">2021-03-04</span></div>',
        '<aside><span class="entry-date">2021-03-04</span></aside>',
        "<h1>Rain</h1><p>Updated: 2021-03-04</p>",
        "<h1>Rain</h1><p>Aug 2022</p>",
        f"<h1>Rain</h1>{PARAGRAPHS}<p>2021-03-04</p>",
        '<h1>Rain</h1><p class="date">In 2021-03-04 the harbour was closed</p>',
        '<h1>Rain</h1><span class="pubtime">yesterday</span>',
    ],
)
def test_a_day_that_is_not_that_of_publication_is_not_taken_for_it(body):
    fields = read_fields(f"<html><head><title>Rain</title></head><body>{body}{PARAGRAPHS}</body></html>")
    assert not {"date", "pubdate", "posted", "datepublished"} & fields.keys()


@pytest.mark.parametrize(
    ("byline", "date"),
    [
        ("<span>2021年03月04日08:22 | 来源：海港日报</span>", "2021年03月04日08:22"),
        ("<p>Published on: June 25, 2024</p>", "June 25, 2024"),
        ("<p>By Ida Holm</p><p>(2012-05-06 21:33:10)</p>", "2012-05-06 21:33:10"),
        ("<p>发布时间：2017-03-10 09:58　来源：海上</p>", "2017-03-10 09:58"),
        (
            "<p>Posted on Tuesday 15 October 2019 at 09:11 by Ida Holm.</p>",
            "Tuesday 15 October 2019 at 09:11",
        ),
    ],
)
def test_the_day_below_the_title_is_that_of_publication(byline, date):
    page = f"<html><head><title>Rain - Harbour</title></head><body><h1>Rain</h1>{byline}{PARAGRAPHS}</body></html>"
    assert read_fields(page)["date"] == date


def test_the_time_of_an_element_makes_the_day_of_the_head_exact_if_the_day_is_the_same():
    page = '<html><head><meta name="publishdate" content="2017-03-10"><title>Rain</title></head><body><h1>Rain</h1><i>{}</i></body></html>'
    assert read_fields(page.format("2017-03-10 09:58"))["date"] == "2017-03-10 09:58"
    assert "date" not in read_fields(page.format("2018-01-01 09:58"))


@pytest.mark.parametrize(
    "script", ["\n<![CDATA[\n{}\n]]>\n", "//<![CDATA[\n{}\n//]]>", "<!-- {} -->", "/*<![CDATA[*/ {} /*]]>*/"]
)
def test_json_ld_is_read_within_the_marks_of_xhtml(script):
    article = '{"@type": "NewsArticle", "headline": "Rain", "datePublished": "2021-03-04"}'
    page = f'<script type="application/ld+json">{script.format(article)}</script>'
    assert read_json_ld(LexborHTMLParser(page))["datepublished"] == "2021-03-04"


def test_json_ld_of_the_search_engine_baidu_has_no_type():
    page = '<script type="application/ld+json">{"@context": "https://ziyuan.baidu.com/contexts/cambrian.jsonld", "title": "雨", "pubDate": "2021-03-04T05:06:07"}</script>'
    fields = read_json_ld(LexborHTMLParser(page))
    assert (fields["title"], fields["datepublished"]) == ("雨", "2021-03-04T05:06:07")
