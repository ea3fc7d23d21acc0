"""Every kind of source gives the same posts for the same files."""

import base64
import gzip
import http.server
import lzma
import os
import threading
from contextlib import contextmanager
from functools import partial

import pytest
from polars.testing import assert_frame_equal

from archive import Archive
from git_repository import Git, init, set_git_environment
from posts.sources.archives.compression import zstd
from schemas.errors import SourceError
from schemas.tables import TABLES

URL = "https://a.example/{}"
FOLDER = "_posts"
ARCHIVE = {
    "tar": bytes, "tar.gz": gzip.compress, "tar.xz": lzma.compress, "tar.zst": zstd.compress
}  # fmt: skip
# replaces ssh: runs the remote command on this machine
SSH = '#!/bin/sh\nfor command; do :; done\nexec sh -c "$command"\n'


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    set_git_environment(monkeypatch, POSTLAKE_CACHE=str(tmp_path / "cache"), NO_PROXY="*")


@pytest.fixture
def git(archive):
    return init(archive.folder)


@pytest.fixture(scope="module")
def plain_archives(tmp_path_factory):
    """Return a folder with posts, twins, a reject and an ignored file, ingested as a folder: as a whole, and one subfolder."""
    root = tmp_path_factory.mktemp("plain")
    archive = Archive(root / "posts", root / "lake")
    archive.write("a.md", url=URL.format(1))
    archive.write("_posts/2024-03-05-b.md", url=URL.format(1), text="长长的一段话。", date=None)
    archive.write("_posts/old/空 格.html", url=URL.format(2), title="两盏灯")
    archive.write("_posts/c.markdown", title="三盏灯")
    archive.put("_posts/broken.md", b"---\ntitle: never closed\n")
    archive.put("README.md", b"no front matter")
    subfolder_archive = Archive(archive.folder, root / "below")
    archive.ingest()
    subfolder_archive.ingest(archive.folder / FOLDER)
    return {"": archive, FOLDER: subfolder_archive}


@pytest.fixture(scope="module")
def site(plain_archives, tmp_path_factory):
    git = Git(tmp_path_factory.mktemp("sites") / "site")
    git.folder.mkdir()
    for file in plain_archives[""].folder.rglob("*.*"):
        copy = git.folder / file.relative_to(plain_archives[""].folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    init(git.folder)
    git.commit()
    git("tag", "-a", "-m", "words", "v1")
    return git


def clone(site, target, *options):
    site("clone", "-q", *options, ".", str(target))
    return Git(target)


def clone_with_emptied_head(site, target):
    """Return a clone whose HEAD has no files; its tag v1 and its branch `old/branch` have all."""
    git = clone(site, target)
    git("branch", "old/branch")
    git("rm", "-rq", ".")
    git.commit(2)
    return git


def bundle(site, target, *refs):
    site("bundle", "create", "-q", str(target), *refs)
    return target


def pack(site, target, form):
    site("archive", "--format=zip" if form == "zip" else "--format=tar", "-o", str(target), "HEAD")
    target.write_bytes(ARCHIVE.get(form, bytes)(target.read_bytes()))
    return target


KINDS = {
    "working copy": lambda site, target: clone(site, target).folder,
    "its .git": lambda site, target: clone(site, target).folder / ".git",
    "bare": lambda site, target: clone(site, target, "--bare").folder,
    "shallow": lambda site, target: clone(site, target, "--depth=1", "--no-local").folder,
    "sha256": lambda site, target: sha256_clone(site, target).folder,
    "worktree": lambda site, target: site("worktree", "add", "-q", "--detach", str(target)) or target,
    "repo@branch": lambda site, target: f"{clone_with_emptied_head(site, target).folder}@old/branch",
    "repo@tag": lambda site, target: f"{clone_with_emptied_head(site, target).folder}@v1",
    "repo@id": lambda site, target: f"{clone_with_emptied_head(site, target).folder}@{site('rev-parse', 'HEAD')}",
    "named with @": lambda site, target: clone(site, target.with_name("a@b@v2")).folder,
    "named with @, @tag": lambda site, target: f"{clone_with_emptied_head(site, target.with_name('a@b@v3')).folder}@v1",
    "bundle of HEAD and a branch": lambda site, target: bundle(site, target, "HEAD", "main"),
    "bundle of a branch": lambda site, target: bundle(site, target, "main"),
    "bundle of HEAD": lambda site, target: bundle(site, target, "HEAD"),
    "bundle@tag": lambda site, target: f"{bundle(clone_with_emptied_head(site, target), target.with_name('tagged'), '--all')}@v1",
    "file URL": lambda site, _: f"file://{site.folder}",
    "file URL of a shallow copy": lambda site, target: f"file://{clone(site, target, '--depth=1', '--no-local').folder}",
    "file URL@tag": lambda site, target: f"file://{clone_with_emptied_head(site, target).folder}@v1",
    "file URL@id": lambda site, target: f"file://{clone_with_emptied_head(site, target).folder}@{site('rev-parse', 'HEAD')}",
    "ssh": lambda site, _: f"reader@host.example:{site.folder}",
} | {form: partial(pack, form=form) for form in ("zip", *ARCHIVE)}  # fmt: skip


def sha256_clone(site, target):
    git = Git(target)
    target.mkdir()
    git("init", "-q", "-b", "main", "--object-format=sha256")
    git(f"--work-tree={site.folder}", "add", "-A")
    git("commit", "-qm", "words")
    git("reset", "-q", "--hard")
    return git


@pytest.fixture(params=KINDS)
def source(request, site, tmp_path):
    return KINDS[request.param](site, tmp_path / "source")


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    program = tmp_path / "ssh"
    program.write_text(SSH)
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH", str(program))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")


