import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.sources.files import read_file, walk_folder
from posts.sources.paths import decode_path, encode_path, printable

ODD_NAMES = {
    "newline": b"a\nb.md",
    "invalid UTF-8": b"a\xff\xfeb.md",
    "half a character": "塔".encode()[:2] + b".md",
    "surrogate": b"\xed\xa0\x80.md",
    "CJK": "灯塔.md".encode(),
    "backslash": rb"a\b.md",
    "control characters": b"\x01\x1b[31m\x7f.md",
    "blanks": b" a  b .md",
    "stand-in of its own": "\U0010ffff\U0010ff80.md".encode(),
    "quotes": b"'\"`$(x).md",
    "only the ending": b".md",
    "dash": b"-rf.md",
}


def paths_and_problems(root):
    return sorted((file.path, file.problem) for file in walk_folder(bytes(root)))


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_a_file_of_any_name_is_found_and_read(tmp_path, name):
    (tmp_path / os.fsdecode(name)).write_bytes(b"words")
    (source_file,) = walk_folder(bytes(tmp_path))
    assert encode_path(source_file.path) == name
    assert read_file(source_file.origin, source_file.path) == b"words"


@given(st.binary() | st.text().map(str.encode) | st.text("\U0010ff80\U0010ffff\udc80a", max_size=5).map(
    lambda text: text.encode("utf-8", "surrogateescape")))  # fmt: skip
def test_any_name_survives_as_text(name):
    text = decode_path(name)
    text.encode()
    assert encode_path(text) == name


@given(st.binary(), st.binary())
def test_two_names_are_two_texts(one, other):
    assert (decode_path(one) == decode_path(other)) == (one == other)


@given(st.binary())
def test_a_name_is_printed_on_one_line(name):
    assert printable(decode_path(name)).isprintable()


def test_every_ending_of_a_post_is_found_in_any_case(tmp_path):
    for name in ("a.md", "b.MD", "c.Markdown", "d.HTML", "e.txt", "f.md.bak", "md", "g.htm", "h.xml"):
        (tmp_path / name).touch()
    assert paths_and_problems(tmp_path) == [
        (name, None) for name in ("a.md", "b.MD", "c.Markdown", "d.HTML", "g.htm")
    ]


def test_files_are_found_at_any_depth_and_in_hidden_folders(tmp_path):
    deep = tmp_path.joinpath(*"abcdefgh" * 8)
    deep.mkdir(parents=True)
    (deep / "x.md").touch()
    (tmp_path / ".drafts").mkdir()
    (tmp_path / ".drafts" / "y.md").touch()
    assert paths_and_problems(tmp_path) == [
        (".drafts/y.md", None),
        ("/".join("abcdefgh" * 8) + "/x.md", None),
    ]


def test_the_size_and_time_of_a_file_are_given(tmp_path):
    (tmp_path / "x.md").write_bytes(b"words")
    os.utime(tmp_path / "x.md", ns=(1, 1_709_601_600_123_456_789))
    (source_file,) = walk_folder(bytes(tmp_path))
    assert (source_file.origin, source_file.size, source_file.mtime_ns) == (
        str(tmp_path),
        5,
        1_709_601_600_123_456_789,
    )


def test_a_root_with_a_slash_at_its_end_gives_the_same_paths(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.md").touch()
    assert [file.path for file in walk_folder(bytes(tmp_path) + b"/")] == ["a/x.md"]


def test_what_version_control_keeps_is_not_entered(tmp_path):
    for folder in (".git", ".hg", ".svn", "deep/.git", "git"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.md").touch()
    assert paths_and_problems(tmp_path) == [("git/x.md", None)]


def test_a_loop_of_folders_ends(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.md").touch()
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "a" / "self").symlink_to(".")
    assert paths_and_problems(tmp_path) == [("a/x.md", None)]


@pytest.mark.parametrize("name", ["loop", "loop.md"])
def test_a_link_to_itself_ends_nothing(tmp_path, name):
    (tmp_path / name).symlink_to(name)
    (tmp_path / "x.md").touch()
    assert ("x.md", None) in paths_and_problems(tmp_path)


def test_a_link_to_itself_with_the_name_of_a_post_is_unreadable(tmp_path):
    (tmp_path / "loop.md").symlink_to("loop.md")
    assert paths_and_problems(tmp_path) == [("loop.md", "unreadable")]


def test_a_dangling_link_is_unreadable(tmp_path):
    (tmp_path / "x.md").symlink_to("nothing")
    (tmp_path / "other").symlink_to("nothing")
    assert paths_and_problems(tmp_path) == [("x.md", "unreadable")]


def test_a_fifo_is_not_a_file(tmp_path):
    os.mkfifo(tmp_path / "x.md")
    assert paths_and_problems(tmp_path) == [("x.md", "not_a_file")]


def test_a_folder_named_as_a_post_is_a_folder(tmp_path):
    (tmp_path / "x.md").mkdir()
    (tmp_path / "x.md" / "y.md").touch()
    assert paths_and_problems(tmp_path) == [("x.md/y.md", None)]


def test_a_linked_folder_outside_is_read_once(tmp_path):
    for folder in ("outside", "root"):
        (tmp_path / folder).mkdir()
    (tmp_path / "outside" / "x.md").touch()
    (tmp_path / "root" / "b").symlink_to("../outside")
    (tmp_path / "root" / "a").symlink_to("../outside")
    assert paths_and_problems(tmp_path / "root") == [("a/x.md", None)]


def test_a_real_folder_goes_before_a_link_to_it(tmp_path):
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "x.md").touch()
    (tmp_path / "a").symlink_to("z")
    assert paths_and_problems(tmp_path) == [("z/x.md", None)]


def test_a_linked_file_is_found_under_both_names(tmp_path):
    (tmp_path / "x.md").touch()
    (tmp_path / "y.md").symlink_to("x.md")
    assert paths_and_problems(tmp_path) == [("x.md", None), ("y.md", None)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root lists every folder")
def test_a_folder_that_cannot_be_listed_is_unreadable(tmp_path):
    (tmp_path / "shut").mkdir(mode=0)
    assert paths_and_problems(tmp_path) == [("shut", "unreadable")]


@pytest.mark.parametrize("root", ["missing", "file"])
def test_a_root_that_cannot_be_listed_is_an_error(tmp_path, root):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=root):
        list(walk_folder(bytes(tmp_path / root)))
