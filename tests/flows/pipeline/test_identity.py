"""Which files are the same post: those with one URL, or with one source and path; a file name alone does not count."""

from itertools import permutations

import pytest
from polars.testing import assert_frame_equal

from posts import parse as parsing
from schemas.keys import post_id_of_path, source_id_of, stable_path
from tiers import EVERYWHERE

HARBOUR = {"categories": ["港口报"]}
WECHAT = "https://mp.weixin.qq.com/s?__biz=MzA3{0}mid=265{0}sn=cd"
# files of a case with their differing fields, and the number of posts
CASES = {
    "page-bundles": (
        {
            "posts/2021-09-01-0/index.md": {"title": "甲"},
            "posts/2021-10-03-2/index.md": {"title": "乙"},
            "posts/2021-09-02-1/index.md": {"title": "丙"},
        },
        3,
    ),
    "one-name-in-several-folders": (
        {
            "cats/_posts/2021-01-01-hello.md": {"title": "猫"},
            "dogs/_posts/2021-01-01-hello.md": {"title": "狗"},
            "zh/2021-02-01-hi.md": {"title": "你好"},
            "en/2021-02-01-hi.md": {"title": "Hello"},
        },
        4,
    ),
    "the-same-bytes-in-several-folders": (
        {"zh/x.md": {"title": "译文"}, "en/x.md": {"title": "译文"}, "x.md": {"title": "译文"}},
        3,
    ),
    "states-of-one-post": (
        {
            "_posts/2021-09-09-x.md": {"title": "初稿"},
            "archived/2021-09-09/2021-09-09-x.md": {"title": "定稿"},
            "_drafts/2021-09-09-x.md": {"title": "草稿"},
        },
        1,
    ),
    "other-sources-at-one-place": (
        {"_posts/x.md": {"categories": ["甲报"]}, "archived/2024-03-05/x.md": {"categories": ["乙报"]}},
        2,
    ),
    "fragments": (
        {
            "v0.md": {"from": "https://a.example/changelog#v1"},
            "v1.md": {"from": "https://a.example/changelog#v2"},
            "s0.md": {"from": "https://spa.example/#/news/0"},
            "s1.md": {"from": "https://spa.example/#!/news/1"},
            "s1-comments.md": {"from": "https://spa.example/#!/news/1:~:text=港口"},
        },
        4,
    ),
    "sites-and-what-is-commented-on": (
        {
            "h0.md": {"from": "https://home.example/"},
            "h1.md": {"from": "https://home.example"},
            "f.md": {"link": "https://a.example/target"},
            "g.md": {"link": "https://a.example/target", "title": "另一人"},
        },
        4,
    ),
    "ampersands": (
        {"h.md": {"url": WECHAT.format("&amp;")}, "i.md": {"url": WECHAT.format("&")}},
        1,
    ),
}


@pytest.mark.parametrize("files, posts", CASES.values(), ids=CASES)
def test_files_tell_as_many_posts_as_there_are(archive, files, posts):
    for path, fields in files.items():
        archive.write(path, **HARBOUR | fields)
    assert (archive.ingest().posts, archive.live_posts().height) == (posts, posts)


@EVERYWHERE
@pytest.mark.sampled(3)
@pytest.mark.parametrize("case", CASES)
def test_what_comes_and_goes_beside_a_file_does_not_change_its_post(archive, case):
    files, posts = CASES[case]
    (*_, order) = permutations(files)
    for path in order:
        archive.write(path, **HARBOUR | files[path])
        archive.ingest()
    assert archive.live_posts().height == posts
    assert_frame_equal(archive.live_posts(), archive.ingest_into_new_lake().live_posts())
    assert_frame_equal(archive.files(), archive.ingest_into_new_lake().files())