def assert_same_posts(archive, other):
    assert_frame_equal(archive.posts().drop("origin"), other.posts().drop("origin"))
    assert archive.outcomes() == other.outcomes()


@pytest.mark.sampled(4)
@pytest.mark.usefixtures("ssh")
def test_the_same_files_give_the_same_posts(archive, plain_archives, source):
    archive.ingest(source)
    assert_same_posts(archive, plain_archives[""])


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "kind", ["working copy", "bare", "repo@tag", "bundle of a branch", "file URL", "zip", "tar.gz"]
)
def test_the_same_folder_gives_the_same_posts(archive, plain_archives, site, tmp_path, kind):
    archive.ingest(KINDS[kind](site, tmp_path / "source"), path=FOLDER)
    assert_same_posts(archive, plain_archives[FOLDER])


@pytest.mark.parametrize("below", ["/_posts/", "./_posts"])
def test_a_folder_below_is_one_origin_however_it_is_spelled(archive, site, below):
    archive.ingest(site.folder, path=FOLDER)
    second_run = archive.ingest(site.folder, path=below)
    assert (second_run.found, second_run.unchanged) == (4, 4)


# Working copies


def test_a_working_copy_is_read_as_it_is_committed(archive, git, log_messages):
    archive.write("a.md", url=URL.format(1), title="已提交")
    git.commit()
    archive.write("a.md", url=URL.format(1), title="未提交")
    archive.write("b.md", url=URL.format(2), title="新的")
    archive.put("b.txt", b"no post")
    archive.ingest()
    assert archive.titles() == ["已提交"]
    assert f"{archive.folder}: 2 post files are not committed" in "\n".join(log_messages)


def test_a_working_copy_is_read_as_files_if_so_ordered(archive, git, log_messages):
    archive.write("a.md", url=URL.format(1), title="已提交")
    git.commit()
    archive.write("a.md", url=URL.format(1), title="未提交")
    assert archive.ingest(worktree=True).heads == {}
    assert archive.titles() == ["未提交"]
    assert "committed" not in "\n".join(log_messages)


def test_a_working_copy_is_one_origin_as_files_and_as_committed(archive, git):
    archive.write("a.md", url=URL.format(1), title="已提交")
    archive.write("b.md", url=URL.format(2))
    git.commit()
    archive.ingest()
    archive.write("a.md", url=URL.format(1), title="未提交")
    worktree_run, commit_run = archive.ingest(worktree=True), archive.ingest()
    assert [(s.found, s.posts, s.unchanged) for s in (worktree_run, commit_run)] == [(2, 1, 1)] * 2
    assert_same_posts(archive, archive.ingest_into_new_lake())


def test_nothing_is_said_of_files_that_are_not_asked_for(archive, git, log_messages):
    archive.write("_posts/a.md")
    git.commit()
    archive.write("drafts/b.md")
    archive.ingest(path=FOLDER)
    archive.ingest(f"{archive.folder}@main")
    assert "committed" not in "\n".join(log_messages)


# Names


