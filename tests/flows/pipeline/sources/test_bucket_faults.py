"""Buckets and objects that are missing, denied or out of reach."""

import os
import re
import socket
import time

import polars as pl
import pytest
from obstore.exceptions import InvalidPathError
from polars.testing import assert_frame_equal

from flows.pipeline.sources import bucket as bucket_source
from flows.pipeline.sources.base import BucketSource
from flows.pipeline.sources.bucket_listing import list_posts
from flows.pipeline.sources.content import VanishedError
from lake.storage.object_store import StoreError
from lake_rows import day
from posts.sources.files import MAX_POST_BYTES
from s3_posts import CREDENTIALS, set_s3_environment
from schemas.enums import AlarmKind
from schemas.errors import SourceError

URL = "https://a.example/{}"
POSTS = 24
OUTAGE, THROTTLED, DENIED, MISSING = 500, 503, 403, 404


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(bucket_source, "READ_SECONDS", 4)
    monkeypatch.setattr(bucket_source, "OPEN_SECONDS", 4)
    monkeypatch.setattr(bucket_source, "SECONDS_VANISHED", 0)


@pytest.fixture
def bucket(posts_bucket):
    return posts_bucket


@pytest.fixture
def posts(archive, bucket):
    for number in range(POSTS):
        content = archive.write(
            f"{number:02}.md", url=URL.format(number), title=f"第{number:02}盏"
        ).read_bytes()
        bucket.put(f"{number:02}.md", content)
    return archive


def refuse(bucket, status, *ends, times=10**9):
    """Refuse the next requests of objects whose path has one of some ends, or all requests that have none given."""
    remaining = [times]

    def status_of(request):
        path = request.partition("?")[0]
        if not path.endswith(ends or "") or (ends and "list-type" in request) or not remaining[0]:
            return None
        remaining[0] -= 1
        return status

    bucket.server.refuse = status_of


def refuse_second_list(bucket):
    """Let a source be opened, but not listed."""
    lists = []

    def status_of(request):
        lists.append("list-type" in request)
        return DENIED if sum(lists) > 1 else None

    bucket.server.refuse = status_of


def vanished_sources(summary):
    return [each.numbers["origin"] for each in summary.alarms if each.kind is AlarmKind.SOURCE_VANISHED]


# Objects


@pytest.mark.parametrize(
    ("status", "detail"), [(DENIED, "access denied (AccessDenied)"), (MISSING, "there is no such object")]
)
def test_an_object_that_cannot_be_read_is_a_reject_until_it_can(posts, bucket, status, detail):
    refuse(bucket, status, "07.md")
    summary = posts.ingest(bucket.url)
    assert (summary.balanced, summary.posts, summary.reasons) == (True, POSTS - 1, {"unreadable": 1})
    assert posts.files().filter(path="07.md")["detail"].to_list() == [detail]
    bucket.server.reset()
    assert posts.ingest(bucket.url).posts == 1
    assert bucket.server.count() == (2, 1)


@pytest.mark.parametrize("status", [OUTAGE, THROTTLED])
def test_a_request_that_fails_for_a_moment_is_sent_again(posts, bucket, status):
    refuse(bucket, status, "07.md", times=2)
    assert posts.ingest(bucket.url).posts == POSTS


def test_an_object_that_is_too_large_is_not_requested(posts, bucket):
    bucket.put("large.md", bytes(MAX_POST_BYTES + 1))
    assert posts.ingest(bucket.url).reasons == {"too_large": 1}
    assert bucket.server.count() == (2, POSTS)


def test_an_object_that_grew_since_the_listing_is_not_downloaded(posts, bucket):
    bucket.put("large.md", b"small")
    (file,) = (file for file in BucketSource(bucket.url).list_files() if file.path == "large.md")
    bucket.put("large.md", bytes(MAX_POST_BYTES + 1))
    (content,) = BucketSource(bucket.url).read([file])
    assert content.reason == "too_large"


