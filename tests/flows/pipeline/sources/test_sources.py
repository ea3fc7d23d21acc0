"""Whatever is named as a source, the same files give the same posts."""

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
# stands in for ssh: what is to run on the other machine runs on this one
SSH = '#!/bin/sh\nfor command; do :; done\nexec sh -c "$command"\n'


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    set_git_environment(monkeypatch, POSTLAKE_CACHE=str(tmp_path / "cache"), NO_PROXY="*")


@pytest.fixture
def git(archive):
    return init(archive.folder)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A folder with posts, twins, a reject and a note, loaded as such: all of it, and what is below a folder."""
    root = tmp_path_factory.mktemp("plain")
    archive = Archive(root / "posts", root / "lake")
    archive.write("a.md", url=URL.format(1))
    archive.write("_posts/2024-03-05-b.md", url=URL.format(1), text="长长的一段话。", date=None)
    archive.write("_posts/old/空 格.html", url=URL.format(2), title="两盏灯")
    archive.write("_posts/c.markdown", title="三盏灯")
    archive.put("_posts/broken.md", b"---\ntitle: never closed\n")
    archive.put("README.md", b"no front matter")
    below = Archive(archive.folder, root / "below")
    archive.ingest()
    below.ingest(archive.folder / FOLDER)
    return {"": archive, FOLDER: below}


@pytest.fixture(scope="module")
def site(plain, tmp_path_factory):
    git = Git(tmp_path_factory.mktemp("sites") / "site")
    git.folder.mkdir()
    for file in plain[""].folder.rglob("*.*"):
        copy = git.folder / file.relative_to(plain[""].folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    init(git.folder)
    git.commit()
    git("tag", "-a", "-m", "words", "v1")
    return git


def clone(site, place, *options):
    site("clone", "-q", *options, ".", str(place))
    return Git(place)


def gone_on(site, place):
    """A clone whose HEAD holds nothing of what is at its tag v1 and its branch `old/branch`."""
    git = clone(site, place)
    git("branch", "old/branch")
    git("rm", "-rq", ".")
    git.commit(2)
    return git


def bundle(site, place, *refs):
    site("bundle", "create", "-q", str(place), *refs)
    return place


def packed(site, place, form):
    site("archive", "--format=zip" if form == "zip" else "--format=tar", "-o", str(place), "HEAD")
    place.write_bytes(ARCHIVE.get(form, bytes)(place.read_bytes()))
    return place


KINDS = {
    "working copy": lambda site, place: clone(site, place).folder,
    "its .git": lambda site, place: clone(site, place).folder / ".git",
    "bare": lambda site, place: clone(site, place, "--bare").folder,
    "shallow": lambda site, place: clone(site, place, "--depth=1", "--no-local").folder,
    "sha256": lambda site, place: sha256(site, place).folder,
    "worktree": lambda site, place: site("worktree", "add", "-q", "--detach", str(place)) or place,
    "repo@branch": lambda site, place: f"{gone_on(site, place).folder}@old/branch",
    "repo@tag": lambda site, place: f"{gone_on(site, place).folder}@v1",
    "repo@id": lambda site, place: f"{gone_on(site, place).folder}@{site('rev-parse', 'HEAD')}",
    "named with @": lambda site, place: clone(site, place.with_name("a@b@v2")).folder,
    "named with @, @tag": lambda site, place: f"{gone_on(site, place.with_name('a@b@v3')).folder}@v1",
    "bundle of HEAD and a branch": lambda site, place: bundle(site, place, "HEAD", "main"),
    "bundle of a branch": lambda site, place: bundle(site, place, "main"),
    "bundle of HEAD": lambda site, place: bundle(site, place, "HEAD"),
    "bundle@tag": lambda site, place: f"{bundle(gone_on(site, place), place.with_name('tagged'), '--all')}@v1",
    "file URL": lambda site, _: f"file://{site.folder}",
    "file URL of a shallow copy": lambda site, place: f"file://{clone(site, place, '--depth=1', '--no-local').folder}",
    "file URL@tag": lambda site, place: f"file://{gone_on(site, place).folder}@v1",
    "file URL@id": lambda site, place: f"file://{gone_on(site, place).folder}@{site('rev-parse', 'HEAD')}",
    "ssh": lambda site, _: f"reader@host.example:{site.folder}",
} | {form: partial(packed, form=form) for form in ("zip", *ARCHIVE)}  # fmt: skip


def sha256(site, place):
    git = Git(place)
    place.mkdir()
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
def test_the_same_files_give_the_same_posts(archive, plain, source):
    archive.ingest(source)
    assert_same_posts(archive, plain[""])


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "kind", ["working copy", "bare", "repo@tag", "bundle of a branch", "file URL", "zip", "tar.gz"]
)
def test_the_same_folder_gives_the_same_posts(archive, plain, site, tmp_path, kind):
    archive.ingest(KINDS[kind](site, tmp_path / "source"), path=FOLDER)
    assert_same_posts(archive, plain[FOLDER])


@pytest.mark.parametrize("below", ["/_posts/", "./_posts"])
def test_a_folder_below_is_one_origin_however_it_is_spelled(archive, site, below):
    archive.ingest(site.folder, path=FOLDER)
    again = archive.ingest(site.folder, path=below)
    assert (again.found, again.unchanged) == (4, 4)


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
    as_folder, committed = archive.ingest(worktree=True), archive.ingest()
    assert [(s.found, s.posts, s.unchanged) for s in (as_folder, committed)] == [(2, 1, 1)] * 2
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
    once = archive.ingest(archive.folder, "posts", "./posts/", "link", "posts/../posts@HEAD")
    assert (once.found, once.origins) == (1, [str(archive.folder)])


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


# Several at once


def test_kinds_that_are_named_at_once_make_each_post_once(archive, plain, site, tmp_path):
    sources = [
        plain[""].folder,
        site.folder,
        f"file://{site.folder}",
        bundle(site, tmp_path / "b", "main"),
        packed(site, tmp_path / "z", "zip"),
    ]
    at_once = archive.ingest(*sources)
    assert (at_once.found, at_once.posts, at_once.rejected, at_once.ignored) == (30, 3, 5, 5)
    assert at_once.balanced
    same = archive.posts().drop("origin", "path", "warnings")
    assert_frame_equal(same, plain[""].posts().drop("origin", "path", "warnings"))
    assert archive.blobs() == plain[""].blobs()


def test_the_order_in_which_kinds_are_named_does_not_matter(archive, site, tmp_path):
    sources = [site.folder, bundle(site, tmp_path / "b", "main"), packed(site, tmp_path / "z", "zip")]
    other = Archive(archive.folder, tmp_path / "other")
    archive.ingest(*sources)
    for source in reversed(sources):
        other.ingest(source)
    assert_frame_equal(archive.posts(), other.posts())
    assert_frame_equal(archive.files(), other.files())


# Repositories that are elsewhere


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
    again = archive.ingest(f"file://{site.folder}")
    assert (again.unchanged, again.bytes_read) == (6, 0)
    assert [copy.suffix for copy in (tmp_path / "cache" / "git").iterdir() if copy.is_dir()] == [".git"]
    assert not (site.folder / ".git" / "FETCH_HEAD").exists()


# Secrets


class Guarded(http.server.SimpleHTTPRequestHandler):
    """Files for who knows the user and the password."""

    known = b"Basic " + base64.b64encode(b"reader:s3cr@t")

    def do_GET(self):
        if self.headers.get("Authorization", "").encode() == self.known:
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="posts"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Guarded, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def host(site, tmp_path):
    git = clone(gone_on(site, tmp_path / "site"), tmp_path / "served" / "site.git", "--bare")
    git("update-server-info")
    with served(git.folder.parent) as host:
        yield host


def test_a_password_is_used_and_in_no_table_message_or_file(archive, host, tmp_path, log_messages, capsys):
    summary = archive.ingest(f"http://reader:s3cr%40t@{host}/site.git@v1")
    tables = [archive.rows(table).to_dicts() for table in TABLES]
    everything = (
        f"{summary} {log_messages} {capsys.readouterr()} {tables} {list((tmp_path / 'cache').rglob('*'))}"
    )
    held = [file for file in tmp_path.rglob("*") if file.is_file() and b"s3cr" in file.read_bytes()]
    assert (summary.origins, summary.found) == ([f"http://{host}/site.git"], 6)
    assert ("s3cr" in everything, "reader" in everything, held) == (False, False, [])


@pytest.mark.parametrize("user", ["s3cret", "reader:s3cret", "s3cret:x-oauth-basic", "reader:s3cr@t"])
def test_what_a_wrong_user_or_password_was_is_not_told(archive, host, log_messages, capsys, user):
    with pytest.raises(SourceError) as caught:
        archive.ingest(f"http://{user}@{host}/site.git")
    told = f"{caught.value} {log_messages} {capsys.readouterr()}"
    assert f"http://{host}/site.git: " in told
    assert [secret for secret in ("s3cr", "reader", "oauth", "t@") if secret in told] == []


def test_a_password_is_not_told_when_a_repository_is_named_at_two_revisions(
    archive, host, log_messages, capsys
):
    url = f"http://reader:s3cr%40t@{host}/site.git"
    with pytest.raises(SourceError) as caught:
        archive.ingest(url, f"{url}@v1")
    assert "s3cr" not in f"{caught.value} {log_messages} {capsys.readouterr()}"
