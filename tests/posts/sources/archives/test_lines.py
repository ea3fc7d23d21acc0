"""The lines of a JSONL file as files: their paths, their bytes, and the lines that are none."""

import gzip
import json
import pickle

import pytest

from posts.errors import Rejected
from posts.sources.archives.compression import zstd
from posts.sources.archives.lines import Line, Lines, is_jsonl, iter_lines
from posts.sources.archives.opened import ArchiveError
from posts.sources.files import MAX_POST_BYTES
from schemas.enums import Reason
from schemas.keys import blob_id

POSTS = [
    {"id": 7, "title": "灯"},
    {"_id": {"$oid": "5f"}, "title": "Lamp"},
    {"guid": "a/../b", "title": "NaN"},
]
PATHS = ["7.json", "5f.json", "a%2F..%2Fb.json"]
LINES = [json.dumps(post, ensure_ascii=False).encode() for post in POSTS]


def open_lines(tmp_path, content, name="crawl.jsonl"):
    file = tmp_path / name
    file.write_bytes(content)
    return Lines(bytes(file))


def list_lines(tmp_path, content):
    """Return the content of each line, or its problem and the detail, by path."""
    with open_lines(tmp_path, content) as lines:
        files = lines.list_files("here")
        chosen = lines.restricted_to([file.path for file in files])
        return {
            file.path: (file.problem, chosen.entries[file.path].detail)
            if file.problem
            else chosen.read(file.path)
            for file in files
        }


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.jsonl", bytes), ("a.ndjson", bytes), ("a.JSONL.gz", gzip.compress), ("a.jsonl.zst", zstd.compress)],
)
def test_another_process_reads_lines_by_their_ids(tmp_path, name, pack):
    file = open_lines(tmp_path, pack(b"\xef\xbb\xbf" + b"\r\n\n  ".join(LINES)), name)
    with file as lines:
        sent = pickle.loads(pickle.dumps(lines.restricted_to(PATHS)))
        assert [sent.read(path) for path in PATHS] == LINES
        assert [lines.restricted_to(PATHS).detached().read(path) for path in PATHS] == LINES
        assert [each.blob for each in lines.list_files("here")] == [blob_id(line) for line in LINES]


def test_jsonl_is_known_by_its_name():
    names = (
        b"a.jsonl",
        b"a.NDJSON",
        b"b/a.jsonl.gz",
        b"a.jsonl.zst",
        b"a.json",
        b".jsonl",
        b"a.jsonl.md",
        b"a.gz",
    )
    assert [is_jsonl(name) for name in names] == [True] * 4 + [False] * 4


def test_a_line_without_an_id_has_the_name_of_its_content_and_counts_once(tmp_path):
    line = b'{"title": "Lamp", "id": " "}'
    assert list_lines(tmp_path, b"\n".join([line, *LINES[:1], line])) == {
        f"{blob_id(line)}.json": line,
        "7.json": LINES[0],
    }


@pytest.mark.parametrize("broken", [b'{"id": 1, "title": "La', b"[1]", b"Lamp", b"3"])
def test_a_line_that_is_no_object_is_refused_with_its_number(tmp_path, broken):
    found = list_lines(tmp_path, b"\n\n".join([LINES[0], broken]))
    problem, detail = found.pop(f"{blob_id(broken)}.json")
    assert (problem, detail.partition(":")[0], found) == (Reason.BROKEN_LINE, "line 3", {"7.json": LINES[0]})


def test_a_last_line_that_is_cut_off_is_said_to_be(tmp_path):
    _, detail = list_lines(tmp_path, LINES[0] + b"\n" + LINES[0][:-4])[f"{blob_id(LINES[0][:-4])}.json"]
    assert detail.startswith("line 2: the file ends in the middle of it: ")


def test_of_two_lines_with_one_id_the_later_counts_and_the_earlier_is_listed(tmp_path):
    lines = [b'{"id": "a", "n": %d}' % number for number in (1, 2, 1, 3)]
    assert list_lines(tmp_path, b"\n".join(lines)) == {
        f"{blob_id(lines[0])}.json": (Reason.REPLACED_LINE, "line 4 has the same id"),
        f"{blob_id(lines[1])}.json": (Reason.REPLACED_LINE, "line 3 has the same id"),
        "a.json": lines[3],
    }


@pytest.mark.parametrize("key", ["灯" * 500, "../../etc/passwd", "a\0b", "\ud800", "C:\\x", "~", "?" * 300])
def test_every_id_is_a_safe_name_of_its_own(tmp_path, key):
    found = list_lines(tmp_path, b"\n".join(json.dumps({"id": each}).encode() for each in (key, key + "x")))
    assert len(found) == 2
    for path in found:
        assert path.isascii()
        assert path.isprintable()
        assert len(path) <= 205
        assert not {"/", "\\", ":", "?"} & set(path)


def test_lines_in_another_encoding_and_halves_of_surrogate_pairs_are_objects(tmp_path):
    lines = ['{"id": 1, "title": "渡口的红绿灯照常亮着"}'.encode("gb18030"), b'{"id": 2, "title": "\\ud83d"}']
    assert list_lines(tmp_path, b"\n".join(lines)) == {"1.json": lines[0], "2.json": lines[1]}


def test_a_line_over_the_limit_is_refused_and_the_next_is_read(tmp_path):
    large = b'{"id": 1, "text": "%b"}' % (b"a" * MAX_POST_BYTES)
    with open_lines(tmp_path, large + b"\n" + LINES[0]) as lines:
        found = {file.problem: (file.path, file.size) for file in lines.list_files("here")}
        details = [
            entry.detail for entry in lines.restricted_to([found[Reason.TOO_LARGE][0]]).entries.values()
        ]
    assert details == [f"line 1: {len(large)} bytes; the limit is {MAX_POST_BYTES}"]
    assert (found[None], found[Reason.TOO_LARGE][1]) == (("7.json", len(LINES[0])), len(large))


def test_chunks_may_end_anywhere():
    text = b"ab\n\n  cd \r\ne"
    expected = [Line(1, 0, 2, b"ab"), Line(3, 6, 2, b"cd"), Line(4, 11, 1, b"e", has_end=False)]
    for size in range(1, len(text) + 1):
        assert list(iter_lines(text[at : at + size] for at in range(0, len(text), size))) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"\n \n", "it is empty"),
        (b"[\n{},\n", "none of its lines is a JSON object: line 1: it is no JSON object"),
    ],
)
def test_a_file_without_lines_of_json_is_no_source(tmp_path, content, message):
    content = content.replace(b"{},", b"1")
    with pytest.raises(ArchiveError) as error, open_lines(tmp_path, content):
        pass
    assert message.partition(": line")[0] in str(error.value)


def test_lines_that_moved_since_they_were_listed_are_not_read_as_others(tmp_path):
    with open_lines(tmp_path, b"\n".join(LINES)) as lines:
        (tmp_path / "crawl.jsonl").write_bytes(b"\n".join(LINES[::-1]))
        with pytest.raises(Rejected) as error:
            lines.restricted_to(PATHS).read("7.json")
    assert error.value.reason is Reason.UNREADABLE
