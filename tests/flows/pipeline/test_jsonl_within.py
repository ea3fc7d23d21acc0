"""JSONL files within folders and buckets: each line is a file below its file, and unchanged files are not read again."""

import datetime as dt
import gzip
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from flows.pipeline.backfill.run import plan_backfill, run_backfill
from flows.pipeline.options import BackfillOptions
from posts.sources.archives.lines import Lines

NAMES = ("2021-01.jsonl", "dumps/2021-02.jsonl.gz")


def post(number, **fields):
    return {
        "id": number,
        "title": f"第{number}盏灯",
        "date": f"2024-0{number % 3 + 1}-05",
        "source": "旧刊",
        "content": f"渡口的红绿灯照常亮着，第{number}夜。",
    } | fields


def write(archive, name, posts):
    lines = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in posts).encode()
    return archive.put(name, gzip.compress(lines) if name.endswith(".gz") else lines)


def write_both(archive):
    archive.write("a.md")
    write(archive, NAMES[0], map(post, range(3)))
    write(archive, NAMES[1], map(post, range(3, 6)))


def counts(summary):
    return summary.found, summary.unchanged, summary.posts, summary.rejected, summary.ignored


def paths(archive):
    return sorted(archive.live_posts()["path"])


PATHS = ["2021-01.jsonl/0.json", "2021-01.jsonl/1.json", "2021-01.jsonl/2.json", "a.md"] + [
    f"dumps/2021-02.jsonl.gz/{number}.json" for number in (3, 4, 5)
]


@pytest.fixture
def opened(monkeypatch):
    """Return the names of the files that are opened as JSONL."""
    names = []
    enter = Lines.__enter__
    monkeypatch.setattr(
        Lines, "__enter__", lambda self: names.append(Path(os.fsdecode(self._path)).name) or enter(self)
    )
    return names


def test_each_line_is_a_file_below_its_file_and_what_has_not_changed_is_not_opened(archive, opened):
    write_both(archive)
    assert counts(archive.ingest()) == (9, 0, 7, 0, 2)
    assert paths(archive) == PATHS
    opened.clear()
    assert counts(archive.ingest()) == (9, 9, 0, 0, 0)
    assert opened == []
    write(archive, NAMES[0], [post(0), post(1, content="改了。"), post(9)])
    assert counts(archive.ingest()) == (9, 6, 2, 0, 1)
    assert opened == ["2021-01.jsonl"]
    texts = dict(archive.live_posts().select("path", "text").iter_rows())
    assert texts["2021-01.jsonl/1.json"] == "改了。"
    assert archive.withdrawn_posts()["path"].to_list() == ["2021-01.jsonl/2.json"]


def test_a_file_that_is_gone_withdraws_its_lines(archive):
    write_both(archive)
    archive.ingest()
    archive.remove(NAMES[0])
    archive.ingest(allow_shrink=True)
    assert paths(archive) == PATHS[3:]


def test_verify_reads_all_lines_again(archive, opened):
    write_both(archive)
    archive.ingest()
    opened.clear()
    assert counts(archive.ingest(verify=True)) == (9, 7, 0, 0, 2)
    assert len(opened) == 2


@pytest.mark.parametrize("point", [("after", "files", 1), ("after", "files", 2), ("before", "runs", 1)])
def test_after_a_killed_run_all_lines_are_compared(archive, kill_run, point):
    write_both(archive)
    kill_run(archive, *point, batch_files=2)
    archive.ingest()
    assert paths(archive) == PATHS
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


def test_after_a_second_run_that_was_killed_no_line_is_taken_for_read(archive, kill_run):
    write_both(archive)
    archive.ingest()
    write(archive, NAMES[0], [post(number, content="改了。") for number in range(9)])
    kill_run(archive, "after", "files", 1, batch_files=2)
    archive.ingest()
    texts = dict(archive.live_posts().select("path", "text").iter_rows())
    assert texts == dict(archive.ingest_into_new_lake().live_posts().select("path", "text").iter_rows())
    assert archive.ingest().unchanged == 15


def test_a_backfill_reads_lines_and_leaves_their_file_to_the_next_run(archive):
    write_both(archive)
    archive.ingest()
    write(archive, NAMES[0], [post(0), post(1), post(2), post(7), post(8, date="2023-01-01")])
    options = archive.options_of(BackfillOptions, sources=(), since=dt.date(2024, 1, 1))
    forecast, _ = plan_backfill(options)
    run_backfill(replace(options, plan=forecast.plan_id))
    assert "2021-01.jsonl/7.json" in paths(archive)
    assert "2021-01.jsonl/8.json" not in paths(archive)
    archive.ingest()
    assert "2021-01.jsonl/8.json" in paths(archive)


