"""Links that are listed, lines of channels, and headings without a text."""

import json

import pytest

from posts.parse import parse
from posts.sources.files import RawFile
from schemas.keys import blob_id

PARAGRAPH = "昨天港口的渡轮晚了两个小时，岸上等船的人越来越多，没有人知道船为什么不来。" * 3
URL = "https://lamp.example/2024/a"


def parsed(body):
    content = f"---\ntitle: 渡轮晚点\ndate: 2024-03-05\nfrom: {URL}\n---\n\n<div>{body}</div>\n".encode()
    return parse(RawFile("/blog", "a.md", content, blob_id(content)))


LINKS = {
    "larger copy of the picture": ('<a href="/big.jpg"><img src="/small.jpg"></a>', []),
    "larger copy, with a caption": ('<a href="/big.jpg"><img src="/small.jpg">渡轮</a>', []),
    "picture host": ('<a href="https://pics.example/a/s2048"><img src="https://pics.example/a/s320"></a>', []),
    "page of the picture on another host": ('<a href="https://flick.example/p/1"><img src="https://pics.example/a.jpg"></a>', ["https://flick.example/p/1"]),
    "picture that the text names": ('见<a href="/big.jpg">这张图</a>。', ["https://lamp.example/big.jpg"]),
    "tag page of the site": ('<a href="/tag/ferry">渡轮</a>来了。', []),
    "tag page of another site": ('<a href="https://sea.example/tag/ferry">渡轮</a>来了。', ["https://sea.example/tag/ferry"]),
    "the same link twice": ('<a href="https://sea.example/b">渡轮</a>和<a href="https://sea.example/b">渡轮</a>', ["https://sea.example/b"]),
    "a link with two texts": ('<a href="https://sea.example/b">渡轮</a>和<a href="https://sea.example/b">船</a>', ["https://sea.example/b"] * 2),
    "box that is left out": ('<div class="newsletter"><a href="https://sea.example/n">订阅</a></div>', []),
    "promotion": ('<p>获取更多RSS：<br><a href="https://feeds.example">https://feeds.example</a></p>', []),
}  # fmt: skip


@pytest.mark.parametrize(("markup", "expected"), LINKS.values(), ids=LINKS)
def test_links_that_an_author_chose_are_listed(markup, expected):
    assert [
        link["url"] for link in parsed(f"<p>{PARAGRAPH}</p><p>{markup}</p><p>{PARAGRAPH}</p>").links
    ] == expected


TAILS = {
    "channels": ("<p>港口台：https://www.youtube.com/channel/UCa</p><p>直播：https://www.youtube.com/watch?v=a</p>", ""),
    "account of someone in the text": ("<p>港口摄影师：https://www.instagram.com/quay/</p>", "港口摄影师：https://www.instagram.com/quay/"),
    "accounts alone": ("<p>港口摄影师：https://www.instagram.com/quay/<br>船长：https://www.instagram.com/ferry/</p>", "港口摄影师：https://www.instagram.com/quay/\n船长：https://www.instagram.com/ferry/"),
    "plea": ("<p>为真相护航<br>https://donate.lamp.example/</p>", ""),
    "source": ("<p>参考来源：https://www.youtube.com/channel/UCa</p>", "参考来源：https://www.youtube.com/channel/UCa"),
    "page of the site": ("<p>手册：https://lamp.example/manual</p>", "手册：https://lamp.example/manual"),
    "address in brackets": ("<p>&lt;URL:https://lamp.example/manual&gt;</p>", "<URL:https://lamp.example/manual>"),
    "heading above channels": ("<h2>收看方式：</h2><p>港口台：https://www.youtube.com/channel/UCa<br>网站：https://lamp.example/live</p>", ""),
    "heading above a plea": ("<h2>船有什么不好？</h2><p>欢迎关注我们的频道。</p>", "船有什么不好？"),
    "heading above other pieces": ("<h2>相关新闻</h2><p><a href='/b'>另一条船</a></p><h3>历史</h3>", ""),
    "heading alone": ("<h2>后记</h2>", "后记"),
    "steps of an instruction": ("<p>安裝 App<br>安裝港口 App 版（iOS／Android）。</p><p>船来了。</p>", "安裝 App\n安裝港口 App 版（iOS／Android）。\n\n船来了。"),
    "two credits": ("<p>翻译：陈港<br>点击查看本文英文版。</p>", ""),
}  # fmt: skip


