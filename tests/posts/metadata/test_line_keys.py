"""Keys of lines that may be fields: what a survey suggests for an unknown crawl."""

import pytest

from posts.metadata.line_keys import suggest_mapping

STORY = "The lamp stays lit, and the fog horn sounds twice. " * 6
LINES = [
    ({"_source": {"content": STORY, "pub_date": "2024-03-05", "subject": "a"}}, {"title": "_source.subject", "date": "_source.pub_date", "text": "_source.content"}),
    ({"title": "a", "date": "2024-03-05", "text": STORY, "id": 1}, {}),
    ({"title": "a", "date": "n/a", "release_time": 1709632800, "text": STORY}, {"date": "release_time"}),
    ({"title": "a", "crawl_time": "2024-03-05", "text": STORY}, {}),
    ({"title": "a", "date": "2024-03-05", "text": STORY, "image_url": "https://a.example/1.png"}, {}),
    ({"title": "a", "date": "2024-03-05", "text": STORY, "web_url": "https://a.example/1"}, {"url": "web_url"}),
    ({"文章标题": "a", "文章时间": "2024-03-05", "正文部分": STORY}, {"title": "文章标题", "date": "文章时间", "text": "正文部分"}),
    ({"title": "a", "date": "2024-03-05", "summary": STORY, "main": STORY * 2}, {}),
    ({"id": 1, "title": "a", "date": "2024-03-05", "text": STORY, "keywords": ["sea"]}, {"tags": "keywords"}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "mapping"), LINES, ids=[str(line)[:60] for line, _ in LINES])
def test_keys_that_may_be_fields_are_suggested(line, mapping):
    assert dict(suggest_mapping([line] * 3)) == mapping


def test_a_key_of_an_id_has_another_value_in_each_line():
    lines = [{"nid": number, "story_id": 7, "title": "a"} for number in range(9)]
    assert dict(suggest_mapping(lines)) == {"id": "nid"}
