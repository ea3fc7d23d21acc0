"""No text makes cleaning slow: each of these takes minutes where the time grows with the square of the size."""

import pytest

from posts.blocks import Block, Content
from posts.cuts import Page, judge
from posts.flat import cut

SIZE = 300_000
FLAT = {
    "a line without spaces": "a" * SIZE,
    "a line without spaces before a domain": "a" * SIZE + ",.com",
    "tags": "#a" * (SIZE // 2),
    "tags amid a sentence": "#a，" * (SIZE // 3),
    "accounts": "a@" * (SIZE // 2),
    "domains": ".com" * (SIZE // 4),
    "domains without a host": "，.com" * (SIZE // 5),
    "addresses without spaces": "http://a" * (SIZE // 8),
    "addresses that run into labels": "a.com/fb:" * (SIZE // 9),
    "addresses that words follow": "x http://a.b/Cd e " * (SIZE // 18),
    "labels": "x: y: z:" * (SIZE // 8),
    "long labels of addresses": "a sentence that is longer than any label of a link http://a.b/c "
    * (SIZE // 60),
    "times": "0:01 " * (SIZE // 5),
    "pleas": "请订阅。" * (SIZE // 4),
    "rulers": "---- a " * (SIZE // 7),
    "closing quotation marks": "”" * SIZE,
    "slashes": "/ a" * (SIZE // 3),
}


@pytest.mark.parametrize("text", FLAT.values(), ids=FLAT.keys())
def test_a_long_text_without_line_breaks_is_cut_in_seconds(text):
    assert "".join(passage for passage, _ in cut(text, "a title")) == text


def test_many_runs_that_recur_are_cut_in_seconds():
    text, covered = "一二三四五六七八九十。甲乙" * 50_000, [(at, at + 11) for at in range(0, 650_000, 13)]
    assert len(cut(text, "a title", lambda _: covered)) == 100_000


@pytest.mark.parametrize("text", ["点击关注 http://a.b", "x" + "/" * 219, "read" + "\u3000" * 216])
def test_many_blocks_are_judged_in_seconds(text):
    blocks = [Block(text, None, "p", "", len(text), ["/a"]) for _ in range(2_000)]
    judge(Content(blocks), Page("a title", "https://example.com/a"))
    assert len({block.rule for block in blocks[20:-20]}) == 1
