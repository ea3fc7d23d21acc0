"""Chunks of files become files of table raw and of heads, each with some sources."""

import polars as pl
import pytest

from flows.pipeline.execution import sizes
from flows.pipeline.execution.head_files import HeadFiles
from flows.pipeline.execution.reader import Reader, ReadTask
from flows.pipeline.execution.worker import HeadReader
from flows.pipeline.sources.base import FolderSource
from posts.sources.files import walk_folder
from posts.worker import ParseConfig
from schemas.keys import blob_id

SOURCES = ("旧港", "灯塔", "渡口")
BROKEN = b"---\ntitle: never closed\n"


def content_of(number):
    head = f"title: 第{number}夜\ndate: 2024-03-0{number}\ncategories: [{SOURCES[number % 3]}]"
    return f"---\n{head}\n---\n灯塔亮了{number}次。\n".encode()


CONTENTS = {f"{number}.md": content_of(number) for number in range(1, 10)} | {"broken.md": BROKEN}


@pytest.fixture
def read_chunk(tmp_path, monkeypatch):
    """Return a function that reads all files as one chunk, with files of table raw of at most so many bytes."""
    folder = tmp_path / "posts"
    folder.mkdir()
    for path, content in CONTENTS.items():
        (folder / path).write_bytes(content)
    (folder / "copy").mkdir()
    (folder / "copy/1.md").write_bytes(CONTENTS["1.md"])
    source = FolderSource(bytes(folder))
    tasks = [ReadTask(file) for file in sorted(walk_folder(bytes(folder)))]
    reader = Reader({source.origin: source}, tmp_path / "raw", HeadFiles(tmp_path / "heads"))

    def read(part_bytes, run_id="run"):
        monkeypatch.setattr(sizes, "MAX_PART_BYTES", part_bytes)
        return HeadReader(reader, run_id)(tasks, iter, ParseConfig())

    read.folder = tmp_path
    return read


def contents_by_part(folder):
    return {
        path.name: dict(pl.read_parquet(path).select("blob", "content").iter_rows())
        for path in (folder / "raw").iterdir()
    }


@pytest.mark.parametrize("part_bytes", [1, 250, 1 << 20])
def test_each_row_names_the_files_with_its_content_and_head(read_chunk, part_bytes):
    chunk = read_chunk(part_bytes)
    stored = contents_by_part(read_chunk.folder)
    assert sorted(stored) == sorted(file.path for file in chunk.raw_files)
    # each content once
    assert sum(map(len, stored.values())) == len(CONTENTS)
    titles = {}
    for path, blob, part, head_file, head in chunk.rows.select(
        "path", "blob", "part", "head_file", "head"
    ).iter_rows():
        content = CONTENTS[path.rpartition("/")[2]]
        assert stored[part][blob] == content
        assert blob == blob_id(content)
        if head_file:
            titles[path] = pl.read_parquet(read_chunk.folder / "heads" / head_file)["title"][head]
    assert titles == {"copy/1.md": "第1夜"} | {f"{number}.md": f"第{number}夜" for number in range(1, 10)}


def test_a_file_of_raw_has_the_contents_of_few_sources(read_chunk):
    size = sum(len(CONTENTS[f"{number}.md"]) for number in (3, 6, 9))
    chunk = read_chunk(size)
    by_part = (
        chunk.rows.filter(pl.col("post_id").is_not_null())
        .group_by("part")
        .agg(pl.col("source_id").n_unique())
    )
    assert (by_part.height >= 3, by_part["source_id"].max() <= 2) == (True, True)


def test_nothing_is_stored_without_a_run(read_chunk):
    chunk = read_chunk(1, run_id=None)
    assert chunk.raw_files == []
    assert chunk.rows["part"].null_count() == chunk.rows.height
    assert not (read_chunk.folder / "raw").exists()
