"""A bucket gives the same rows as a folder with the same files, and as few requests as can be."""

from dataclasses import replace

import pytest
from polars.testing import assert_frame_equal

from archive import Archive
from flows.pipeline.backfill import run as backfill
from flows.pipeline.options import BackfillOptions
from lake_rows import day
from paths import EXAMPLES
from schemas.enums import BackfillMode

URL = "https://a.example/{}"
# columns of table files that a folder and a bucket do not share
OWN_COLUMNS = ["origin", "mtime_ns", "etag"]


@pytest.fixture
def bucket(posts_bucket):
    return posts_bucket


@pytest.fixture
def posts(archive, bucket):
    """Return an archive whose posts are in a bucket: three, one of them below a folder."""
    for path in ("a.md", "b.md", "sub/c.md"):
        archive.write(path, url=URL.format(path), title=path)
    archive.write("note.txt")
    bucket.upload(archive.folder)
    return archive


@pytest.fixture
def loaded_posts(posts, bucket):
    posts.ingest(bucket.url)
    bucket.server.count()
    return posts


def counts(summary):
    return summary.found, summary.unchanged, summary.posts, summary.gone


def put_post(archive, bucket, path, **fields):
    """Write a post into the folder, and upload it."""
    bucket.put(path, archive.write(path, **{"url": URL.format(path), "title": path} | fields).read_bytes())


def test_the_examples_give_the_same_rows_from_a_bucket(archive, bucket, examples):
    # of another name, posts that name no source would have another source
    bucket = replace(bucket, prefix="examples/posts")
    bucket.upload(EXAMPLES)
    summary = archive.ingest(bucket.url)
    assert (summary.balanced, summary.found, summary.origins) == (True, 52, [bucket.url])
    assert_frame_equal(archive.posts().drop("origin"), examples.posts().drop("origin"))
    assert_frame_equal(archive.files().drop(OWN_COLUMNS), examples.files().drop(OWN_COLUMNS))
    assert archive.blobs() == examples.blobs()


def test_each_object_is_requested_once_and_the_keys_are_listed_once_after_the_source_is_opened(posts, bucket):
    assert counts(posts.ingest(bucket.url)) == (3, 0, 3, 0)
    assert bucket.server.count() == (2, 3)
    assert not [request for request in bucket.server.requests if request.startswith("HEAD")]


def test_a_run_without_changes_reads_nothing(loaded_posts, bucket):
    assert counts(loaded_posts.ingest(bucket.url)) == (3, 3, 0, 0)
    assert bucket.server.count() == (2, 0)


def test_only_what_is_new_or_edited_is_requested(loaded_posts, bucket):
    put_post(loaded_posts, bucket, "a.md", text="另一段话。")
    put_post(loaded_posts, bucket, "new.md")
    bucket.delete("b.md")
    loaded_posts.remove("b.md")
    assert counts(loaded_posts.ingest(bucket.url)) == (3, 1, 2, 1)
    assert bucket.server.count() == (2, 2)
    fresh = loaded_posts.ingest_into_new_lake()
    assert_frame_equal(loaded_posts.live_posts().drop("origin"), fresh.live_posts().drop("origin"))


def test_an_edit_that_keeps_the_size_is_requested_once(loaded_posts, bucket):
    put_post(loaded_posts, bucket, "a.md", title="A.md")
    assert counts(loaded_posts.ingest(bucket.url)) == (3, 2, 1, 0)
    assert bucket.server.count() == (2, 1)
    assert loaded_posts.titles() == ["A.md", "b.md", "sub/c.md"]


def test_an_object_that_was_stored_again_or_moved_is_not_requested(loaded_posts, bucket):
    content = (loaded_posts.folder / "a.md").read_bytes()
    bucket.put("a.md", content)
    bucket.put("old/b.md", (loaded_posts.folder / "b.md").read_bytes())
    bucket.delete("b.md")
    summary = loaded_posts.ingest(bucket.url)
    assert (counts(summary), summary.moved) == ((3, 3, 0, 1), 1)
    assert bucket.server.count() == (2, 0)
    assert loaded_posts.ingest(bucket.url).unchanged == 3
    assert bucket.server.count() == (2, 0)


def test_contents_are_verified_by_reading_them(loaded_posts, bucket):
    assert counts(loaded_posts.ingest(bucket.url, verify=True)) == (3, 3, 0, 0)
    assert bucket.server.count() == (2, 3)


def test_the_ledger_has_the_etag_and_the_time_of_an_object(loaded_posts, bucket):
    (_, headers, _) = bucket.server.call("HEAD", bucket.target("a.md"))
    etag, mtime_ns = loaded_posts.files().filter(path="a.md").select("etag", "mtime_ns").row(0)
    assert f'"{etag}"' == headers["ETag"]
    assert mtime_ns > day(1).timestamp() * 1e9


