"""Lines around a text that only repeat the metadata of the post."""

import pytest

from posts.cleaning.date_lines import split_date
from posts.cleaning.head import metadata_lines
from posts.html.blocks import Block
from posts.rules.context import PageContext

PARAGRAPH = "昨天港口的渡轮晚了两个小时，岸上等船的人越来越多，没有人知道船为什么不来。" * 3
PAGE = PageContext("渡轮晚点", "https://lamp.example/a", "陈港")


def dropped_texts(*texts, page=PAGE, element="p"):
    blocks = [Block(text, None, element if text != PARAGRAPH else "p", "") for text in texts]
    return [block.text for block, _ in metadata_lines(blocks, page)]


@pytest.mark.parametrize(
    "text",
    [
        "22/01/2021 - 22:36",
        "2021-01-23T11:18:42Z",
        "2021-09-27T10:39:30.982Z",
        "Thu, 13 Sep 2021 12:58:06 GMT",
        "Fri Jan 22 2021 17:00:00 GMT+0800 (CST)",
        "September 9, 2021 at 3:20 p.m. ET",
        "2021年9月9日 星期四 下午 3:20",
        "发布时间：2021-01-22 10:00",
        "更新于 3小时前",
        "3小时前",
        "5 分钟前",
        "昨天 12:30",
        "发表时间：22/01/2021 - 17:56 更改时间：22/01/2021 - 18:00",
        "about 3 hours ago",
    ],
)
def test_a_line_that_is_wholly_a_date_is_read_as_one(text):
    date_and_rest = split_date(text)
    assert date_and_rest is not None
    assert date_and_rest[1] == ""
    assert dropped_texts(text, PARAGRAPH) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "MARY K. QUAY\n2021-09-09T10:39:30Z",
        "MARY QUAY\nANN PORT\n2021-01-22 15:06:54",
        "By Ann Quay | Jan 5, 2021 10:30",
        "陈港 2021年1月22日",
        "陈港",
        "◎陈港",
        "文/陈港",
        "分类：",
    ],
)
def test_a_name_a_name_with_a_date_and_a_label_without_value_are_metadata(text):
    assert dropped_texts(text, PARAGRAPH) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "2020年1月23日，武汉封城",
        "1912年1月1日中华民国成立",
        "2021年13月45日",
        "Update, July 10, 2023",
        "版本 1.2.2021",
        "刚才",
        "故事是从陈港说起的",
        "三小时前，船还在港里。",
    ],
)
def test_a_line_that_says_more_than_a_date_is_text(text):
    assert dropped_texts(text, PARAGRAPH) == []


def test_a_date_above_an_entry_of_a_chronicle_is_text():
    assert (
        dropped_texts(
            "2021年1月22日", "船来了。", "2021年1月23日", "船没有来。", "2021年1月24日", "船又来了。"
        )
        == []
    )


@pytest.mark.parametrize("element", ["h2", "li", "td", "figcaption"])
def test_a_date_that_belongs_to_other_markup_is_text(element):
    assert dropped_texts("2021年1月22日", PARAGRAPH, element=element) == []


def test_a_name_and_what_that_person_does_are_a_byline():
    assert dropped_texts("玛丽（Mary Quay）", "环球广播特约撰稿人", PARAGRAPH) == [
        "玛丽（Mary Quay）",
        "环球广播特约撰稿人",
    ]
    assert dropped_texts("港口的早晨", PARAGRAPH) == []


def test_a_speaker_of_a_conversation_of_several_authors_is_text():
    page = PageContext("渡轮晚点", None, "陈港, 李舟")
    assert dropped_texts("陈港", PARAGRAPH, page=page) == []
    assert dropped_texts("陈港, 李舟", PARAGRAPH, page=page) == ["陈港, 李舟"]


def test_the_author_below_the_text_is_metadata():
    assert dropped_texts(PARAGRAPH, "（陈港）") == ["（陈港）"]
    assert dropped_texts(PARAGRAPH, "陈港", PARAGRAPH, PARAGRAPH) == []