def test_a_folder_whose_name_holds_an_at_is_that_folder(archive, tmp_path):
    archive.write("../posts@v1/a.md", title="一")
    archive.write("../posts/a.md", title="二")
    archive.ingest(tmp_path / "posts@v1")
    assert archive.titles() == ["一"]


def test_a_source_that_is_named_twice_is_read_once(archive, git, tmp_path, monkeypatch):
    archive.write("a.md")
    git.commit()
    (tmp_path / "link").symlink_to("posts")
    monkeypatch.chdir(tmp_path)
    summary = archive.ingest(archive.folder, "posts", "./posts/", "link", "posts/../posts@HEAD")
    assert (summary.found, summary.origins) == (1, [str(archive.folder)])


def test_of_two_revisions_of_one_repository_none_is_left_out_without_a_word(archive, git):
    archive.write("a.md", url=URL.format(1))
    git.commit()
    git("tag", "v1")
    archive.remove("a.md")
    archive.write("b.md", url=URL.format(2))
    git.commit(2)
    with pytest.raises(SourceError, match=f"{archive.folder}.* revision"):
        archive.ingest(f"{archive.folder}@v1", archive.folder)


def test_no_name_is_not_the_name_of_the_folder_that_one_is_in(archive, monkeypatch):
    archive.write("a.md")
    monkeypatch.chdir(archive.folder)
    with pytest.raises(SourceError):
        archive.ingest("")


@pytest.mark.usefixtures("ssh")
def test_a_remote_is_no_folder_that_has_the_name_of_its_user(archive, site, tmp_path, monkeypatch):
    (tmp_path / "git").mkdir()
    monkeypatch.chdir(tmp_path)
    assert archive.ingest(f"git@host.example:{site.folder}").found == 6


@pytest.mark.parametrize("rest", ["", "@v@1"])
def test_a_url_may_hold_an_at(archive, tmp_path, rest):
    (tmp_path / "@user").mkdir()
    git = init(tmp_path / "@user")
    archive.write("../@user/a.md")
    git.commit()
    git("tag", "v@1")
    assert archive.ingest(f"file://{git.folder}{rest}").found == 1


def test_a_branch_and_a_folder_of_any_bytes_are_read(archive, git):
    archive.put(b"\xff/a.md", archive.write("a.md").read_bytes())
    git.commit()
    branch, folder = os.fsdecode(b"\xfe"), os.fsdecode(b"\xff")
    git("branch", branch)
    assert archive.ingest(f"{archive.folder}@{branch}", path=folder).found == 1


# Several sources in one run


def test_kinds_that_are_named_at_once_make_each_post_once(archive, plain_archives, site, tmp_path):
    sources = [
        plain_archives[""].folder,
        site.folder,
        f"file://{site.folder}",
        bundle(site, tmp_path / "b", "main"),
        pack(site, tmp_path / "z", "zip"),
    ]
    summary = archive.ingest(*sources)
    assert (summary.found, summary.posts, summary.rejected, summary.ignored) == (30, 3, 5, 5)
    assert summary.balanced
    posts = archive.posts().drop("origin", "path", "warnings")
    assert_frame_equal(posts, plain_archives[""].posts().drop("origin", "path", "warnings"))
    assert archive.blobs() == plain_archives[""].blobs()


def test_the_order_in_which_kinds_are_named_does_not_matter(archive, site, tmp_path):
    sources = [site.folder, bundle(site, tmp_path / "b", "main"), pack(site, tmp_path / "z", "zip")]
    other_archive = Archive(archive.folder, tmp_path / "other")
    archive.ingest(*sources)
    for source in reversed(sources):
        other_archive.ingest(source)
    assert_frame_equal(archive.posts(), other_archive.posts())
    assert_frame_equal(archive.files(), other_archive.files())


# Remote repositories


def test_a_remote_is_read_at_its_own_head(archive, git, tmp_path):
    archive.write("a.md", title="旧")
    git.commit()
    git("branch", "master")
    archive.write("a.md", title="新")
    git.commit(2)
    git("branch", "-m", "trunk")
    archive.ingest(f"file://{archive.folder}")
    assert archive.titles() == ["新"]


@pytest.mark.parametrize("kind", ["file URL", "bundle"])
def test_a_head_beside_all_branches_is_read(archive, git, tmp_path, kind):
    archive.write("a.md", title="旧")
    git.commit()
    git("branch", "-m", "master")
    git("checkout", "-q", "--detach")
    archive.write("a.md", title="新")
    git.commit(2)
    archive.ingest(
        f"file://{git.folder}" if kind == "file URL" else bundle(git, tmp_path / "b", "HEAD", "master")
    )
    assert archive.titles() == ["新"]


