"""A location has the same methods, with the same results, in a folder and in a bucket."""

import pickle

import pytest

from lake.storage import location as place
from lake.storage.location import parse_location
from schemas.errors import MisuseError


@pytest.fixture(params=["folder", "bucket"])
def root(request, tmp_path):
    """Return an empty location of each kind."""
    if request.param == "folder":
        return tmp_path / "my lake"
    return request.getfixturevalue("bucket") / "my lake"


def write(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())


def test_what_is_written_is_read(root):
    write(root, "表/a=1 b/灯.parquet")
    file = root / "表" / "a=1 b" / "灯.parquet"
    assert file.read_bytes() == "表/a=1 b/灯.parquet".encode()
    assert (file.exists(), file.name, file.parent) == (True, "灯.parquet", root / "表/a=1 b")


def test_a_later_write_replaces_the_content(root):
    write(root, "a")
    place.write_whole(root / "a", b"later")
    assert (root / "a").read_bytes() == b"later"
    assert list(place.all_file_sizes(root)) == [("a", 5)]


def test_a_missing_file_is_an_error_of_the_same_type(root):
    assert not (root / "a").exists()
    with pytest.raises(FileNotFoundError):
        (root / "a").read_bytes()
    (root / "a").unlink(missing_ok=True)


def test_a_prefix_of_other_files_is_no_file(root):
    write(root, "posts/a", "posts2/b")
    assert not (root / "post").exists()
    assert place.file_names(root / "posts", "") == ["a"]


def test_files_are_listed_with_their_sizes(root):
    write(root, "a.json", "b.json", "c.txt", "deep/d.json")
    assert place.file_names(root, ".json") == ["a.json", "b.json"]
    assert dict(place.all_file_sizes(root)) == {"a.json": 6, "b.json": 6, "c.txt": 5, "deep/d.json": 11}
    sizes = place.file_sizes(root, ["a.json", "none"])
    assert (sizes["a.json"], sizes.get("none")) == (6, None)


def test_nothing_is_listed_where_nothing_is(root):
    assert (place.file_names(root, ".json"), list(place.all_file_sizes(root))) == ([], [])
    place.remove_tree(root)


def test_files_are_deleted_with_the_folders_that_they_leave_empty(root):
    write(root, "a/1", "a/2", "b/c/3")
    place.delete_files(root, ["a/1", "b/c/3"])
    assert dict(place.all_file_sizes(root)) == {"a/2": 3}
    assert not (root / "b").exists()


def test_a_tree_is_deleted_and_what_is_beside_it_stays(root):
    write(root, "a/1", "a/b/2", "ab/3")
    place.remove_tree(root / "a")
    assert dict(place.all_file_sizes(root)) == {"ab/3": 4}


def test_files_are_read_whole_in_the_order_of_their_names(root):
    write(root, *map(str, range(20)))
    contents = place.readables(root, ["3", "19", "0"])
    assert [each if isinstance(each, bytes) else each.read_bytes() for each in contents] == [
        b"3",
        b"19",
        b"0",
    ]


def test_a_location_travels_to_another_process(root):
    copy = pickle.loads(pickle.dumps(root))
    assert (copy, place.uri(copy), parse_location(place.uri(copy))) == (root, place.uri(root), root)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://bucket//a/b/", "s3://bucket/a/b"),
        ("gs://bucket/a", "gs://bucket/a"),
        ("az://container/a", "az://container/a"),
    ],
)
def test_a_url_of_a_bucket_is_a_location(text, url):
    assert str(parse_location(text)) == place.uri(parse_location(text)) == url


def test_a_url_without_a_bucket_is_refused():
    with pytest.raises(MisuseError, match="names no bucket"):
        parse_location("s3:///lake")


@pytest.mark.parametrize("key", ["a/../b", "..", "a/.", "a%20b", "[a]", "a b", "湖"])
def test_a_prefix_that_libraries_misread_is_refused(key):
    assert place.find_obstacle(parse_location(f"s3://bucket/{key}"))


@pytest.mark.parametrize("key", ["", "lake", "a/.b/c..d/e=1"])
def test_a_prefix_of_plain_letters_is_not_refused(key):
    assert place.find_obstacle(parse_location(f"s3://bucket/{key}")) is None
