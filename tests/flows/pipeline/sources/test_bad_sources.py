"""A source that cannot be read is an error of one line before anything is written; a file that cannot be read gets a reason."""

import gzip
import io
import os
import shutil
import stat
import tarfile
import zipfile

import pytest
from polars.testing import assert_frame_equal

from git_repository import contents, init, noon, set_git_environment
from posts.sources.files import MAX_POST_BYTES
from schemas.errors import SourceError

URL = "https://a.example/{}"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"
COMMIT_OF_NOWHERE = "1234567890123456789012345678901234567890"


@pytest.fixture(autouse=True)
def _git_without_settings(tmp_path, monkeypatch):
    set_git_environment(monkeypatch, POSTLAKE_CACHE=str(tmp_path / "cache"))


@pytest.fixture
def git(archive):
    """Return a repository with two posts in two folders."""
    archive.write("a.md", url=URL.format(1))
    archive.write("sub/b.md", url=URL.format(2), title="两盏灯")
    git = init(archive.folder)
    git.commit()
    return git


def loose_object(git, revision):
    """Return the file of a loose object."""
    name = git("rev-parse", revision)
    file = git.folder / ".git" / "objects" / name[:2] / name[2:]
    file.chmod(0o644)
    return file


def truncate(file):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 2 // 7])
    return file


def pack_head(git, file):
    git("archive", "-o", str(file), "HEAD")
    return file


# Errors before anything is written


def without_tree(git):
    loose_object(git, "HEAD:sub").unlink()


def without_root(git):
    loose_object(git, "HEAD^{tree}").unlink()


def without_commit(git):
    loose_object(git, "HEAD").unlink()


def broken_commit(git):
    truncate(loose_object(git, "HEAD"))


def cut_pack(git):
    git("gc", "-q")
    for pack in git.folder.glob(".git/objects/pack/*.pack"):
        pack.chmod(0o644)
        pack.write_bytes(pack.read_bytes()[:40])


def headless(git):
    git("branch", "other")
    (git.folder / ".git" / "HEAD").write_text("ref: refs/heads/gone\n")


def born_empty(git):
    shutil.rmtree(git.folder / ".git")
    init(git.folder)


def no_repository(git):
    shutil.rmtree(git.folder / ".git")
    (git.folder / ".git").mkdir()


DAMAGES = [
    without_tree,
    without_root,
    without_commit,
    broken_commit,
    cut_pack,
    headless,
    born_empty,
    no_repository,
]


def source_error(archive, *sources, **options):
    """Return the error message of an ingest of sources that cannot be read."""
    with pytest.raises(SourceError) as caught:
        archive.ingest(*sources, **options)
    return str(caught.value)


def assert_is_line_about(source, message):
    assert message.startswith(f"{source}: ")
    assert message.isprintable()


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.__name__ for damage in DAMAGES])
def test_a_repository_that_cannot_be_read_makes_no_lake(archive, git, damage):
    damage(git)
    assert_is_line_about(archive.folder, source_error(archive))
    assert not archive.lake.exists()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("damage", DAMAGES[1:], ids=[damage.__name__ for damage in DAMAGES[1:]])
def test_a_repository_that_cannot_be_read_any_more_leaves_the_lake_alone(archive, git, damage):
    archive.ingest()
    before = contents(archive.lake)
    archive.write("c.md")
    git.commit(2)
    damage(git)
    assert_is_line_about(archive.folder, source_error(archive))
    assert contents(archive.lake) == before


BAD_SOURCES = {
    "nothing": ("../nowhere", "no such folder"),
    "no source": ("../words.txt", "neither a folder"),
    "empty file": ("../empty.zip", "neither a folder"),
    "branch": ("@nowhere", "nowhere"),
    "id": (f"@{COMMIT_OF_NOWHERE}", "branches: main"),
    "no name": ("@", "branches: main"),
    "file, not commit": ("@HEAD:a.md", "branches: main"),
    "range": ("@HEAD..HEAD", "branches: main"),
    "option": ("@--all", "branches: main"),
    "two lines": ("@a\nb", "branches: main"),
    "bytes": ("@\udcff", r"\xff"),
    "revision of a folder": ("sub@main", "no git repository"),
    "revision of an archive": ("../posts.zip@main", "no git repository"),
    "cut zip": ("../cut.zip", "cut off"),
    "cut tar": ("../cut.tar", "cut.tar: it"),
    "cut tar.gz": ("../cut.tar.gz", "gzip is damaged"),
    "broken tar.gz": ("../broken.tar.gz", "gzip is damaged"),
    "cut bundle": ("../cut.bundle", "cut.bundle"),
    "bundle with too little": ("../late.bundle", "prerequisite"),
    "gzip of no tar": ("../words.gz", "no tar"),
    "remote": ("file:///nowhere/at/all", "does not appear to be a git repository"),
    "remote@branch": ("FILE_URL@nowhere", "branches: main"),
    "name of two lines": ("../a\nb", r"a\nb"),
}  # fmt: skip


