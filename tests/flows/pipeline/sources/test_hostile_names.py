"""Sources and files with odd or hostile names, links and folders."""

import ctypes
import os
from dataclasses import replace
from pathlib import Path

import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from posts.sources.paths import encode_path

NAMES = {
    "slashes": "a/b/../../../../c",
    "dots": "..",
    "line-break": "第一行\n第二行",
    "300-han": "中" * 300,
    "quote": "it's = 'a' OR 1",
    "hive": "source_id=x/month=2024-01",
    "default": "__HIVE_DEFAULT_PARTITION__",
    "percent": "100%2F",
    "nul": "a\u0000b",
    "glob": "[a]*?{b}",
    "only-marks": "！？。",
    "emoji": "🏮🏮",
}
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def data_files(lake):
    return [file for file in lake.rglob("*") if file.is_file() and not file.name.startswith(".")]


@pytest.fixture
def archive_of_odd_sources(archive):
    for number, name in enumerate(NAMES.values()):
        archive.write(f"{number}.md", categories=[name], url=f"https://a.example/{number}")
    archive.ingest()
    return archive


def test_every_file_of_a_lake_lies_below_its_folder_and_has_an_ascii_name(archive_of_odd_sources):
    files = data_files(archive_of_odd_sources.lake)
    paths = [str(file.resolve().relative_to(archive_of_odd_sources.lake.resolve())) for file in files]
    assert [path for path in paths if not path.isascii() or len(path) > 255] == []
    siblings = {path.name for path in archive_of_odd_sources.lake.parent.iterdir()}
    assert siblings == {"posts", "lake"}


def test_a_source_keeps_its_name_on_one_line_whatever_it_holds(archive_of_odd_sources):
    sources = set(archive_of_odd_sources.live_posts()["source"])
    assert len(sources) == len(NAMES)
    assert [source for source in sources if "\n" in source or not source.strip()] == []
    assert sources > {"..", "中" * 300, "it's = 'a' OR 1", "[a]*?{b}", "！？。", "🏮🏮"}


def test_hostile_sources_can_be_loaded_again_and_edited(archive_of_odd_sources):
    for number, name in enumerate(NAMES.values()):
        archive_of_odd_sources.write(
            f"{number}.md", title="改了", categories=[name], url=f"https://a.example/{number}"
        )
    archive_of_odd_sources.ingest()
    assert archive_of_odd_sources.titles() == ["改了"] * len(NAMES)


@pytest.mark.parametrize("twins", [("A B", "A-B"), ("中", "钟"), ("ABC", "abc"), ("é", "e")], ids="=".join)
def test_sources_that_read_alike_have_partitions_of_their_own(archive, twins):
    for number, name in enumerate(twins):
        archive.write(f"{number}.md", source=name, url=f"https://a.example/{number}")
    archive.ingest()
    assert archive.live_posts()["source"].sort().to_list() == sorted(twins)
    assert archive.live_posts()["source_id"].n_unique() == 2


def test_one_name_in_two_unicode_forms_is_one_source(archive):
    archive.write("0.md", source="caf\u00e9", url="https://a.example/0")
    archive.write("1.md", source="cafe\u0301", url="https://a.example/1")
    archive.ingest()
    assert archive.live_posts()["source"].to_list() == ["caf\u00e9"] * 2


@pytest.mark.parametrize("categories", [[], [""], ["  "], None], ids=["no-list", "empty", "blank", "absent"])
def test_a_post_that_names_no_source_has_the_name_of_its_archive(archive, categories, tmp_path):
    archive = replace(archive, folder=tmp_path / "lamp-notes" / "_posts")
    archive.write("a.md", categories=categories)
    archive.ingest()
    assert archive.live_posts().select("source", "month").rows() == [("lamp-notes", "2024-03")]


@pytest.mark.parametrize(
    "name",
    [
        b"a\nb.md",
        b"\xff\xfe.md",
        b"\\..\\x.md",
        b" .md",
        b"'; DROP TABLE posts; --.md",
        "\U0010ffff.md".encode(),
        b"-.md",
    ],
)
def test_a_file_of_any_name_is_ingested_and_its_name_comes_back(archive, name):
    archive.put(name, archive.write("a.md").read_bytes())
    archive.remove("a.md")
    assert archive.ingest().posts == 1
    assert (encode_path(archive.live_posts()["path"].item()), archive.ingest().unchanged) == (name, 1)