@pytest.mark.parametrize(("tail", "kept"), TAILS.values(), ids=TAILS)
def test_what_a_publisher_adds_at_the_end_goes_and_text_stays(tail, kept):
    text = parsed(f"<p>{PARAGRAPH}</p><p>{PARAGRAPH}</p>{tail}").text
    assert text.removeprefix(f"{PARAGRAPH}\n\n{PARAGRAPH}").strip() == kept


TORN = {
    "word and explanation": ('<p>昨天<div class="dictionary"><b>渡轮</b><div><p>在两个港口之间往返的船，每天开四班，冬天停航，春天再开。</p></div></div>晚了。</p>', "昨天渡轮晚了。"),
    "explanation alone": ('<p>昨天渡轮<div class="glossary">在两个港口之间往返的船，每天开四班，冬天停航，春天再开。</div>晚了。</p>', "昨天渡轮晚了。"),
    "two in a sentence": ('<p>昨天<div class="dictionary">渡轮</div>和<div class="dictionary">帆船</div>晚了。</p>', "昨天渡轮和帆船晚了。"),
    "Latin words": ('<p>The <div class="tooltip">ferry</div> was late.</p>', "The ferry was late."),
    "no sentence around it": ('<p>船晚了。</p><div class="dictionary"><p>渡轮</p></div><p>船来了。</p>', "船晚了。\n\n渡轮\n\n船来了。"),
}  # fmt: skip


@pytest.mark.parametrize(("markup", "expected"), TORN.values(), ids=TORN)
def test_a_popup_tears_no_sentence(markup, expected):
    assert parsed(f"{markup}<p>{PARAGRAPH}</p>").text == f"{expected}\n\n{PARAGRAPH}"


def test_a_link_after_a_popup_is_listed():
    post = parsed(
        f'<p>昨天<div class="dictionary">渡轮</div>去了<a href="https://sea.example/b">对岸</a>。</p><p>{PARAGRAPH}</p>'
    )
    assert json.dumps(post.links, ensure_ascii=False) == '[{"url": "https://sea.example/b", "text": "对岸"}]'


@pytest.mark.parametrize(
    ("footer", "is_kept"),
    [
        ('<footer class="author-info"><p>陈港是驻港口记者，写船已有十年。</p></footer>', True),
        ('<footer class="site"><p>陈港是驻港口记者，写船已有十年。</p></footer>', False),
        ('<footer class="author-info"><p>陈港</p></footer>', False),
    ],
)
def test_what_a_footer_says_of_the_author_in_sentences_is_text(footer, is_kept):
    assert ("陈港" in parsed(f"<p>{PARAGRAPH}</p><p>{PARAGRAPH}</p>{footer}").text) is is_kept


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ("<figure><img src='/a.jpg'><figcaption>渡轮离岸。<cite>MARY QUAY FOR THE LAMP</cite></figcaption></figure>", "渡轮离岸。"),
        ("<figure><blockquote>船来了。</blockquote><figcaption>老人，<cite>港口日记</cite></figcaption></figure>", "船来了。\n\n老人，港口日记"),
        ("<p>他写了<cite>港口日记</cite>。</p>", "他写了港口日记。"),
    ],
)  # fmt: skip
def test_a_cite_below_a_picture_is_its_credit(figure, expected):
    assert parsed(f"<p>{PARAGRAPH}</p>{figure}").text == f"{PARAGRAPH}\n\n{expected}"
