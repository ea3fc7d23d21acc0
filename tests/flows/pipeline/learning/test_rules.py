"""What each cleaning rule removed from the posts of a lake."""

import pytest

from flows.pipeline.learning.rules import Example, RuleUse, report_rules
from lake.errors import LakeError

CHROME_REASON = "header, footer or navigation of the site"
SHARE_REASON = "sharing, liking and counting"


def write_posts(archive):
    archive.write(
        "a.md", "<nav>首页</nav><p>灯塔亮了。</p><footer>关于本站</footer>", title="一", date="2024-03-05"
    )
    archive.write("b.md", "<nav>去首页看看</nav><p>船都回来了。</p>", title="二", date="2024-03-04")
    archive.write("c.md", "<p>没有船。</p><p class=share>分享</p>", title="三", categories=["对岸"])
    archive.write("d.md", "<p>也没有人。</p>", title="四")
    archive.ingest()


@pytest.fixture
def lake(archive):
    """Return a lake of four posts, of which three have cuts."""
    write_posts(archive)
    return archive


def post_id(archive, title):
    return archive.rows("posts").filter(title=title)["post_id"].item()


def test_rules_are_totalled_with_examples_the_most_characters_first(lake):
    report = report_rules(lake.lake, ())
    large, latest = (
        Example(post_id(lake, title), text) for title, text in (("二", "去首页看看"), ("一", "关于本站"))
    )
    share = (Example(post_id(lake, "三"), "分享"),)
    assert (report.posts, report.uncounted) == (4, 0)
    assert report.rules == (
        RuleUse("site_chrome_element", CHROME_REASON, 2, 3, 11, 11 / 13, (large, latest)),
        RuleUse("share_element", SHARE_REASON, 1, 1, 2, 2 / 13, share),
    )


def test_the_rules_of_a_source_are_totalled_alone(lake):
    report = report_rules(lake.lake, ["对岸"])
    assert [(use.rule, use.share) for use in report.rules] == [("share_element", 1.0)]
    assert report.posts == 1


def test_a_source_that_is_not_there_is_named(lake):
    with pytest.raises(LakeError, match="岸上: no such source"):
        report_rules(lake.lake, ["岸上"])


def test_a_lake_without_posts_has_no_rules(archive):
    archive.ingest()
    report = report_rules(archive.lake, ())
    assert (report.posts, report.rules) == (0, ())