def test_a_file_with_an_odd_name_can_be_edited_removed_and_brought_back(archive):
    content = archive.write("a.md").read_bytes()
    file = archive.put(b"\xe4\xb8\n\xff.md", content)
    archive.ingest()
    file.unlink()
    archive.ingest()
    file.write_bytes(content)
    archive.ingest()
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


def test_a_folder_of_odd_bytes_is_an_origin(archive):
    folder = archive.put(b"\xff'\n/a.md", archive.write("b.md").read_bytes()).parent
    archive.remove("b.md")
    archive.ingest(folder)
    assert archive.ingest(folder).unchanged == 1
    assert encode_path(archive.live_posts()["origin"].item()) == os.fsencode(folder.resolve())


def test_a_folder_named_like_a_post_is_entered(archive):
    archive.write("x.md/a.md")
    assert (archive.ingest().posts, archive.live_posts()["path"].to_list()) == (1, ["x.md/a.md"])


def test_a_dangling_link_is_unreadable_and_tried_again(archive):
    (archive.folder / "a.md").symlink_to("../b.md")
    assert archive.ingest().reasons == {"unreadable": 1}
    assert archive.ingest().rejected == 1
    archive.write("../b.md")
    assert archive.ingest().posts == 1


def test_a_pipe_is_ignored_and_not_waited_for(archive):
    os.mkfifo(archive.folder / "pipe.md")
    archive.write("a.md")
    assert archive.ingest().reasons == {"not_a_file": 1}
    assert archive.ingest().balanced


@pytest.mark.parametrize("name", ["loop.md", "loop"])
def test_a_link_to_itself_does_not_stop_the_run(archive, name):
    (archive.folder / name).symlink_to(name)
    archive.write("a.md")
    assert archive.ingest().posts == 1


def test_a_folder_that_holds_itself_is_entered_once(archive):
    archive.write("a.md")
    (archive.folder / "again").symlink_to(".")
    assert archive.ingest().found == 1


def test_folders_too_deep_to_be_named_do_not_stop_the_run(archive, monkeypatch):
    archive.write("a.md")
    monkeypatch.chdir(archive.folder)
    for _ in range(20):
        Path("深" * 80).mkdir()
        os.chdir("深" * 80)
    assert archive.ingest().posts == 1


@pytest.fixture
def without_privileges():
    """Return a function that drops the capabilities by which root reads everything, for a process that is about to start."""
    prctl = ctypes.CDLL(None).prctl
    return lambda: [prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) for cap in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)]


def test_files_below_a_folder_that_cannot_be_listed_are_not_taken_for_gone(
    archive, start, without_privileges
):
    archive.write("shut/a.md", url="https://a.example/1")
    archive.write("b.md", url="https://a.example/2")
    archive.ingest()
    (archive.folder / "shut").chmod(0)
    run = start(archive, preexec_fn=without_privileges)
    error = run.communicate(timeout=300)[1]
    (archive.folder / "shut").chmod(0o700)
    assert archive.ingest().unchanged == 2
    assert (run.returncode, archive.live_posts().height) == (0, 2), error


def test_a_file_that_cannot_be_read_is_a_reject_until_it_can(archive, start, without_privileges):
    archive.write("a.md").chmod(0)
    run = start(archive, preexec_fn=without_privileges)
    assert run.communicate(timeout=300)[1] == ""
    assert archive.files().select("outcome", "reason").row(0) == ("rejected", "unreadable")
    archive.folder.joinpath("a.md").chmod(0o600)
    assert archive.ingest().posts == 1


def test_a_lake_within_the_folder_of_posts_is_not_taken_for_posts(archive):
    archive.write("a.md")
    inner_lake = type(archive)(archive.folder, archive.folder / "lake.md")
    inner_lake.ingest()
    # version 1 has the posts, version 2 marks that all are cleaned
    assert (inner_lake.ingest().found, DeltaTable(str(inner_lake.lake / "posts")).version()) == (1, 2)
