import bz2
import gzip
import io
import lzma
import os
import resource
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posts.sources.archives import Archive, ArchiveError, is_archive
from posts.sources.archives.compression import BASE_LIMIT_BYTES, zstd
from posts.sources.archives.spool import Spool
from posts.sources.files import MAX_POST_BYTES, SourceFile, walk_folder
from posts.sources.paths import decode_path, encode_path
from schemas.enums import Reason
from schemas.keys import blob_id
from tiers import examples

POSTS = {"a.md": b"one", "sub/b.markdown": b"two" * 1000, "sub/c.HTML": b""}
COMPRESSIONS = {
    "tar": bytes,
    "tar.gz": gzip.compress,
    "tar.zst": partial(zstd.compress, options={zstd.CompressionParameter.checksum_flag: 1}),
    "tar.xz": lzma.compress,
    "tar.bz2": bz2.compress,
}
# offsets of encryption flag, compression method and size in an entry of the central directory of a zip
ENCRYPTED, METHOD, SIZE = 8, 10, 24


def tar_entry(name, content=b"", kind=tarfile.REGTYPE, tar_format=tarfile.GNU_FORMAT, **fields):
    info = tarfile.TarInfo(os.fsdecode(name))
    info.size, info.type = len(content), kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info.tobuf(tar_format, "utf-8", "surrogateescape") + content + bytes(-len(content) % 512)


def tar_of(files):
    return b"".join(tar_entry(name, content) for name, content in files.items()) + bytes(1024)


def zip_of(files, **fields):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for field, value in fields.items():
                setattr(info, field, value)
            archive.writestr(info, content)
    return buffer.getvalue()


def patch_bytes(archive, offset, patch, marker=b"PK\1\2"):
    start = archive.rindex(marker) + offset
    return archive[:start] + patch + archive[start + len(patch) :]


FORMS = {form: pack(tar_of(POSTS)) for form, pack in COMPRESSIONS.items()} | {"zip": zip_of(POSTS)}
every_form = pytest.mark.parametrize("archive", FORMS.values(), ids=FORMS)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "archive"


def open_archive(file, archive, subfolder=""):
    file.write_bytes(archive)
    return Archive(bytes(file), subfolder)


def read(archive, path):
    return archive.restricted_to([path]).read(path)


def contents(file, archive, subfolder=""):
    """Return content or problem of each file, by path."""
    with open_archive(file, archive, subfolder) as posts:
        return {
            source_file.path: Reason(source_file.problem)
            if source_file.problem
            else read(posts, source_file.path)
            for source_file in posts.list_files("here")
        }


def error_message(file, archive, subfolder=""):
    with pytest.raises(ArchiveError) as error, open_archive(file, archive, subfolder):
        pass
    return str(error.value).removeprefix(f"{file}: ")


@every_form
def test_the_posts_of_every_kind_of_archive_are_read(file, archive):
    assert contents(file, archive) == POSTS


@every_form
def test_an_archive_is_known_by_its_content(file, archive):
    file.write_bytes(archive)
    assert is_archive(bytes(file))


@pytest.mark.parametrize("content", [b"", b"---\ntitle: a\n---\n", b"P" * 1024, bytes(512)])
def test_other_files_are_no_archives(file, content):
    file.write_bytes(content)
    assert not is_archive(bytes(file))