def test_a_bundle_of_several_branches_is_read_at_its_head(archive, git, tmp_path):
    archive.write("a.md", title="旧")
    git.commit()
    git("branch", "master")
    archive.write("a.md", title="新")
    git.commit(2)
    archive.ingest(bundle(git, tmp_path / "b", "--all"))
    assert archive.titles() == ["新"]


def test_a_bundle_without_a_head_is_not_read_at_that_of_an_earlier_one(archive, git, tmp_path):
    archive.write("a.md", title="旧")
    git.commit()
    archive.ingest(bundle(git, tmp_path / "b", "HEAD", "main"))
    archive.write("a.md", title="新")
    git.commit(2)
    archive.ingest(bundle(git, tmp_path / "b", "main"))
    assert archive.titles() == ["新"]


def test_no_setting_of_the_user_chooses_between_branches(archive, git, tmp_path, monkeypatch):
    archive.write("a.md")
    git.commit()
    git("branch", "other")
    for name, value in {"COUNT": "1", "KEY_0": "init.defaultBranch", "VALUE_0": "other"}.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    with pytest.raises(SourceError, match=f"{tmp_path}/b: .*branches: main, other"):
        archive.ingest(bundle(git, tmp_path / "b", "main", "other"))


def test_a_remote_is_copied_to_the_cache_and_read_there(archive, site, tmp_path):
    archive.ingest(f"file://{site.folder}")
    second_run = archive.ingest(f"file://{site.folder}")
    assert (second_run.unchanged, second_run.bytes_read) == (6, 0)
    assert [copy.suffix for copy in (tmp_path / "cache" / "git").iterdir() if copy.is_dir()] == [".git"]
    assert not (site.folder / ".git" / "FETCH_HEAD").exists()


# Secrets


class PasswordHandler(http.server.SimpleHTTPRequestHandler):
    """A handler that serves files if user and password are right."""

    expected_header = b"Basic " + base64.b64encode(b"reader:s3cr@t")

    def do_GET(self):
        if self.headers.get("Authorization", "").encode() == self.expected_header:
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="posts"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def serve_folder(folder):
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(PasswordHandler, directory=folder)
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def git_host(site, tmp_path):
    git = clone(clone_with_emptied_head(site, tmp_path / "site"), tmp_path / "served" / "site.git", "--bare")
    git("update-server-info")
    with serve_folder(git.folder.parent) as address:
        yield address


def test_a_password_is_used_and_in_no_table_message_or_file(
    archive, git_host, tmp_path, log_messages, capsys
):
    summary = archive.ingest(f"http://reader:s3cr%40t@{git_host}/site.git@v1")
    tables = [archive.rows(table).to_dicts() for table in TABLES]
    output = (
        f"{summary} {log_messages} {capsys.readouterr()} {tables} {list((tmp_path / 'cache').rglob('*'))}"
    )
    files_with_password = [
        file for file in tmp_path.rglob("*") if file.is_file() and b"s3cr" in file.read_bytes()
    ]
    assert (summary.origins, summary.found) == ([f"http://{git_host}/site.git"], 6)
    assert ("s3cr" in output, "reader" in output, files_with_password) == (False, False, [])


@pytest.mark.parametrize("user", ["s3cret", "reader:s3cret", "s3cret:x-oauth-basic", "reader:s3cr@t"])
def test_what_a_wrong_user_or_password_was_is_not_told(archive, git_host, log_messages, capsys, user):
    with pytest.raises(SourceError) as caught:
        archive.ingest(f"http://{user}@{git_host}/site.git")
    output = f"{caught.value} {log_messages} {capsys.readouterr()}"
    assert f"http://{git_host}/site.git: " in output
    assert [secret for secret in ("s3cr", "reader", "oauth", "t@") if secret in output] == []


def test_a_password_is_not_told_when_a_repository_is_named_at_two_revisions(
    archive, git_host, log_messages, capsys
):
    url = f"http://reader:s3cr%40t@{git_host}/site.git"
    with pytest.raises(SourceError) as caught:
        archive.ingest(url, f"{url}@v1")
    assert "s3cr" not in f"{caught.value} {log_messages} {capsys.readouterr()}"
