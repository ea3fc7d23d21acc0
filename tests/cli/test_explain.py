"""`postlake explain`: the kept text of a post, what each rule removed and why, and how often that text recurs."""

import datetime as dt
import json
import re

import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app, main
from cli.explain.page import render_page
from cli.explain.terminal import recurrence_text
from flows.pipeline.learning.explain import explain
from lake.batch import Run
from lake.store import open_lake
from lake.tables.templates import write
from posts import explain as posts
from posts.boilerplate.template import Template
from posts.explain import Recurrence
from posts.sources.files import RawFile
from schemas.enums import HtmlParser
from schemas.errors import MisuseError, PostlakeError

URL = "https://a.example/lamp"
TEXT = "<nav>首页</nav><h2>渡口</h2><p>红绿灯照常亮着，等船的人看着它变了三次。</p><p>本刊每周五出版</p>"
KEPT_BLOCKS = [(None, "渡口"), (None, "红绿灯照常亮着，等船的人看着它变了三次。")]
LAST_TEXT = "本刊每周五出版"


@pytest.fixture
def lake(archive):
    """Return a lake with one post."""
    archive.write("a.md", TEXT, url=URL)
    archive.ingest()
    return archive


def learn(archive, *pattern):
    """Write a template of one pattern (kind, pattern, posts, learned_from) for the source of the first post."""
    names = ("source_id", "version", "kind", "pattern", "posts", "learned_from")
    row = (archive.rows("posts")["source_id"][0], 1, *pattern)
    now = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    write(open_lake(archive.lake), pl.DataFrame([row], schema=names, orient="row"), Run("learn", now))


def explain_target(archive, target):
    return explain(str(target), archive.lake, HtmlParser.LEXBOR)


def rules_and_texts(explanation):
    return [(passage.rule, passage.text) for passage in explanation.passages]


def explain_flat_text(text, template, recurrences):
    content = f"---\ntitle: 一盏灯\ndate: 2024-03-05\nsource: s\n---\n<div>{text}</div>\n".encode()
    post = posts.parse(RawFile("/", "a.md", content, "0"))
    recurrences_by_source = {post.source_id: recurrences}
    return posts.explain(
        RawFile("/", "a.md", content, "0"),
        HtmlParser.LEXBOR,
        {post.source_id: template},
        recurrences_by_source,
    )


@pytest.mark.parametrize("by", ["file", "url", "post_id"])
def test_a_post_is_explained_block_by_block(lake, by):
    post_id = lake.rows("posts")["post_id"][0]
    target = {"file": lake.folder / "a.md", "url": f"{URL}?utm_source=x", "post_id": post_id}[by]
    assert rules_and_texts(explain_target(lake, target)) == [
        ("site_chrome_element", "首页"),
        *KEPT_BLOCKS,
        (None, LAST_TEXT),
    ]


def test_a_post_of_a_lake_needs_no_file(lake):
    lake.remove("a.md")
    assert explain_target(lake, URL).post.title == "一盏灯"


def test_a_learned_block_tells_in_how_many_posts_it_recurs(lake):
    learn(lake, "edge", LAST_TEXT, 12, 1340)
    last = list(explain_target(lake, lake.folder / "a.md").passages)[-1]
    assert (last.rule, last.recurrences) == ("recurring_block", (Recurrence(LAST_TEXT, 12, 1340),))


def test_another_text_in_the_lake_is_told(lake, log_messages):
    learn(lake, "edge", LAST_TEXT, 12, 1340)
    explain_target(lake, URL)
    assert [message.partition(",")[0] for message in log_messages] == ["the lake holds another text"]


def test_a_passage_tells_which_run_of_its_block_recurs():
    run = "本台节目每周五晚上八点准时播出。"
    template, recurrences = (
        Template.from_patterns(1, [("sentence", run)]),
        {("sentence", run): Recurrence(run, 8, 9)},
    )
    explanation = explain_flat_text(
        f"渡口的红绿灯照常亮着，等船的人看着它变了三次。{run}", template, recurrences
    )
    assert [(passage.rule, passage.recurrences) for passage in explanation.passages] == [
        (None, ()),
        ("recurring", (Recurrence(run, 8, 9),)),
    ]
    assert [block.clean_text for block in explanation.blocks] == [explanation.post.text]