def test_a_folder_marker_is_no_file(posts, bucket):
    for path in ("", "sub/", "07.md/", "07.md.bak"):
        bucket.put(path, b"")
    summary = posts.ingest(bucket.url)
    assert (summary.found, summary.posts) == (POSTS, POSTS)


def test_a_folder_marker_that_is_named_as_a_post_is_an_object_that_is_not_there(posts, bucket):
    bucket.put("sub.md/", b"")
    summary = posts.ingest(bucket.url)
    assert (summary.balanced, summary.posts, summary.reasons) == (True, POSTS, {"unreadable": 1})


ODD_KEYS = {
    "sub/a\tb.md": "sub",
    "sub//odd.md": "sub",
    "sub/../odd.md": "sub",
    "sub/deep/./odd.md": "sub/deep",
    "/odd.md": ".",
}


def test_objects_that_are_no_posts_are_counted_by_their_endings(bucket):
    for path in ("a.md", "b.TXT", "sub/c.txt", "sub/d.jpg"):
        bucket.put(path, b"words")
    bucket.put("sub/folder/", b"")
    source = BucketSource(bucket.url)
    for _ in range(2):
        assert [file.path for file in source.list_files()] == ["a.md"]
    assert source.passed_over == {".txt": 2, ".jpg": 1}


def test_of_a_folder_with_two_such_keys_what_precedes_the_second_is_read(bucket):
    bucket.put_many([f"sub/{number:04}.md" for number in range(1_001)], b"")
    for path in ("sub//odd.md", "sub/b//odd.md", "sub/z.md"):
        bucket.put(path, b"")
    files = list(BucketSource(bucket.url).list_files())
    assert [file.path for file in files if file.problem] == ["sub"]
    assert len({file.path for file in files}) == len(files) == 1_001


@pytest.mark.parametrize(("key", "folder"), ODD_KEYS.items())
def test_a_folder_with_a_key_that_is_no_path_is_a_reject_and_the_others_are_read(
    posts, bucket, key, folder, log_messages
):
    bucket.put("sub/a.md", posts.write("a.md", url=URL.format("a")).read_bytes())
    bucket.put("tail/z.md", posts.write("z.md", url=URL.format("z")).read_bytes())
    posts.ingest(bucket.url)
    before = posts.live_posts()
    bucket.put(key, b"odd")
    bucket.delete("tail/z.md")
    bucket.put("tail/new.md", posts.write("new.md", url=URL.format("new"), title="新灯").read_bytes())
    summary = posts.ingest(bucket.url)
    rejects = posts.files().filter(outcome="rejected")["path"].to_list()
    assert (summary.balanced, rejects) == (True, [folder])
    # below a folder that could not be listed as a whole, nothing is deleted
    deleted = int(folder != ".")
    assert (summary.posts, summary.gone) == (1, deleted)
    assert posts.live_posts().height == before.height + 1 - deleted
    assert "invalid path" in "".join(log_messages)


def test_what_was_listed_before_a_key_that_is_no_path_is_listed_once(bucket):
    bucket.put_many([f"sub/{number:04}.txt" for number in range(1_050)], b"")
    for marker in ("", "sub/", "sub/deep/"):
        bucket.put(marker, b"")
    bucket.put("sub-1/a.txt", b"words")
    for path in (
        "a.md",
        "sub/0001.md",
        "sub/1049.md",
        "sub/deep//odd.md",
        "sub/deep/a.md",
        "sub/deep/z/z.md",
        "sub/z.md",
        "tail/z.md",
    ):
        bucket.put(path, b"")
    files = [(file.path, file.problem) for file in BucketSource(bucket.url).list_files()]
    paths = [
        "a.md",
        "sub/0001.md",
        "sub/1049.md",
        "sub/deep/a.md",
        "sub/deep/z/z.md",
        "sub/z.md",
        "tail/z.md",
    ]
    assert sorted(files) == sorted([*((path, None) for path in paths), ("sub/deep", "unreadable")])
    # two pages; the prefix; two pages of `sub`, and two by its folders; `sub/deep` three times; `tail`
    assert bucket.server.count()[0] == 11


