"""The names that places give to sources."""

import pytest

from schemas.source_names import folder_in_repository, folder_name, repository_name

ORIGINS = {
    "/home/ann/lamp/_posts": "lamp",
    "/home/ann/lamp/blog/content/posts": "lamp",
    "/mnt/disk/lamp": "lamp",
    "/lamp/2021/09": "lamp",
    "/downloads/lamp.tar.zst": "lamp",
    "/downloads/lamp.zip/_posts": "lamp",
    "/downloads/posts.zip": "posts",
    "/data/lamp.jsonl.zst": "lamp",
    "/downloads/blog.zip": "blog",
    "/data/lamp.bundle": "lamp",
    "/data/旧刊 第一辑": "旧刊 第一辑",
    "https://github.com/ann/lamp": "lamp",
    "https://github.com/ann/lamp.git": "lamp",
    "https://github.com/ann/website.git": "ann",
    "https://lamp.example:8080/blog.git": "lamp.example",
    "ssh://git@host.example:22/ann/lamp.git": "lamp",
    "git@host.example:ann/blog.git": "ann",
    "file:///srv/git/lamp.git": "lamp",
    "s3://bucket/lamp/posts": "lamp",
    "s3://bucket": "bucket",
    "/posts": "posts",
    "/": "",
}


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_repository_is_named_by_the_last_part_that_says_something(origin):
    assert repository_name(origin) == ORIGINS[origin]


def test_files_of_two_folders_of_one_name_have_different_paths():
    origins = [
        "/data/lamp/blog",
        "/data/lamp/docs/2021",
        "/data/lamp",
        "https://lamp.example/docs.git",
        "/posts",
    ]
    assert list(map(folder_in_repository, origins)) == ["blog/", "docs/2021/", "", "docs/", ""]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("BBC/2021/01", "BBC"),
        ("_posts/BBC", "BBC"),
        ("content/posts/zh/news", "zh"),
        ("_posts/2021", ""),
        ("", ""),
    ],
)
def test_a_folder_is_the_first_that_says_something(folder, name):
    assert folder_name(folder) == name