@pytest.fixture
def bad_source(archive, git, tmp_path):
    """Make sources that cannot be read, and return a function that returns the source for a name of BAD_SOURCES."""
    (tmp_path / "words.txt").write_text("words")
    (tmp_path / "empty.zip").touch()
    (tmp_path / "words.gz").write_bytes(gzip.compress(b"words"))
    pack_head(git, tmp_path / "posts.zip")
    for form in ("zip", "tar", "tar.gz"):
        truncate(pack_head(git, tmp_path / f"cut.{form}"))
    content = bytearray(pack_head(git, tmp_path / "broken.tar.gz").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "broken.tar.gz").write_bytes(content)
    git("bundle", "create", "-q", "../cut.bundle", "main")
    truncate(tmp_path / "cut.bundle")
    git.commit(2)
    git("bundle", "create", "-q", "../late.bundle", "main~1..main")

    def _source_of(source):
        if source.startswith("@"):
            return f"{archive.folder}{source}"
        source = source.replace("FILE_URL", f"file://{archive.folder}")
        return source if "://" in source else os.path.normpath(f"{archive.folder}/{source}")

    return _source_of


@pytest.mark.parametrize(("source", "words"), BAD_SOURCES.values(), ids=BAD_SOURCES)
def test_what_is_no_source_is_told_and_makes_no_lake(archive, bad_source, source, words):
    message = source_error(archive, archive.folder, bad_source(source))
    assert (words in message, message.isprintable(), archive.lake.exists()) == (True, True, False), message


BELOW = [
    *((kind, "nowhere") for kind in ("folder", "as files", "git", "git@", "url", "zip", "tar")),
    *(("git", below) for below in ("a.md", "su", "sub/b.md/c", "..")),
    *((kind, "two\nlines") for kind in ("folder", "git", "zip")),
]


@pytest.mark.parametrize(("kind", "below"), BELOW)
def test_a_folder_that_a_source_has_not_is_told_and_makes_no_lake(archive, git, tmp_path, kind, below):
    (archive.folder / "plain").mkdir()
    source = {
        "folder": archive.folder / "plain",
        "git@": f"{archive.folder}@main",
        "zip": pack_head(git, tmp_path / "posts.zip"),
        "tar": pack_head(git, tmp_path / "posts.tar"),
        "url": f"file://{archive.folder}",
    }.get(kind, archive.folder)
    message = source_error(archive, source, path=below, worktree=kind == "as files")
    assert (below.replace("\n", "\\n") in message, message.isprintable()) == (True, True), message
    assert not archive.lake.exists()


def test_a_folder_that_a_later_commit_has_not_is_told_and_withdraws_nothing(archive, git):
    archive.ingest(path="sub")
    before = contents(archive.lake)
    git("mv", "sub", "other")
    git("commit", "-qm", "words")
    assert_is_line_about(archive.folder, source_error(archive, path="sub"))
    assert contents(archive.lake) == before


def test_a_pipe_is_no_source_and_not_waited_for(archive, start):
    archive.folder.rmdir()
    os.mkfifo(archive.folder)
    _, stderr = start(archive).communicate(timeout=60)
    assert "SourceError" in stderr


def test_a_bundle_or_remote_that_cannot_be_read_is_called_by_its_own_name(archive, git, tmp_path):
    git("branch", "other")
    git("bundle", "create", "-q", "../posts.bundle", "main", "other")
    assert source_error(archive, tmp_path / "posts.bundle@nowhere").startswith(f"{tmp_path}/posts.bundle: ")
    assert source_error(archive, f"file://{archive.folder}@nowhere").startswith(f"file://{archive.folder}: ")


def test_a_repository_without_posts_makes_an_empty_lake(archive, git):
    git("rm", "-rq", "--cached", ".")
    git("commit", "-qm", "words")
    summary = archive.ingest()
    assert (summary.found, summary.balanced, archive.posts().height) == (0, True, 0)


# Files with a reason