class UnorderedStore:
    """A store that lists keys in an order of its own, and then one that is no path."""

    def list(self, *_, **__):
        columns = {"size": [1, 1], "last_modified": [day(1)] * 2, "e_tag": ["", ""]}
        yield pl.DataFrame({"path": ["b.md", "a.md"], **columns})
        raise InvalidPathError("c//d.md")


def test_a_store_of_another_order_is_not_listed_past_a_key_that_is_no_path():
    with pytest.raises(StoreError, match=re.escape("c//d.md")):
        list(list_posts(UnorderedStore(), "s3://posts"))


# Sources


@pytest.mark.parametrize("status", [DENIED, MISSING, OUTAGE])
def test_a_bucket_that_vanishes_while_it_is_read_withdraws_nothing(posts, bucket, status):
    posts.ingest(bucket.url)
    before = posts.posts()
    bucket.put("new.md", posts.write("new.md", url=URL.format("new")).read_bytes())
    bucket.delete("00.md")
    bucket.server.refuse = lambda request: status if "new.md" in request else None

    def refuse_after_new(request):
        if "new.md" in request:
            refuse(bucket, status)
            return status
        return None

    bucket.server.refuse = refuse_after_new
    summary = posts.ingest(bucket.url)
    assert (summary.balanced, vanished_sources(summary), summary.rejected) == (True, [bucket.url], 0)
    assert_frame_equal(posts.posts(), before)
    bucket.server.reset()
    second_run = posts.ingest(bucket.url)
    assert (second_run.posts, second_run.gone, vanished_sources(second_run)) == (1, 1, [])


def test_a_bucket_that_vanishes_while_it_is_listed_withdraws_nothing(posts, bucket):
    posts.ingest(bucket.url)
    before = posts.posts()
    refuse_second_list(bucket)
    with pytest.raises(VanishedError, match=r"has vanished while it was read \(access denied"):
        posts.ingest(bucket.url)
    assert_frame_equal(posts.posts(), before)


def test_objects_of_which_most_cannot_be_read_are_a_bucket_that_vanished(posts, bucket):
    refuse(bucket, DENIED, ".md")
    cause = f"{POSTS} of {POSTS} objects could not be read: access denied (AccessDenied)"
    with pytest.raises(VanishedError, match=re.escape(cause)):
        list(BucketSource(bucket.url).read(list(BucketSource(bucket.url).list_files())))


def test_a_run_logs_why_a_bucket_vanished(posts, bucket, log_messages):
    refuse(bucket, DENIED, ".md")
    assert vanished_sources(posts.ingest(bucket.url)) == [bucket.url]
    cause = f"{POSTS} of {POSTS} objects could not be read: access denied (AccessDenied)"
    assert f"{bucket.url}: {cause}" in log_messages


def test_a_bucket_that_vanishes_while_it_is_listed_does_not_keep_the_others_from_being_read(
    posts, bucket, tmp_path, log_messages
):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.md").write_bytes(posts.write("a.md").read_bytes())
    refuse_second_list(bucket)
    summary = posts.ingest(bucket.url, tmp_path / "other")
    assert (summary.posts, vanished_sources(summary)) == (1, [bucket.url])
    assert f"{bucket.url}: access denied (AccessDenied)" in log_messages


def test_objects_that_are_denied_are_not_requested_by_each_chunk(posts, bucket, monkeypatch):
    monkeypatch.setattr(bucket_source, "SECONDS_VANISHED", 60)
    files = list(BucketSource(bucket.url).list_files())
    refuse(bucket, DENIED, ".md")
    for _ in range(2):
        bucket.server.requests.clear()
        with pytest.raises(VanishedError):
            list(BucketSource(bucket.url).read(files))
    assert bucket.server.requests == []
    bucket.server.reset()
    assert posts.ingest(bucket.url).posts == POSTS


