"""`postlake rules`: what each cleaning rule removed, as a table and as JSON."""

import json
import tarfile

import pytest
from typer.testing import CliRunner

from cli import app, main
from paths import TESTS


@pytest.fixture
def lake(archive):
    """Return a lake of two posts with cuts, one of them long."""
    archive.write(
        "a.md",
        f"<nav>首页</nav><p>灯塔亮了。</p><nav>{'很长的导航' * 20}</nav><p>船都回来了，{'岸上的人等着。' * 40}</p>",
    )
    archive.write("b.md", "<p>没有船。</p><p class=share>分享</p>", title="另一盏灯")
    archive.ingest()
    return archive


def run(archive, *options):
    return CliRunner().invoke(app, ["rules", "--lake", str(archive.lake), *options])


def test_a_line_per_rule_has_counts_and_a_passage(lake):
    lines = run(lake).stdout.splitlines()
    assert lines[0] == "104 characters removed from 2 posts"
    assert [line.split() for line in lines[1:]] == [
        ["rule", "posts", "cuts", "characters", "share", "example", "latest"],
        ["site_chrome_element", "1", "2", "102", "98.1%", f"{'很长的导航' * 12}…"],
        ["share_element", "1", "1", "2", "1.9%", "分享"],
    ]


def test_json_has_whole_passages_and_their_posts(lake):
    report = json.loads(run(lake, "--json").stdout)
    assert (report["posts"], report["uncounted"]) == (2, 0)
    first, _ = report["rules"]
    post_id = lake.rows("posts").filter(path="a.md")["post_id"].item()
    assert first["examples"] == [{"post_id": post_id, "text": "很长的导航" * 20}]


def test_posts_of_an_older_postlake_are_told(archive):
    with tarfile.open(TESTS / "old_lakes" / "9d0da87.tar.gz") as packed:
        packed.extractall(archive.lake.parent, filter="data")
    assert "4 posts do not count" in run(archive).stderr


def test_a_wrong_source_ends_in_one_line_and_code_2(lake, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["postlake", "rules", "--source", "no", "--lake", str(lake.lake)])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "no: no such source" in capsys.readouterr().err