def test_what_cannot_be_opened_is_no_archive(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert not any(is_archive(bytes(tmp_path / name)) for name in ("missing", "pipe", "."))


def test_an_archive_that_is_not_there_is_told(file):
    with pytest.raises(ArchiveError, match=f"{file}: No such file or directory"), Archive(bytes(file)):
        pass


def test_a_file_is_told_with_blob_size_and_time(file):
    archive = tar_entry("a.md", b"words", mtime=7) + bytes(1024)
    with open_archive(file, archive) as posts:
        assert posts.list_files("here") == [SourceFile("here", "a.md", 5, 7 * 10**9, None, blob_id(b"words"))]


def test_files_are_read_in_any_order(file):
    with open_archive(file, FORMS["tar.gz"]) as posts:
        paths = ["sub/c.HTML", "a.md", "sub/b.markdown", "a.md"]
        assert [read(posts, path) for path in paths] == [POSTS[path] for path in paths]


def test_an_archive_holds_what_its_folder_held(tmp_path, file):
    for name in ("a.md", ".git/b.md", "sub/.hg/c.md", "d.txt", "sub/.md", ".e.md"):
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(b"words")
    with tarfile.open(file, "w") as archive:
        archive.add(tmp_path / "folder", ".")
    with Archive(bytes(file)) as posts:
        files = [(post.path, post.size, post.mtime_ns // 10**9) for post in posts.list_files("here")]
    expected = [
        (post.path, post.size, post.mtime_ns // 10**9) for post in walk_folder(bytes(tmp_path / "folder"))
    ]
    assert sorted(files) == sorted(expected)


EMPTY = {"zip": zip_of({}), "tar.gz": gzip.compress(bytes(1024)), "zip-without-posts": zip_of({"a.txt": b""})}


@pytest.mark.parametrize("empty", EMPTY.values(), ids=EMPTY)
def test_an_archive_may_hold_no_posts(file, empty):
    assert contents(file, empty) == {}


@pytest.mark.parametrize("name", ["./a.md", "././/a.md", ".//./a.md"])
@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_a_path_has_no_parts_that_mean_nothing(file, pack, name):
    assert contents(file, pack({name: b"words"})) == {"a.md": b"words"}


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_name_may_be_long(file, tar_format):
    name = "/".join(["folder"] * 20) + "/" + "n" * 90 + ".md"
    archive = tar_entry(name, b"words", tar_format=tar_format) + tar_entry("b.md", b"")
    assert contents(file, archive) == {name: b"words", "b.md": b""}


@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("name", [b"\xff\xfe.md", "灯塔.md".encode(), "灯".encode() * 80 + b"\xff.md"])
def test_a_name_in_a_tar_is_any_bytes(file, tar_format, name):
    archive = tar_entry(name, b"words", tar_format=tar_format)
    assert [encode_path(path) for path in contents(file, archive)] == [name]


ZIP_NAMES = {
    "marked UTF-8": ("灯塔.md", "灯塔.md"),
    "UTF-8": ("灯塔.md".encode(), "灯塔.md"),
    "GB18030": ("灯塔之光.md".encode("gb18030"), "灯塔之光.md"),
    "neither": (b"\xff\xfe.md", decode_path(b"\xff\xfe.md")),
}


@pytest.mark.parametrize(("name", "path"), ZIP_NAMES.values(), ids=ZIP_NAMES)
def test_a_name_in_a_zip_is_read_as_its_writer_saw_it(file, name, path):
    if isinstance(name, str):
        archive = zip_of({name: b"words"})
    else:
        archive = zip_of({"n" * len(name): b"words"}).replace(b"n" * len(name), name)
    assert contents(file, archive) == {path: b"words"}


def test_backslashes_part_folders_in_a_zip_from_windows(file):
    files = {r"2019\a.md": b"words"}
    assert list(contents(file, zip_of(files, create_system=0))) == ["2019/a.md"]
    assert list(contents(file, zip_of(files, create_system=3))) == [r"2019\a.md"]


UNSAFE = [
    "/etc/a.md",
    "../a.md",
    "b/../../a.md",
    "b/../a.md",
    r"..\a.md",
    r"C:\a.md",
    "C:/a.md",
    r"\a.md",
    "./../a.md",
]


@pytest.mark.parametrize("pack", [tar_of, zip_of])
@pytest.mark.parametrize("name", UNSAFE)
def test_a_path_that_leads_out_of_the_archive_is_refused(file, pack, name):
    assert list(contents(file, pack({name: b"words", "b.md": b""})).values()) == [Reason.UNSAFE_PATH, b""]


def test_a_path_that_no_folder_can_hold_is_refused(file):
    archive = zip_of({"axb.md": b"words"}).replace(b"axb.md", b"a\0b.md")
    assert contents(file, archive) == {"a\0b.md": Reason.UNSAFE_PATH}


@pytest.mark.parametrize("name", ["Q: why.md", "a..md", "..a/b.md", "a:b.md"])
def test_a_path_may_look_unsafe_and_be_safe(file, name):
    assert contents(file, tar_of({name: b"words"})) == {name: b"words"}


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_what_is_no_post_is_passed_over(file, pack):
    others = {
        "a.txt": b"x" * 5000,
        "__MACOSX/a.md": b"",
        "__MACOSX/._a.md": b"",
        "b/._a.md": b"",
        "c.md/": b"",
    }
    assert contents(file, pack(others | POSTS)) == POSTS


@pytest.mark.parametrize("form", ["tar", "zip"])
def test_an_archive_in_an_archive_is_not_opened(file, form):
    assert contents(file, tar_of({"inner." + form: FORMS[form], "a.md": b"words"})) == {"a.md": b"words"}


@every_form
@pytest.mark.parametrize("subfolder", ["sub", "/sub/", "./sub"])
def test_only_one_folder_may_be_asked_for(file, archive, subfolder):
    assert contents(file, archive, subfolder) == {"b.markdown": POSTS["sub/b.markdown"], "c.HTML": b""}


@every_form
@pytest.mark.parametrize("subfolder", ["su", "a.md", "sub/b"])
def test_a_folder_that_is_not_there_is_told(file, archive, subfolder):
    assert error_message(file, archive, subfolder) == f"it has no folder {subfolder}"


def test_a_folder_may_hold_no_posts(file):
    assert contents(file, tar_entry("sub", kind=tarfile.DIRTYPE), "sub") == {}


KINDS = {
    "symlink": (tarfile.SYMTYPE, Reason.SYMLINK),
    "hard link": (tarfile.LNKTYPE, Reason.SYMLINK),
    "pipe": (tarfile.FIFOTYPE, Reason.NOT_A_FILE),
    "device": (tarfile.CHRTYPE, Reason.NOT_A_FILE),
    "contiguous": (tarfile.CONTTYPE, b""),
    "of long ago": (tarfile.AREGTYPE, b""),
    "rest of a file": (b"M", Reason.UNREADABLE),
    "unheard of": (b"Q", Reason.UNREADABLE),
}


@pytest.mark.parametrize(("kind", "outcome"), KINDS.values(), ids=KINDS)
def test_what_is_no_file_in_a_tar_is_told(file, kind, outcome):
    archive = (
        tar_entry("0.md", b"0") + tar_entry("a.md", kind=kind, linkname="0.md") + tar_entry("b.md", b"2")
    )
    assert contents(file, archive) == {"0.md": b"0", "a.md": outcome, "b.md": b"2"}


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [(stat.S_IFLNK, Reason.SYMLINK), (stat.S_IFIFO, Reason.NOT_A_FILE), (stat.S_IFREG, b"words")],
)
def test_what_is_no_file_in_a_zip_is_told(file, kind, outcome):
    assert contents(file, zip_of({"a.md": b"words"}, external_attr=kind << 16)) == {"a.md": outcome}


def test_a_folder_may_be_named_like_a_post(file):
    assert contents(file, zip_of({"a.md": b""}, external_attr=0x10)) == {}
    assert contents(file, zip_of({"a.md": b""}, external_attr=stat.S_IFDIR << 16)) == {}
    assert contents(file, tar_entry("a.md", kind=tarfile.DIRTYPE)) == {}


def test_an_encrypted_member_is_told(file):
    archive = patch_bytes(zip_of(POSTS), ENCRYPTED, b"\1")
    assert contents(file, archive) == POSTS | {"sub/c.HTML": Reason.ENCRYPTED}


def test_a_member_packed_in_another_way_is_told(file):
    archive = patch_bytes(zip_of(POSTS), METHOD, bytes([zipfile.ZIP_BZIP2]))
    assert contents(file, archive) == POSTS | {"sub/c.HTML": Reason.UNREADABLE}


def test_of_files_with_one_path_the_last_is_taken(file):
    archive = tar_of({"a.md": b"1", "./a.md": b"2"})[:-1024] + tar_entry("b.md", b"3")
    assert contents(file, archive + tar_entry("b.md", kind=tarfile.SYMTYPE)) == {
        "a.md": b"2",
        "b.md": Reason.SYMLINK,
    }


def test_of_members_with_one_name_in_a_zip_the_last_is_taken(file):
    assert contents(file, zip_of({"a.md": b"1", "b.md": b"2"}).replace(b"b.md", b"a.md")) == {"a.md": b"2"}


@pytest.mark.parametrize(
    "pack", [lambda files: gzip.compress(tar_of(files), 1), zip_of], ids=["tar.gz", "zip"]
)
def test_a_file_that_is_too_large_is_told_with_its_size(file, pack):
    archive = pack({"a.md": bytes(MAX_POST_BYTES + 1), "b.md": bytes(MAX_POST_BYTES), "c.md": b"words"})
    with open_archive(file, archive) as posts:
        sizes = {post.path: (post.problem, post.size) for post in posts.list_files("here")}
    assert sizes == {
        "a.md": (Reason.TOO_LARGE, MAX_POST_BYTES + 1),
        "b.md": (None, MAX_POST_BYTES),
        "c.md": (None, len(b"words")),
    }


@pytest.mark.parametrize("stated_size", [0, 2, 2999, 3001, 2**31, 2**32 - 2])
def test_a_size_that_lies_is_told(file, stated_size):
    archive = patch_bytes(zip_of({"a.md": b"two" * 1000}), SIZE, stated_size.to_bytes(4, "little"))
    assert contents(file, archive)["a.md"] in (Reason.UNREADABLE, Reason.TOO_LARGE)


@pytest.mark.parametrize("form", ["tar.zst", "tar.xz"])
def test_a_bomb_is_not_unpacked(file, form):
    pack, zeros = COMPRESSIONS[form], bytes(10**7)
    bomb = pack(tar_entry("a.txt", size=10**12)) + pack(zeros) * (BASE_LIMIT_BYTES // len(zeros) + 50)
    assert "it unpacks to more than" in error_message(file, bomb)


@pytest.mark.parametrize("form", COMPRESSIONS)
def test_memory_holds_little_of_what_is_unpacked(file, form):
    archive = COMPRESSIONS[form](tar_of({"a.md": bytes(10**8), "b.md": b"words"}))
    tracemalloc.start()
    try:
        assert contents(file, archive) == {"a.md": Reason.TOO_LARGE, "b.md": b"words"}
        assert tracemalloc.get_traced_memory()[1] < 2 * MAX_POST_BYTES
    finally:
        tracemalloc.stop()


def test_members_that_share_their_bytes_are_a_bomb(file):
    archive = bytearray(zip_of({f"{number}.md": bytes(10**6) for number in range(9)}))
    position = 0
    while (position := archive.find(b"PK\1\2", position + 1)) > 0:
        archive[position + 20 : position + 24] = struct.pack("<I", 2000)
    assert "they overlap" in error_message(file, bytes(archive))


@pytest.mark.parametrize("kind", [b"L", b"K", b"x", b"g"])
def test_a_name_of_megabytes_is_refused(file, kind):
    assert "it has a name or header of" in error_message(
        file, tar_entry("a", bytes(2**21), kind=kind) + tar_of(POSTS)
    )


def test_a_full_disk_is_told(file):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    file.write_bytes(zip_of({"a.md": bytes(10**6)}))
    resource.setrlimit(resource.RLIMIT_FSIZE, (10**5, limits[1]))
    try:
        with pytest.raises(ArchiveError, match="its posts do not fit in"), Archive(bytes(file)):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def pax(*records):
    lines = (f" {record}\n".encode() for record in records)
    return b"".join(b"%d%b" % (len(line) + len(str(len(line) + 2)), line) for line in lines)


PAX_TIMES = {
    "1350244992.023960108": 1350244992023960108,
    "-1.5": -1_500_000_000,
    "7": 7 * 10**9,
    "9223372037": None,
    "1e999999999": 0,
    "soon": 0,
}


@pytest.mark.parametrize(("mtime", "mtime_ns"), PAX_TIMES.items())
def test_a_time_is_exact_and_one_that_no_column_holds_is_none(file, mtime, mtime_ns):
    archive = (
        tar_entry("x", pax(f"mtime={mtime}"), kind=b"x") + tar_entry("a.md") + tar_entry("b.md", mtime=5)
    )
    with open_archive(file, archive) as posts:
        assert [post.mtime_ns for post in posts.list_files("here")] == [mtime_ns, 5 * 10**9]


@pytest.mark.parametrize(("mtime", "mtime_ns"), [(-9, -9 * 10**9), (2**33, 2**33 * 10**9), (2**80, None)])
def test_a_time_may_be_written_in_binary(file, mtime, mtime_ns):
    with open_archive(file, tar_entry("a.md", mtime=mtime)) as posts:
        assert [post.mtime_ns for post in posts.list_files("here")] == [mtime_ns]


def test_a_zip_tells_the_time_in_utc_or_none(file):
    extra = struct.pack("<HH3s", 1, 3, b"???") + struct.pack("<HHBi", 0x5455, 5, 1, 7)
    for extra_field, mtime_ns in ((extra, 7 * 10**9), (b"", None), (extra[:7], None)):
        with open_archive(file, zip_of({"a.md": b""}, extra=extra_field)) as posts:
            assert [post.mtime_ns for post in posts.list_files("here")] == [mtime_ns]


def test_records_of_pax_for_all_members_yield_to_those_for_one(file):
    archive = tar_entry("g", pax("path=all.md"), kind=b"g") + tar_entry("a.md", b"1")
    archive += (
        tar_entry("x", pax("path=own.md"), kind=b"x") + tar_entry("b.md", b"2") + tar_entry("c.md", b"3")
    )
    assert contents(file, archive) == {"all.md": b"3", "own.md": b"2"}


def test_a_size_in_a_record_of_pax_counts(file):
    archive = tar_entry("x", pax("size=600"), kind=b"x") + tar_entry("a.md") + b"w" * 600 + bytes(424)
    assert contents(file, archive + tar_entry("b.md", b"2")) == {"a.md": b"w" * 600, "b.md": b"2"}


@pytest.mark.parametrize(
    "records",
    [b"9 a=b\n", b"6 ab=\n6 a", b"0 a=b\n", b"6 abc\n", b"99999999999 a=b\n", b"6 a=bc", b"3 a=b\n", b"\xff"],
)
def test_broken_records_of_pax_are_told(file, records):
    archive = tar_entry("x", records, kind=b"x") + tar_of(POSTS)
    assert error_message(file, archive) == "it has a broken header of pax"


@pytest.mark.parametrize(
    "options", [["--format=gnu"], ["--format=posix"], ["--format=posix", "--sparse-version=0.1"]]
)
def test_a_sparse_file_is_told(tmp_path, file, options):
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_bytes(b"words")
    with (tmp_path / "a.md").open("r+b") as sparse:
        for number in range(1, 40):
            sparse.seek(number * 100_000)
            sparse.write(b"x")
    assert os.system(f"tar -cSf {file} -C {tmp_path} {' '.join(options)} a.md b.md") == 0
    with Archive(bytes(file)) as posts:
        assert {post.path: post.problem for post in posts.list_files("")} == {
            "a.md": Reason.UNREADABLE,
            "b.md": None,
        }


@pytest.mark.parametrize(
    "content", [b"", b"---\n", os.urandom(9000), bytes(512)], ids=["", "text", "noise", "zeros"]
)
def test_what_is_no_archive_is_told(file, content):
    assert error_message(file, content) == ("it is no archive of a known kind" if content else "it is empty")


def test_a_packed_file_that_is_no_tar_is_told(file):
    assert error_message(file, gzip.compress(b"---\ntitle: a\n---\n" * 99)) == "there is no tar in it"


@every_form
def test_half_an_archive_is_told(file, archive):
    assert error_message(file, archive[: len(archive) // 2])


@pytest.mark.parametrize("end", [b"", bytes(1024)], ids=["cut", "zeros"])
def test_a_name_without_its_member_is_told(file, end):
    assert "it " in error_message(file, tar_of(POSTS)[:-1024] + tar_entry("L", b"a.md", kind=b"L") + end)


@pytest.mark.parametrize("form", [form for form in COMPRESSIONS if form != "tar"])
def test_a_lost_last_byte_is_told(file, form):
    assert error_message(file, FORMS[form][:-1]).startswith("its ")


@pytest.mark.parametrize("end", [0, 512, 1024, 10240])
def test_a_tar_may_end_with_or_without_zeros(file, end):
    assert contents(file, tar_of(POSTS)[:-1024] + bytes(end)) == POSTS


@pytest.mark.parametrize("form", ["tar.gz", "tar.zst", "tar.xz"])
def test_a_packed_file_may_be_padded_with_zeros(file, form):
    assert contents(file, FORMS[form] + bytes(4096)) == POSTS


@pytest.mark.parametrize("form", [form for form in COMPRESSIONS if form != "tar"])
def test_frames_one_behind_the_other_are_read_through(file, form):
    tar = tar_of(POSTS)
    assert (
        contents(
            file, b"".join(COMPRESSIONS[form](tar[start : start + 700]) for start in range(0, len(tar), 700))
        )
        == POSTS
    )


@pytest.mark.parametrize("form", [form for form in COMPRESSIONS if form != "tar"])
def test_anything_else_behind_the_last_frame_is_told(file, form):
    assert error_message(file, FORMS[form] + b"anything").startswith("its ")


def test_frames_that_zstd_skips_are_skipped(file):
    skipped = struct.pack("<II", 0x184D2A50, 5) + b"12345"
    assert contents(file, skipped + FORMS["tar.zst"] + skipped) == POSTS


def test_a_frame_of_zstd_has_a_window_of_128_megabytes_at_most(file):
    empty = b"\x28\xb5\x2f\xfd\0%c\1\0\0"
    assert contents(file, empty % (27 - 10 << 3)) == {}
    assert "requires too much memory" in error_message(file, empty % (28 - 10 << 3))


@pytest.mark.parametrize("form", COMPRESSIONS)
def test_tars_one_behind_the_other_are_read_as_one(file, form):
    two_tars = COMPRESSIONS[form](tar_of({"a.md": b"1", "b.md": b"2"})) + COMPRESSIONS[form](
        tar_of({"a.md": b"3"})
    )
    assert contents(file, two_tars) == {"a.md": b"3", "b.md": b"2"}


@pytest.mark.parametrize("damage", [b"garbage", bytes(512) + b"x" * 512])
def test_damage_in_the_middle_of_a_tar_is_told(file, damage):
    tar = tar_of(POSTS)
    assert error_message(file, tar[:1024] + damage + tar[1024 + len(damage) :]).startswith("it is damaged 1")


@pytest.mark.parametrize("size", [-1, -512, 2**63, 2**87])
def test_a_size_that_no_member_has_is_told(file, size):
    assert error_message(file, tar_entry("a.md", size=size) + tar_of(POSTS))


def test_sums_of_signed_bytes_are_taken(file):
    block = bytearray(tar_entry("灯塔.md"))
    block[148:156] = b"%06o\0 " % (256 + sum(struct.unpack("148b8x356b", block)))
    assert contents(file, bytes(block)) == {"灯塔.md": b""}


def test_a_tar_of_long_ago_is_known(file):
    block = bytearray(tar_entry("a.md", b"words"))
    block[257:265] = bytes(8)
    block[148:156] = b"%06o\0 " % (256 + sum(block[:148]) + sum(block[156:512]))
    assert contents(file, bytes(block)) == {"a.md": b"words"}
    assert is_archive(bytes(file))


def test_one_damaged_member_of_a_zip_leaves_the_others(file):
    archive = zip_of(POSTS)
    position = archive.index(b"sub/b.markdown") + 20
    damaged = archive[:position] + b"\xff\xff\xff" + archive[position + 3 :]
    assert contents(file, damaged) == POSTS | {"sub/b.markdown": Reason.UNREADABLE}


def test_a_zip_that_lists_too_few_members_is_told(file):
    archive = patch_bytes(zip_of(POSTS), 10, b"\2", marker=b"PK\5\6")
    assert error_message(file, archive) == "its list of members is damaged: 3 of 2 found"


def test_a_zip_without_its_list_is_told(file):
    archive = zip_of(POSTS)
    assert error_message(file, archive[: archive.index(b"PK\1\2")]).startswith(
        "its list of members is damaged or cut off"
    )


def test_a_message_has_one_line(tmp_path):
    assert "\n" not in error_message(tmp_path / "a\nb", b"")


def test_a_spool_is_read_while_it_grows():
    spool = Spool()
    positions = [(spool.add(content), len(content)) for content in (b"one", b"", b"two")]
    spool.flush()
    assert [spool.read(*position) for position in positions] == [b"one", b"", b"two"]
    spool.close()


@every_form
@given(data=st.data())
@settings(max_examples=examples(20, 100), deadline=None)
def test_a_damaged_archive_is_told_or_gives_its_posts(tmp_path_factory, archive, data):
    position = data.draw(st.integers(0, len(archive) - 1))
    mask = data.draw(st.integers(0, 255))
    damaged = (
        archive[:position]
        if mask == 0
        else archive[:position] + bytes([archive[position] ^ mask]) + archive[position + 1 :]
    )
    try:
        posts = contents(tmp_path_factory.mktemp("fuzz") / "archive", damaged)
    except ArchiveError:
        return
    # a plain tar has no checksum of contents, and a zip has none of names
    compare_by = len if archive is FORMS["tar"] else bytes
    contents_by_path = {path: content for path, content in posts.items() if isinstance(content, bytes)}
    assert all(compare_by(content) == compare_by(POSTS[path]) for path, content in contents_by_path.items())
    assert archive is FORMS["zip"] or posts.keys() == POSTS.keys()