def test_a_store_that_is_down_is_not_waited_for_by_each_chunk(posts, bucket, monkeypatch):
    monkeypatch.setattr(bucket_source, "SECONDS_VANISHED", 60)
    files = list(BucketSource(bucket.url).list_files())
    refuse(bucket, OUTAGE)
    for _ in range(2):
        bucket.server.requests.clear()
        with pytest.raises(VanishedError):
            list(BucketSource(bucket.url).read(files))
    assert bucket.server.requests == []


def test_a_bucket_that_has_lost_most_of_its_posts_keeps_them(posts, bucket):
    posts.ingest(bucket.url)
    for number in range(POSTS - 1):
        bucket.delete(f"{number:02}.md")
    summary = posts.ingest(bucket.url)
    assert (summary.gone, [each.kind for each in summary.alarms]) == (0, [AlarmKind.SOURCE_SHRANK])


def source_error(archive, url):
    with pytest.raises(SourceError) as caught:
        archive.ingest(url)
    message = str(caught.value)
    assert message.isprintable()
    assert not archive.lake.exists()
    return message


def test_a_bucket_or_prefix_that_is_not_there_is_told_and_makes_no_lake(archive, bucket):
    assert (
        source_error(archive, "s3://no-such-bucket/posts")
        == "s3://no-such-bucket/posts: there is no such bucket"
    )
    assert source_error(archive, bucket.url) == f"{bucket.url}: there is no object"


def test_an_empty_bucket_makes_an_empty_lake(archive, bucket):
    assert archive.ingest(f"s3://{bucket.name}").found == 0


def test_a_bucket_without_access_is_told(posts, bucket):
    refuse(bucket, DENIED)
    assert source_error(posts, bucket.url) == f"{bucket.url}: access denied (AccessDenied)"


def test_a_store_that_cannot_be_reached_is_told_soon(posts, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        set_s3_environment(monkeypatch, f"http://127.0.0.1:{closed.getsockname()[1]}")
        start = time.monotonic()
        message = source_error(posts, "s3://unreachable/posts")
    assert message.startswith("s3://unreachable/posts: ")
    assert "127.0.0.1" in message
    assert time.monotonic() - start < 15


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:port",
        "http://reader:pass@127.0.0.1",
        "127.0.0.1:9000",
        "ftp://127.0.0.1",
        "http://127.0.0.1?pass",
    ],
)
def test_an_endpoint_that_is_no_url_is_refused_and_not_repeated(posts, monkeypatch, endpoint):
    set_s3_environment(monkeypatch, endpoint)
    message = source_error(posts, "s3://no-endpoint/posts")
    assert (
        message
        == "s3://no-endpoint/posts: AWS_ENDPOINT_URL is not the URL of a server, such as https://storage.example:9000"
    )


def test_a_store_that_does_not_answer_is_not_waited_for(posts, monkeypatch):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        set_s3_environment(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        start = time.monotonic()
        source_error(posts, "s3://silent/posts")
    assert time.monotonic() - start < 15


def test_missing_credentials_are_told(posts, bucket, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
    assert "AWS_ACCESS_KEY_ID" in source_error(posts, f"{bucket.url}")


@pytest.mark.parametrize(
    "url",
    [
        "s3://reader:secret@posts/a",
        "s3://secret@posts",
        "s3://posts/a?secret=1",
        "s3://posts#secret",
        "s3:///secret",
    ],
)
def test_a_url_with_more_than_bucket_and_prefix_is_refused_and_not_repeated(archive, url):
    assert "secret" not in source_error(archive, url)


@pytest.mark.parametrize("url", ["s3://posts/../a", "s3://posts/a\nb", os.fsdecode(b"s3://posts/\xff")])
def test_a_prefix_that_no_store_has_is_refused(archive, url):
    assert source_error(archive, url).startswith("s3://posts: ")


def test_no_credentials_are_in_a_lake_or_a_log(posts, bucket, log_messages):
    refuse(bucket, DENIED, "07.md")
    posts.ingest(bucket.url)
    tables = [str(posts.rows(name).to_dicts()) for name in ("files", "posts", "runs", "events")]
    secret = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    assert not [text for text in [*tables, *log_messages] if secret in text]
