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
        (
            '<div class="post_info">2021-03-04 08:22:11　来源: <a>海港网</a><a>举报</a></div>',
            "2021-03-04 08:22:11",
        ),
        ('<span class="date">2021年03月04日 08:22</span>', "2021年03月04日 08:22"),
        ('<h4 class="title-byline byline">发布/ 2021年3月4日 9:58 AM</h4>', "2021年3月4日 9:58 AM"),
        ('<span id="story_date">2021.03.04</span>', "2021.03.04"),
        ('<div class="updatetime"><span>2021/3/4 08:22</span>（3/4 09:00 更新）</div>', "2021/3/4 08:22"),
        (
            '<div class="talk_time">Li 发表于 2021年03月04日 08时22分 星期四</div>',
            "2021年03月04日 08时22分 星期四",
        ),
        ('<span class="time blog-postTime">于 2021-03-04 08:22:11 发布</span>', "2021-03-04 08:22:11"),
        ('<div class="ContentItem-time">发布于 2021-03-04 08:22</div>', "2021-03-04 08:22"),
        (
            '<section><time datetime="2021-03-04T00:22:00.000Z">2021.03.04 08:22</time></section>',
            "2021-03-04T00:22:00.000Z",
        ),
        (
            '<abbr class="published" itemprop="datePublished" title="2021-03-04T08:22:00-08:00">8:22 AM</abbr>',
            "2021-03-04T08:22:00-08:00",
        ),
        ("<div>文／<a>林一</a></div><div>2021年3月4日 星期四</div>", "2021年3月4日 星期四"),
        ("<div>4 mars 2021 à 08h22</div>", "4 mars 2021 à 08h22"),
        ("<div>2021年3月4日(木) 8時22分</div>", "2021年3月4日(木) 8時22分"),
        ("<div>입력 2021.03.04 08:22</div>", "2021.03.04 08:22"),
        ("<p>发布时间：2017-03-10 09:58　来源：海上</p>", "2017-03-10 09:58"),
        (
            "<p>Posted on Tuesday 15 October 2019 at 09:11 by Ida Holm.</p>",
            "15 October 2019 at 09:11",
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


def test_a_heading_above_the_title_has_the_date_of_a_weblog():
    page = f'<title>Harbour: Rain</title><body><h2 class="date-header"><span>Thursday, March 4, 2021</span></h2><h3 class="post-title">Rain</h3>{PARAGRAPHS}'
    assert read_fields(page)["date"] == "March 4, 2021"


@pytest.mark.parametrize(
    "name", ["og:time ", "article:published_time", "weibo: article:create_at", "pubdate"]
)
def test_names_of_the_date_in_meta(name):
    fields = read_fields(
        f'<head><meta name="{name}" content="2021-03-04 08:22:31"><title>Rain</title></head><body>{PARAGRAPHS}'
    )
    assert "2021-03-04 08:22:31" in fields.values()


def test_a_page_of_the_wayback_machine_has_the_address_that_was_archived():
    page = '<head><title>Rain</title><link rel="canonical" href="https://web.archive.org/web/20210305010203/https://harbour.example/rain"></head>'
    assert read_fields(page)["url"] == "https://harbour.example/rain"