def test_a_header_line_that_repeats_the_link_makes_it_the_address(archive):
    front_matter = "---\ntitle: {0}\ndate: 2024-03-05T08:00:00Z\nlink: https://a.example/1\n---\n"
    header = "[{0}](https://a.example/1)\n------\n"
    archive.put("a.md", (front_matter + header).format("甲").encode())
    archive.put("b.md", front_matter.format("乙").encode())
    archive.ingest()
    rows = archive.live_posts().sort("path").select("url", "extra").rows()
    assert rows == [("https://a.example/1", '{"link": "https://a.example/1"}'),
                    (None, '{"link": "https://a.example/1"}')]  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"date": None, "published": True, "created": "2021-09-01T08:00:00+08:00"},
        {"date": "", "created": "2021-09-01T08:00:00+08:00"},
        {"date": "TBD", "published_at": "2021-09-01T08:00:00+08:00"},
    ],
    ids=["published-is-no-date", "nothing-written", "not-understood"],
)
def test_the_next_key_is_asked_where_a_date_cannot_be_read(archive, fields):
    archive.write("a.md", **fields)
    archive.ingest()
    (row,) = archive.live_posts().select("published_at", "published_raw", "date_from").rows()
    assert (row[0].isoformat(), *row[1:]) == (
        "2021-09-01T00:00:00+00:00", "2021-09-01T08:00:00+08:00", "front_matter",
    )  # fmt: skip


def test_a_post_that_is_archived_is_not_parsed_and_stays_as_it_is(archive, monkeypatch):
    archive.write("_posts/2021-09-09-x.md", url=None)
    archive.ingest()
    before = archive.rows("posts").drop("path")
    monkeypatch.setattr("posts.parse.parse_body", None)
    archive.move("_posts/2021-09-09-x.md", "archived/2021-09-09/2021-09-09-x.md")
    second_run = archive.ingest()
    assert (second_run.moved, second_run.posts, second_run.gone) == (1, 0, 1)
    assert_frame_equal(archive.rows("posts").drop("path"), before)
    assert archive.rows("revisions").is_empty()


@pytest.mark.parametrize("runs", [1, 2])
def test_a_content_at_three_places_is_parsed_once(archive, monkeypatch, runs):
    parsed_paths, parse = [], parsing.parse_body
    monkeypatch.setattr(
        parsing,
        "parse_body",
        lambda raw_file, *arguments: parsed_paths.append(raw_file.path) or parse(raw_file, *arguments),
    )
    archive.write("zh/x.md", url=None)
    if runs > 1:
        archive.ingest()
    archive.write("en/x.md", url=None)
    archive.write("de/x.md", url=None)
    archive.ingest()
    assert (len(parsed_paths), sorted(archive.live_posts()["path"])) == (1, ["de/x.md", "en/x.md", "zh/x.md"])


def test_a_folder_that_is_renamed_gives_other_posts_without_parsing(archive, monkeypatch):
    archive.write("zh/x.md", url=None)
    archive.ingest()
    monkeypatch.setattr("posts.parse.parse_body", None)
    archive.move("zh/x.md", "cn/x.md")
    assert archive.ingest().moved == 1
    monkeypatch.undo()
    assert_frame_equal(archive.live_posts(), archive.ingest_into_new_lake().live_posts())


@pytest.mark.parametrize(
    ("path", "stands_at"),
    [
        ("_posts/2021-09-09-x.md", "2021-09-09-x.md"),
        ("blog/_drafts/x.md", "blog/x.md"),
        ("_posts/archived/2021-09-09/x.md", "x.md"),
        ("archived/x.md", "archived/x.md"),
        ("archived/2021-09/x.md", "archived/2021-09/x.md"),
        ("my_posts/x.md", "my_posts/x.md"),
        ("_Posts/X.md", "_Posts/X.md"),
        ("a\\_posts\\x.md", "a\\_posts\\x.md"),
        ("e\u0301.md", "\u00e9.md"),
        ("_posts", "_posts"),
    ],
)
def test_the_place_of_a_file_leaves_out_what_tells_its_state(path, stands_at):
    assert stable_path(path) == stands_at


def test_ids_are_the_same_on_every_machine():
    """Raise IDENTITY_VERSION with these."""
    assert source_id_of("港口报") == "gangkoubao-02dfbef30a"
    assert post_id_of_path("gangkoubao-02dfbef30a", "_posts/x.md") == "4dc243961f31f0500b75c622009fc0f9"