def test_two_workers_give_the_same_rows(posts, bucket, tmp_path, monkeypatch):
    monkeypatch.setattr("flows.pipeline.workers.executor.MIN_POOL_BYTES", 0)
    posts.ingest(bucket.url, workers=2)
    other = Archive(posts.folder, tmp_path / "other")
    other.ingest()
    assert_frame_equal(posts.posts().drop("origin"), other.posts().drop("origin"))
    assert bucket.server.count() == (2, 3)


@pytest.mark.parametrize("spelling", ["{url}/", "{url}//", "S3://{location}"])
def test_a_url_is_one_origin_however_it_is_spelled(loaded_posts, bucket, spelling):
    url = spelling.format(url=bucket.url, location=bucket.url.removeprefix("s3://"))
    assert counts(loaded_posts.ingest(url)) == (3, 3, 0, 0)


def test_a_folder_of_a_bucket_is_a_source(posts, bucket):
    summary = posts.ingest(f"s3://{bucket.name}", path=f"{bucket.prefix}/sub")
    assert (counts(summary), summary.origins) == ((1, 0, 1, 0), [f"{bucket.url}/sub"])


def test_a_prefix_is_a_folder_and_not_the_beginning_of_a_name(posts, bucket):
    replace(bucket, prefix="posts-old").put("d.md", (posts.folder / "a.md").read_bytes())
    assert posts.ingest(bucket.url).found == 3


def test_a_whole_bucket_is_a_source(posts, bucket):
    summary = posts.ingest(f"s3://{bucket.name}/")
    assert (summary.found, summary.origins) == (3, [f"s3://{bucket.name}"])
    assert posts.files()["path"].to_list() == ["posts/a.md", "posts/b.md", "posts/sub/c.md"]


ODD_NAMES = [
    "渡口 的 灯.md", "a b.md", "100%.md", "%41.md", "a%2Fb.md", "a+b.md", "a#b.md", "a?b=c.md", "a&amp;b.md", "a&b<c>.md",
    "'quoted\".md", "a\\b.md", "~a*.md", "[a]{b}|^`.md", "é.md", "e\u0301.md", "🏮.md", "=1;2,3:4@5$6!7.md",
    f"{'x/' * 400}{'y' * 150}.md",
]  # fmt: skip


def test_objects_of_odd_names_are_read(archive, bucket):
    for number, name in enumerate(ODD_NAMES):
        bucket.put(name, archive.write("a.md", url=URL.format(number), title=str(number)).read_bytes())
    assert archive.ingest(bucket.url).posts == len(ODD_NAMES)
    titles = dict(archive.live_posts().select("path", "title").iter_rows())
    assert titles == {name: str(number) for number, name in enumerate(ODD_NAMES)}
    assert archive.ingest(bucket.url).unchanged == len(ODD_NAMES)


def test_a_prefix_of_odd_characters_is_a_source(archive, bucket):
    odd_bucket = replace(bucket, prefix="渡 口/100%25+[a]")
    odd_bucket.put("a.md", archive.write("a.md").read_bytes())
    assert archive.ingest(odd_bucket.url).posts == 1
    assert archive.posts()["origin"].to_list() == [odd_bucket.url]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("key_count", [1_001, 10_000])
def test_the_keys_are_listed_page_by_page(archive, bucket, key_count):
    bucket.put_many([f"{number:05}.txt" for number in range(key_count - 1)], b"")
    bucket.put("last.md", archive.write("last.md").read_bytes())
    assert archive.ingest(bucket.url).found == 1
    # one more, since the source is opened
    assert bucket.server.count() == (key_count // 1000 + (key_count % 1000 > 0) + 1, 1)


def test_a_backfill_finds_the_buckets_of_the_lake(loaded_posts, bucket):
    put_post(loaded_posts, bucket, "a.md", title="A.md")
    put_post(loaded_posts, bucket, "new.md")
    options = BackfillOptions(lake=loaded_posts.lake, wait_seconds=0)
    plan, _ = backfill.plan_backfill(options)
    assert (plan.origins, plan.files, plan.gone_places) == ([bucket.url], 2, {})
    backfill.run_backfill(replace(options, plan=plan.plan_id))
    assert loaded_posts.titles() == ["A.md", "b.md", "new.md", "sub/c.md"]


def test_a_backfill_reads_what_the_lake_has_of_a_bucket_that_is_gone(loaded_posts, bucket):
    bucket.delete_all()
    options = BackfillOptions(lake=loaded_posts.lake, mode=BackfillMode.ALL, wait_seconds=0)
    plan, _ = backfill.plan_backfill(options)
    assert (plan.files, plan.gone_places) == (3, {bucket.url: f"{bucket.url}: there is no such bucket"})
