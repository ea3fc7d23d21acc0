"""A text without line breaks is split into segments, and each one is kept or removed."""

import pytest

from posts.cleaning.flat import clean_flat_text
from posts.cleaning.flat.segments import split_segments

PARTS = {
    "a sentence ends with its quotation mark": (
        "他说：“走。”她走了。",
        ["text 他说：“走。”", "text 她走了。"],
    ),
    "no end within a number": ("Version 3.5 is out. Get it", ["text Version 3.5 is out.", "text  Get it"]),
    "an address": ("见 https://a.b/c 后", ["text 见 ", "url https://a.b/c", "text  后"]),
    "an address without a scheme": ("见a.com/x 后", ["text 见", "url a.com/x", "text  后"]),
    "addresses side by side": ("http://a.bhttps://c.d", ["url http://a.b", "url https://c.d"]),
    "a label run into an address": ("http://a.b/cTwitter: x", ["url http://a.b/c", "text Twitter: x"]),
    "a mail address": ("写a.b@c.org吧", ["text 写", "mail a.b@c.org", "text 吧"]),
    "an account": ("/ @harbour", ["handle / @harbour"]),
    "tags": ("#港口#海", ["tag #港口", "tag #海"]),
    "a tag before a time": ("#harbour0:05", ["tag #harbour", "text 0:05"]),
    "a ruler": ("甲----乙", ["text 甲", "ruler ----", "text 乙"]),
    "a domain that is none": ("，.com", ["text ，.com"]),
}
CUTS = {
    "a sentence": ("灯塔亮了。", [("灯塔亮了。", None)]),
    "a link and its label": (
        "灯塔亮了，船回来了。网站：https://a.b/c",
        [("灯塔亮了，船回来了。", None), ("网站：", "link_label"), ("https://a.b/c", "link")],
    ),
    "a source": (
        "灯塔亮了，船回来了。资料来源：https://a.b/c",
        [("灯塔亮了，船回来了。资料来源：https://a.b/c", None)],
    ),
    "a plea at the end": (
        "灯塔亮了，船回来了。请订阅本频道。",
        [("灯塔亮了，船回来了。", None), ("请订阅本频道。", "plea")],
    ),
    "white space after a link": (
        "灯塔亮了，船回来了。https://a.b/c https://d.e/f",
        [("灯塔亮了，船回来了。", None), ("https://a.b/c ", "link"), ("https://d.e/f", "link")],
    ),
    "tags": ("灯塔亮了，船回来了。#港口#海", [("灯塔亮了，船回来了。", None), ("#港口#海", "hashtag")]),
    "the title": (
        "港口的灯塔。昨夜灯塔亮了，船都回来了。",
        [("港口的灯塔", "title_repeated"), ("。昨夜灯塔亮了，船都回来了。", None)],
    ),
}


@pytest.mark.parametrize(("text", "parts"), PARTS.values(), ids=PARTS.keys())
def test_a_text_is_parted(text, parts):
    assert [f"{part.kind} {text[part.start : part.end]}" for part in split_segments(text)] == parts


@pytest.mark.parametrize(("text", "passages"), CUTS.values(), ids=CUTS.keys())
def test_each_part_is_kept_or_left_out(text, passages):
    assert clean_flat_text(text, "港口的灯塔") == passages


def test_a_passage_that_recurs_is_left_out():
    text = "灯塔亮了，船回来了。港口日报，每天早上八点。"
    assert clean_flat_text(text, "", lambda _: [(10, 22)]) == [
        ("灯塔亮了，船回来了。", None),
        ("港口日报，每天早上八点。", "recurring"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "The lamp stays lit https://t.co/x",
        "雨停了 https://t.co/x #港口",
        "今天的灯 https://a.b/c https://d.e/f",
    ],
)
def test_the_words_of_a_short_message_stay_though_an_address_follows(text):
    kept = [passage for passage, rule in clean_flat_text(text, "") if rule is None]
    assert kept == [text.partition("https")[0]]


@pytest.mark.parametrize("text", ["更多：https://a.b/c", "订阅频道 https://youtu.be/x"])
def test_a_label_or_a_plea_before_an_address_goes_though_it_is_all_of_the_text(text):
    assert all(clean_flat_text(text, "")[index][1] for index in range(2))
