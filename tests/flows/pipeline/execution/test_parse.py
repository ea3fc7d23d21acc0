"""Posts are parsed with the heads that a run has stored, and with those that it has not."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.pipeline.execution import sizes
from flows.pipeline.execution.frames import as_heads
from flows.pipeline.execution.head_files import HeadFiles, HeadPlace
from flows.pipeline.execution.parse import parse_posts
from flows.pipeline.execution.reader import Reader, ReadTask
from flows.pipeline.execution.write import Writer
from lake.batch import Run
from lake.store import open_lake
from lake_rows import day, write_raw
from posts.sources.files import SourceFile
from posts.worker import ParseConfig, ParseTask, parse_heads
from schemas.keys import blob_id

RUN = Run("now", day(20))
CONTENTS = {
    f"{number}.md": f'---\ntitle: 第{number}夜\ndate: 2024-03-0{number}\ncategories: [旧港]\ntags: ["{number}"]\n---\n灯塔亮了{number}次。<a href="https://a.example/">去</a>\n'.encode()
    for number in range(1, 6)
} | {
    "no-date.md": b"---\ntitle: t\n---\nwords\n",
    "far.md": b"---\ntitle: far\ndate: 1203-03-01\n---\nwords\n",
}


def source_file(path):
    return SourceFile("/blog", path, len(CONTENTS[path]), None, None, blob_id(CONTENTS[path]))


@pytest.fixture
def raw(tmp_path):
    write_raw(tmp_path / "raw", **{blob_id(content): content for content in CONTENTS.values()})
    (part,) = (path.name for path in (tmp_path / "raw").iterdir())
    return tmp_path / "raw", part


@pytest.fixture
def stored_heads(tmp_path):
    """Return the files of the heads of all contents, and the place of each."""
    head_files, places = HeadFiles(tmp_path / "heads"), dict[str, HeadPlace]()
    for paths in (list(CONTENTS)[:3], list(CONTENTS)[3:]):
        tasks = [ParseTask(source_file(path), CONTENTS[path]) for path in paths]
        heads, _ = as_heads(parse_heads(tasks, ParseConfig()))
        name = head_files.write(heads)
        places |= {paths[index]: HeadPlace(name, row) for row, index in enumerate(heads["index"])}
    return head_files, places


def parse(raw, heads, places, paths=tuple(CONTENTS)):
    folder, part = raw
    tasks = [ReadTask(source_file(path), part, None, places.get(path)) for path in paths]
    return parse_posts(Reader({}, folder, heads), RUN, tasks, iter, ParseConfig())


@pytest.mark.parametrize("known", [[], ["1.md"], ["2.md", "4.md", "5.md"], [f"{n}.md" for n in range(1, 6)]])
def test_posts_are_the_same_with_stored_heads_and_without(raw, stored_heads, known):
    head_files, places = stored_heads
    expected_posts, expected_failures = parse(raw, None, {})
    posts, failures = parse(raw, head_files, {path: places[path] for path in known}, reversed(CONTENTS))
    assert_frame_equal(posts.sort("path"), expected_posts.sort("path"))
    assert_frame_equal(failures.sort("name"), expected_failures.sort("name"))
    assert (posts["path"].sort().to_list(), failures["reason"].sort().to_list()) == (
        [f"{number}.md" for number in range(1, 6)],
        ["date_is_plausible", "no_date"],
    )


@pytest.mark.parametrize("body_bytes", [1, len(CONTENTS["1.md"]) + 1, 10_000])
def test_posts_do_not_depend_on_how_many_bodies_are_parsed_at_once(raw, monkeypatch, body_bytes):
    monkeypatch.setattr(sizes, "BODY_BYTES", 1 << 30)
    expected_posts, expected_failures = parse(raw, None, {})
    monkeypatch.setattr(sizes, "BODY_BYTES", body_bytes)
    posts, failures = parse(raw, None, {})
    assert_frame_equal(posts, expected_posts)
    assert_frame_equal(failures, expected_failures)


def test_a_stored_head_is_not_parsed_again(raw, stored_heads, monkeypatch):
    head_files, places = stored_heads
    monkeypatch.setattr("posts.parse.parse_head", None)
    posts, _ = parse(raw, head_files, places, ["3.md", "1.md"])
    assert posts["title"].to_list() == ["第3夜", "第1夜"]


def test_the_heads_of_a_run_are_gone_with_it_and_those_of_a_killed_run_with_the_next(archive, monkeypatch):
    archive.write("a.md")
    seen = []

    def note_heads(writer, *_, **__):
        seen.append(list(writer.lake.scratch.rglob("*.parquet")))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "write", note_heads)
        with pytest.raises(KeyboardInterrupt):
            archive.ingest()
    assert len(seen[0]) == 1
    scratch = open_lake(archive.lake).scratch
    assert not scratch.exists()
    (scratch / "killed").mkdir(parents=True)
    archive.ingest()
    assert not scratch.exists()
    assert pl.read_parquet(archive.lake / "posts/**/*.parquet").height == 1