@pytest.mark.parametrize("damage", [truncate, os.unlink], ids=["broken", "missing"])
def test_a_blob_that_cannot_be_read_is_a_reject_until_it_can(archive, git, damage):
    file = loose_object(git, "HEAD:a.md")
    content = file.read_bytes()
    damage(file)
    assert (archive.ingest().reasons, archive.titles()) == ({"unreadable": 1}, ["两盏灯"])
    file.write_bytes(content)
    second_run = archive.ingest()
    assert (second_run.unchanged, second_run.posts, archive.titles()) == (1, 1, ["一盏灯", "两盏灯"])
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


def test_a_blob_that_the_lake_has_read_is_not_missed(archive, git):
    archive.ingest()
    git("mv", "sub/b.md", "b.md")
    git("commit", "-qm", "words")
    loose_object(git, "HEAD:a.md").unlink()
    second_run = archive.ingest()
    assert (second_run.unchanged, second_run.moved, second_run.reasons) == (2, 1, {})


def test_a_post_whose_new_version_cannot_be_read_stays_as_it_was_for_a_while(archive, git):
    archive.ingest()
    before = archive.posts()
    archive.write("a.md", url=URL.format(1), title="新")
    git.commit(4)
    file = loose_object(git, "HEAD:a.md")
    content = file.read_bytes()
    file.unlink()
    assert archive.ingest().reasons == {"unreadable": 1}
    assert_frame_equal(archive.posts(), before)
    file.write_bytes(content)
    archive.ingest()
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())
    assert archive.rows("posts").sort("path")["version_at"].to_list() == [noon(4), noon(1)]


@pytest.mark.parametrize("kind", ["git", "zip", "tar"])
def test_what_is_no_file_or_stands_for_another_has_a_reason(archive, git, tmp_path, kind):
    (archive.folder / "link.md").symlink_to("a.md")
    archive.put("pointer.md", POINTER)
    archive.put("large.md", bytes(MAX_POST_BYTES + 1))
    git.commit(2)
    source = archive.folder if kind == "git" else pack_head(git, tmp_path / f"posts.{kind}")
    assert archive.ingest(source).reasons == {"lfs_pointer": 1, "link": 1, "too_large": 1}
    (large,) = archive.files().filter(reason="too_large")["detail"]
    assert large == f"{MAX_POST_BYTES + 1} bytes; the limit is {MAX_POST_BYTES}"
    assert (archive.ingest(source).unchanged, archive.titles()) == (5, ["一盏灯", "两盏灯"])


def test_a_submodule_is_ignored_until_it_is_a_folder(archive, git):
    git("update-index", "--add", "--cacheinfo", f"160000,{COMMIT_OF_NOWHERE},posts")
    git("commit", "-qm", "words")
    first_run = archive.ingest()
    assert (first_run.found, first_run.ignored, first_run.reasons) == (3, 1, {"submodule": 1})
    git("rm", "-q", "--cached", "posts")
    archive.write("posts/c.md", url=URL.format(3))
    git.commit(3)
    second_run = archive.ingest()
    assert (second_run.found, second_run.gone, second_run.posts) == (3, 1, 1)


