"""The difference of a folder and table files, without a run."""

import os

import pytest

from archive import Snapshot
from flows.pipeline.planning.diff import diff_source, hash_suspects
from flows.pipeline.sources.base import FolderSource
from lake.batch import Checkpoint
from lake.store import open_lake

EMPTY_CHECKPOINT = Checkpoint()


def fill(archive):
    for path in ("a.md", "b.md", "sub/c.md"):
        archive.write(path, url=f"https://a.example/{path}")
    archive.ingest()


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return Snapshot.take(tmp_path_factory.mktemp("diff"), fill)


@pytest.fixture
def archive(snapshot):
    return snapshot.restore()


def source_and_diff(archive, *, verify=False):
    source = FolderSource(os.fsencode(archive.folder))
    diff = diff_source(open_lake(archive.lake), source, EMPTY_CHECKPOINT, verify=verify)
    return source, diff


def paths(rows):
    return sorted(rows["path"])


def edit(archive):
    archive.write("a.md", "另一段话。", url="https://a.example/a.md")


# change of the folder -> number of files found; changed, previously known and deleted paths
CHANGES = {
    "nothing": (lambda _: None, (3, [], [], [])),
    "a new file": (lambda archive: archive.write("d.md"), (4, ["d.md"], [], [])),
    "an edit": (edit, (3, ["a.md"], ["a.md"], [])),
    "another time": (lambda archive: archive.touch("a.md"), (3, ["a.md"], ["a.md"], [])),
    "a file less": (lambda archive: archive.remove("a.md"), (2, [], [], ["a.md"])),
    "a move": (lambda archive: archive.move("a.md", "d.md"), (3, ["d.md"], [], ["a.md"])),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_folder_differs_from_the_ledger_by(archive, change, expected):
    change(archive)
    _, diff = source_and_diff(archive)
    assert (diff.file_count, paths(diff.changed), paths(diff.previous_rows), paths(diff.deleted)) == expected


def test_all_files_differ_until_they_are_read_where_they_are_to_be_verified(archive):
    _, diff = source_and_diff(archive, verify=True)
    assert paths(diff.changed) == ["a.md", "b.md", "sub/c.md"]


@pytest.mark.parametrize("change", ["another time", "a move"])
def test_known_content_is_known_once_the_suspects_are_read(archive, change):
    blobs = {row["path"]: row["blob"] for row in archive.rows("files").iter_rows(named=True)}
    CHANGES[change][0](archive)
    source, diff = source_and_diff(archive)
    assert diff.changed["blob"].to_list() == [None]
    assert hash_suspects(source, diff).changed["blob"].to_list() == [blobs["a.md"]]


def test_content_of_another_size_is_not_read_to_compare_it(archive):
    archive.write("d.md", "这一段话比别的都长得多，长得多，长得多。")
    source, diff = source_and_diff(archive)
    assert hash_suspects(source, diff) is diff
