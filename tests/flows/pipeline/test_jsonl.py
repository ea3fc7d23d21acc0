"""A JSONL file is a source: each of its lines is a post, known by its id."""

import gzip
import json
from contextlib import ExitStack

import pytest
from polars.testing import assert_frame_equal

from flows.pipeline.sources.content import VanishedError
from flows.pipeline.sources.resolve import SourceOpener
from one_run import use_small_batches

POSTS = [
    {
        "id": number,
        "title": f"第{number}盏灯",
        "date": f"2024-0{number % 3 + 1}-05",
        "source": "旧刊",
        "content": f"渡口的红绿灯照常亮着，第{number}夜。",
    }
    for number in range(6)
]


def write(archive, posts, name="crawl.jsonl", pack=bytes):
    lines = (
        post if isinstance(post, bytes) else json.dumps(post, ensure_ascii=False).encode() for post in posts
    )
    return archive.put(name, pack(b"\n".join(lines) + b"\n"))


def counts(summary):
    return summary.found, summary.posts, summary.unchanged, summary.rejected


@pytest.mark.parametrize(("name", "pack"), [("a.ndjson", bytes), ("a.jsonl.gz", gzip.compress)])
def test_each_line_is_a_post_and_the_order_of_lines_means_nothing(archive, name, pack):
    archive.ingest(write(archive, POSTS, name, pack))
    before = archive.live_posts()
    summary = archive.ingest(write(archive, POSTS[::-1], name, pack))
    assert before["path"].sort().to_list() == [f"{number}.json" for number in range(6)]
    assert (summary.posts, summary.unchanged) == (0, 6)
    assert_frame_equal(archive.live_posts(), before)


def test_edited_removed_and_added_lines_become_versions_withdrawals_and_posts(archive):
    archive.ingest(write(archive, POSTS[:5]))
    ids = dict(archive.live_posts().select("path", "post_id").iter_rows())
    edited = POSTS[1] | {"content": "改了。"}
    archive.ingest(write(archive, [POSTS[5], POSTS[4], edited, POSTS[3], POSTS[2]]))
    texts = dict(archive.live_posts().select("path", "text").iter_rows())
    assert texts == {f"{number}.json": POSTS[number]["content"] for number in range(2, 6)} | {
        "1.json": "改了。"
    }
    assert archive.withdrawn_posts()["path"].to_list() == ["0.json"]
    assert archive.rows("revisions")["path"].sort().to_list() == ["0.json", "1.json"]
    new_ids = dict(archive.live_posts().select("path", "post_id").iter_rows())
    assert {path: new_ids[path] for path in ids if path in new_ids} == {
        path: ids[path] for path in ids if path != "0.json"
    }


def test_broken_and_replaced_lines_are_listed_with_what_is_wrong(archive):
    old = POSTS[0] | {"title": "旧"}
    archive.ingest(write(archive, [old, *POSTS[:3], b'{"id": 8, "title', b"[8]"]))
    rows = archive.rows("files").filter(reason="line_broken").sort("detail")
    assert [detail[:7] for detail in rows["detail"]] == ["line 5:", "line 6:"]
    assert archive.rows("files").filter(reason="line_replaced")["outcome"].to_list() == ["ignored"]
    assert archive.live_posts()["title"].sort().to_list() == [post["title"] for post in POSTS[:3]]
    assert archive.ingest(archive.folder / "crawl.jsonl").unchanged == 6


def test_two_processes_give_what_one_gives(archive, monkeypatch):
    use_small_batches(monkeypatch.setattr, 20)
    source = write(archive, [POSTS[number % 6] | {"id": number} for number in range(300)])
    archive.ingest(source, workers=2)
    other = archive.with_local_lake("other")
    other.ingest(source, workers=1)
    assert_frame_equal(archive.live_posts(), other.live_posts())


def test_a_file_that_is_gone_before_its_lines_are_read_has_vanished(archive):
    file = write(archive, POSTS)
    with ExitStack() as stack:
        (source,) = SourceOpener(stack).open([str(file)])
        file.unlink()
        with pytest.raises(VanishedError):
            list(source.read(source.list_files()))