@pytest.mark.parametrize(
    ("recurrences", "words"),
    [
        ([], ""),
        ([Recurrence("a", 812, 1357)], "recurs in 812 of 1,357 posts"),
        ([Recurrence("a", 812, None)], "recurs in 812 posts"),
        ([Recurrence("a", 812, 1357), Recurrence("b", 3, 1357)], "2 runs recur in 812, 3 of 1,357 posts"),
        ([Recurrence("a", 0, 1357)], "recurred when its source was learned before"),
    ],
    ids=["none", "one", "uncounted", "several", "of-an-earlier-version"],
)
def test_recurrence_is_said_in_words(recurrences, words):
    assert recurrence_text(recurrences) == words


def test_blocks_joined_are_the_text_of_the_post(examples):
    files = sorted(path for path in examples.folder.rglob("*.*") if path.suffix in {".md", ".html"})
    for file in files:
        try:
            explanation = explain_target(examples, file)
        except PostlakeError:
            continue
        assert (
            "\n\n".join(block.clean_text for block in explanation.blocks if block.clean_text)
            == explanation.post.text
        )


@pytest.mark.parametrize("target", ["no/such.md", "https://a.example/other", "0" * 32, "."])
def test_what_is_neither_file_nor_post_is_misuse(lake, target):
    with pytest.raises(MisuseError, match=f"^{re.escape(target)}: no such file"):
        explain_target(lake, target)


def test_without_a_lake_only_a_file_is_explained(archive):
    file = archive.write("a.md", TEXT)
    assert rules_and_texts(explain_target(archive, file))[1:3] == KEPT_BLOCKS
    with pytest.raises(MisuseError, match="no lake at"):
        explain_target(archive, URL)


def test_a_file_that_is_no_post_tells_why(archive):
    file = archive.write("a.md", date=None)
    with pytest.raises(PostlakeError, match=r"a\.md: rejected: no_date"):
        explain_target(archive, file)


def test_a_page_runs_and_loads_nothing_that_a_post_holds(archive):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    text = f'<p>渡口 &lt;script&gt;alert(1)&lt;/script&gt; <a href="javascript:alert(1)">灯</a></p><nav>{evil}</nav>'
    file = archive.write("a.md", text, title=f"</title>{evil}", url="javascript:alert(1)", source=evil)
    html = render_page(explain_target(archive, file))
    tags = set(re.findall(r"<(\w+)", html))
    assert tags & {"script", "img", "iframe", "link", "object", "a"} == set()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "default-src 'none'" in html


def test_a_page_shows_the_original_beside_the_clean_text(lake):
    html = render_page(explain_target(lake, URL))
    rows = re.findall(r'<div class="original">(.*?)</div><div class="clean">(.*?)</div>', html)
    assert [clean for _, clean in rows] == [
        "",
        *(f"<p>{text}</p>" for _, text in [*KEPT_BLOCKS, (None, LAST_TEXT)]),
    ]
    assert 'title="header, footer or navigation of the site"' in html
    assert f'<a href="{URL}" rel="noreferrer">' in html
    assert 'lang="zh-Hans"' in html


def test_the_command_shows_marks_json_or_a_page(lake):
    def run(*options):
        return CliRunner().invoke(app, ["explain", URL, "--lake", str(lake.lake), *options]).stdout

    assert "[- site_chrome_element: 首页 -]\n\n渡口\n" in run()
    assert json.loads(run("--json"))["blocks"][0] == {
        "element": "nav", "continues": False, "text": "首页", "rule": "site_chrome_element",
        "reason": "header, footer or navigation of the site", "recurrences": [],
    }  # fmt: skip
    run("--html", str(lake.lake.parent / "page.html"))
    assert (lake.lake.parent / "page.html").read_text("utf-8").startswith("<!doctype html>")


def test_misuse_of_the_command_ends_in_one_line_and_code_2(lake, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["postlake", "explain", "nowhere.md", "--lake", str(lake.lake)])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert capsys.readouterr().err.count("\n") == 1
