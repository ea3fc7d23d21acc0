"""A lake and a source in a container of Azure Blob Storage, as Azurite emulates it."""

import signal
import tempfile
from dataclasses import replace

import pytest
from polars.testing import assert_frame_equal

from archive import Archive
from azure_server import find_program, new_container, running_azurite, store_variables
from lake import lease
from lake.storage.object_path import delete_objects, list_sizes
from launch import run
from paths import EXAMPLES
from s3_server import LEASE

pytestmark = pytest.mark.skipif(
    find_program() is None,
    reason="Azurite is not installed: npm install azurite, and set AZURITE to its program azurite-blob",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_azurite(tmp_path_factory.mktemp("azurite")) as url:
        yield url


@pytest.fixture
def container(server, tmp_path, monkeypatch):
    """Return the location of an empty container; the environment has its endpoint and credentials."""
    for name, value in store_variables(server).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return new_container(server)


def test_an_object_is_created_once(container):
    lock = container / "a/lock"
    assert [lock.claim(content) for content in (b"first", b"second", b"first")] == [True, False, True]
    assert lock.read_bytes() == b"first"


def test_objects_are_deleted_also_where_some_are_gone(container):
    for name in ("a", "c"):
        (container / name).write_bytes(b"content")
    delete_objects([container / name for name in ("a", "b", "c")])
    assert list_sizes(container) == {}


def test_a_lake_equals_one_in_a_folder(container, examples):
    archive = Archive(EXAMPLES, container / "my/lake")
    archive.ingest()
    assert_frame_equal(archive.posts(), examples.posts())
    assert_frame_equal(archive.files(), examples.files())
    assert archive.ingest().unchanged == examples.files().height


def test_an_increment_gives_the_lake_of_one_load(container, archive):
    on_azure = replace(archive, lake=container / "lake")
    for number in range(3):
        archive.write(f"{number}.md", url=f"https://a.example/{number}", date=f"2024-0{number + 1}-05")
    on_azure.ingest()
    archive.write("0.md", "改了。", url="https://a.example/0", date="2024-01-05")
    archive.remove("1.md")
    on_azure.ingest()
    archive.ingest()
    assert_frame_equal(on_azure.live_posts(), archive.live_posts())


def test_a_killed_run_is_followed_when_its_lease_has_ended(container, archive, start, monkeypatch):
    for name, value in LEASE.items():
        monkeypatch.setattr(lease, name, value)
    on_azure = replace(archive, lake=container / "lake")
    archive.write("1.md", url="https://a.example/1")
    process = start(on_azure, constants=LEASE, kill=("after", "posts", 1))
    _, err = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL, err
    assert on_azure.ingest(wait_seconds=60).balanced
    assert len(on_azure.titles()) == 1


def test_commands_work(container):
    lake = container / "lake"
    for arguments in (
        ("ingest", EXAMPLES, "--direct"),
        ("sql", "SELECT max(text) FROM posts WHERE month > '2024'"),
        ("maintain", "--retention-days", "0", "--allow-short-retention"),
        ("verify",),
        ("report",),
    ):
        process = run(*arguments, "--lake", lake)
        assert process.returncode == 0, process.stderr


def test_a_source_is_read_and_followed(container, archive):
    posts = container / "posts"
    archive.write("a/灯 1.md", url="https://a.example/1")
    archive.write("b.md", url="https://a.example/2")
    for path in ("a/灯 1.md", "b.md"):
        (posts / path).write_bytes((archive.folder / path).read_bytes())
    assert archive.ingest(posts).posts == 2
    assert archive.ingest(posts).unchanged == 2
    archive.write("b.md", "改了。", url="https://a.example/2")
    (posts / "b.md").write_bytes((archive.folder / "b.md").read_bytes())
    (posts / "a/灯 1.md").unlink()
    assert archive.ingest(posts).posts == 1
    assert archive.live_posts()["text"].to_list() == ["改了。"]