def test_a_pointer_or_link_that_becomes_the_file_is_a_post(archive, git):
    archive.put("c.md", POINTER)
    (archive.folder / "d.md").symlink_to("a.md")
    git.commit(2)
    archive.ingest()
    archive.write("c.md", url=URL.format(3))
    archive.write("d.md", url=URL.format(4))
    git.commit(3)
    second_run = archive.ingest()
    assert (second_run.posts, second_run.unchanged, second_run.reasons) == (2, 2, {})
    assert_frame_equal(archive.posts(), archive.ingest_into_new_lake().posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


@pytest.mark.parametrize("name", [b"\xff.md", b'"quoted"\t\n.md', b":(top) .md"])
def test_a_name_of_any_bytes_is_followed(archive, git, name):
    archive.put(name, archive.write("c.md", url=URL.format(3), title="旧").read_bytes())
    archive.remove("c.md")
    git.commit(2)
    archive.ingest()
    archive.put(name, archive.write("c.md", url=URL.format(3), title="新").read_bytes())
    archive.remove("c.md")
    git.commit(3)
    assert (archive.ingest().posts, archive.titles()) == (1, ["一盏灯", "两盏灯", "新"])
    (archive.folder / os.fsdecode(name)).unlink()
    git.commit(4)
    assert (archive.ingest().gone, archive.titles()) == (1, ["一盏灯", "两盏灯"])


def test_a_post_that_becomes_a_folder_and_a_post_again_is_followed(archive, git):
    content = archive.write("c.md", url=URL.format(3)).read_bytes()
    git.commit(2)
    archive.ingest()
    archive.remove("c.md")
    archive.write("c.md/d.md", url=URL.format(4))
    git.commit(3)
    second_run = archive.ingest()
    assert (second_run.found, second_run.gone, second_run.posts) == (3, 1, 1)
    shutil.rmtree(archive.folder / "c.md")
    archive.put("c.md", content)
    git.commit(4)
    archive.ingest()
    assert_frame_equal(archive.live_posts(), archive.ingest_into_new_lake().live_posts())
    assert archive.outcomes() == archive.ingest_into_new_lake().outcomes()


# Members of archives


HOSTILE = {
    "/etc/a.md": "unsafe_path",
    "../a.md": "unsafe_path",
    "sub/../../a.md": "unsafe_path",
    "C:\\a.md": "unsafe_path",
}


def zip_of(file, members):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return file


def tar_of(file, members):
    with tarfile.open(file, "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_a_member_that_would_be_written_elsewhere_is_a_reject_and_written_nowhere(archive, tmp_path, pack):
    post = archive.write("a.md").read_bytes()
    file = pack(tmp_path / "posts.pack", dict.fromkeys([*HOSTILE, "good.md"], post))
    before = {path for path in contents(tmp_path) if not path.is_relative_to(archive.lake)}
    summary = archive.ingest(file)
    assert (summary.posts, summary.reasons) == (1, {"unsafe_path": len(HOSTILE)})
    assert {path for path in contents(tmp_path) if not path.is_relative_to(archive.lake)} == before


def test_a_hostile_member_is_told_in_the_ledger_and_settled(archive, tmp_path):
    file = zip_of(tmp_path / "posts.zip", dict.fromkeys(HOSTILE, b"words"))
    archive.ingest(file)
    rejects = archive.rows("files").select("path", "outcome", "reason")
    assert sorted(rejects.rows()) == sorted((path, "rejected", reason) for path, reason in HOSTILE.items())
    assert archive.ingest(file).unchanged == len(HOSTILE)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO], ids=["link", "not_a_file"])
def test_a_member_that_is_no_file_has_a_reason(archive, tmp_path, request, kind):
    info = zipfile.ZipInfo("a.md")
    info.external_attr = (kind | 0o644) << 16
    with zipfile.ZipFile(tmp_path / "posts.zip", "w") as file:
        file.writestr(info, "/etc/passwd")
    assert list(archive.ingest(tmp_path / "posts.zip").reasons) == [request.node.callspec.id]


def test_an_archive_that_is_damaged_at_the_next_run_leaves_the_lake_alone(archive, git, tmp_path):
    file = pack_head(git, tmp_path / "posts.tar.gz")
    archive.ingest(file)
    before = contents(archive.lake)
    assert_is_line_about(file, source_error(archive, truncate(file)))
    assert contents(archive.lake) == before


# Commit times


COMMIT_TIMES = {
    "in the future": ("2099-01-01T00:00:00Z", "2024-03-04T12:00:00Z"),
    "ever further in the future": ("2098-01-01T00:00:00Z", "2099-01-01T00:00:00Z"),
    "beyond all dates": ("@99999999999 +0000", "@99999999999 +0000"),
    "before the one before": ("2024-03-04T12:00:00Z", "2023-01-01T00:00:00Z"),
    "at the same time": ("2024-03-04T12:00:00Z", "2024-03-04T12:00:00Z"),
    "1970": ("@0 +0000", "@0 +0000"),
    "1970 after all": ("2024-03-04T12:00:00Z", "@0 +0000"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("first", "second"), COMMIT_TIMES.values(), ids=COMMIT_TIMES)
def test_time_goes_on_whatever_the_clock_of_a_commit_says(archive, first, second):
    git = init(archive.folder)
    archive.write("a.md", url=URL.format(1), title="旧")
    archive.write("b.md", url=URL.format(2))
    git.commit(at=first)
    archive.ingest()
    archive.write("a.md", url=URL.format(1), title="新")
    archive.remove("b.md")
    git.commit(at=second)
    archive.ingest()
    post = archive.rows("posts").row(0, named=True)
    old, withdrawn = archive.rows("revisions").sort("path").rows(named=True)
    finished_at = archive.rows("runs")["finished_at"].max()
    assert old["version_at"] < old["superseded_at"] == post["version_at"] <= finished_at
    assert old["version_at"] < withdrawn["withdrawn_at"] <= finished_at


def test_a_first_commit_of_1970_is_believed(archive):
    git = init(archive.folder)
    archive.write("a.md")
    git.commit(at="@0 +0000")
    archive.ingest()
    assert archive.rows("posts")["version_at"].dt.year().to_list() == [1970]