def test_a_file_that_is_damaged_keeps_what_was_known_of_it(archive):
    write_both(archive)
    archive.ingest()
    archive.put(NAMES[1], b"\x1f\x8b no gzip")
    summary = archive.ingest()
    assert (summary.rejected, paths(archive)) == (1, PATHS)
    reject = archive.rows("files").filter(path=NAMES[1], reason="unreadable")
    assert "gzip is damaged" in reject["detail"][0]
    write(archive, NAMES[1], [post(3)])
    archive.ingest()
    assert paths(archive) == PATHS[:5]


def test_an_empty_file_has_no_lines(archive):
    archive.put("part-0001.jsonl", b"")
    write(archive, "part-0002.jsonl", [post(1)])
    assert counts(archive.ingest()) == (3, 0, 1, 0, 2)


def test_broken_lines_are_rejected_with_their_number(archive):
    write(archive, NAMES[0], [post(0), '{"id": 1, "ti'])
    archive.ingest()
    rows = archive.rows("files").filter(reason="line_broken")
    assert rows["path"][0].startswith("2021-01.jsonl/")
    assert rows["detail"][0].startswith("line 2: the file ends in the middle of it")


def test_another_key_of_the_id_reads_an_unchanged_file_again(archive):
    write(archive, NAMES[0], [post(0, nid="x"), post(1, nid="y")])
    archive.ingest()
    settings = f'[[place]]\npath = "{archive.folder}"\nfields = {{ id = "nid" }}\n'
    (archive.lake / "postlake.toml").write_text(settings, "utf-8")
    archive.ingest()
    assert paths(archive) == ["2021-01.jsonl/x.json", "2021-01.jsonl/y.json"]
    assert archive.ingest().unchanged == 3


def test_two_processes_give_what_one_gives(archive):
    for number in range(4):
        write(archive, f"{number}.jsonl", [post(at) for at in range(number * 100, number * 100 + 100)])
    archive.ingest(workers=2)
    other = archive.with_local_lake("other")
    other.ingest(workers=1)
    assert archive.live_posts().height == 400
    assert_frame_equal(archive.files(), other.files())


def test_a_bucket_has_the_lines_of_its_objects(archive, posts_bucket, opened):
    write_both(archive)
    posts_bucket.upload(archive.folder)
    assert counts(archive.ingest(posts_bucket.url)) == (9, 0, 7, 0, 2)
    assert paths(archive) == PATHS
    opened.clear()
    assert counts(archive.ingest(posts_bucket.url)) == (9, 9, 0, 0, 0)
    assert opened == []


@pytest.mark.parametrize("pack", ["zip", "tar", "gztar"])
def test_an_archive_has_the_lines_of_its_files(archive, tmp_path, pack):
    write_both(archive)
    write(archive, "broken.jsonl", ["[1]"])
    packed = shutil.make_archive(str(tmp_path / "packed"), pack, archive.folder)
    summary = archive.ingest(packed)
    assert (counts(summary), paths(archive)) == ((10, 0, 7, 1, 2), PATHS)
    detail = archive.rows("files").filter(path="broken.jsonl")["detail"][0]
    assert detail.startswith("none of its lines is a JSON object: line 1")
    write(archive, NAMES[0], [post(0), post(1, content="改了。")])
    packed = shutil.make_archive(str(tmp_path / "packed"), pack, archive.folder)
    assert archive.ingest(packed).posts == 1
    assert archive.withdrawn_posts()["path"].to_list() == ["2021-01.jsonl/2.json"]


def test_a_file_of_lines_in_an_archive_that_is_too_large_is_refused(archive, tmp_path, monkeypatch):
    monkeypatch.setattr("posts.sources.archives.MAX_FILE_OF_LINES_BYTES", 100)
    write_both(archive)
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", archive.folder)
    archive.ingest(packed)
    assert paths(archive) == ["a.md"]
    rows = archive.rows("files").filter(reason="too_large").sort("path")
    assert rows["path"].to_list() == list(NAMES)
    assert rows["detail"].str.ends_with("bytes; the limit of JSONL in an archive is 100").all()
