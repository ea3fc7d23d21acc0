"""Which files of a source are changed or deleted, by a ledger and a listing that are written by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.pipeline.code import code_version
from flows.pipeline.planning.diff import PROGRESS_FILES, diff_source, hash_suspects, list_files
from lake.batch import Checkpoint
from lake.create import create_lake
from lake_rows import day, file_row, frame, store
from listed_source import ListedSource, listed
from posts.post import NotAPost
from schemas.enums import Outcome, Reason
from schemas.keys import blob_id
from tiers import examples

# ETags: digests of the bytes, and that of an object of two parts
ETAG, OTHER_ETAG, PARTS_ETAG = "a" * 32, "b" * 32, f"{'a' * 32}-2"
NO_CHECKPOINT, CHECKPOINT = Checkpoint(), Checkpoint("c0", day(1), is_complete=True)
CONTENT = b"0123456789"
UNREADABLE = {"outcome": Outcome.REJECTED.value, "reason": Reason.UNREADABLE.value, "post_id": None}
FAULT = UNREADABLE | {"reason": Reason.PARSER_ERROR.value}


@pytest.fixture
def lake(tmp_path):
    return create_lake(tmp_path / "lake", None)


def stored(path, blob="a", **columns):
    """Return the ledger row of a file of 10 bytes of a folder; see `listed`."""
    return file_row(path, blob=blob, size=10, mtime_ns=1) | columns


def in_git(path, blob="a", **columns):
    return stored(path, blob, mtime_ns=None, **columns)


def record_run(lake, run_id, code):
    values = {name: 0 for name, dtype in frame("runs").schema.items() if dtype.is_numeric()}
    row = values | {"run_id": run_id, "kind": "ingest", "started_at": day(1), "code_version": code}
    lake.append("runs", frame("runs", row))


def paths(rows):
    return sorted(rows["path"])


def difference(lake, *files, changes=None, checkpoint=NO_CHECKPOINT, verify=False):
    """Return the number of files, and the paths of changed, previous and deleted rows."""
    diff = diff_source(lake, ListedSource(list(files), changes), checkpoint, verify=verify)
    return diff.file_count, paths(diff.changed), paths(diff.previous_rows), paths(diff.deleted)


# A listing


SAME, CHANGED, NEW = (1, [], [], []), (1, ["a"], ["a"], []), (1, ["a"], [], [])
LISTINGS = {
    "a file of the same size and time is the same": (stored("a"), listed("a"), SAME),
    "another size is a change": (stored("a"), listed("a", size=11), CHANGED),
    "another time is a change": (stored("a"), listed("a", mtime_ns=2), CHANGED),
    "the same blob is the same whatever the time": (stored("a", mtime_ns=7), listed("a", "a"), SAME),
    "another blob is a change though the size is the same": (in_git("a"), listed("a", "b"), CHANGED),
    "a blob where there was none is a change": (in_git("a", None), listed("a", "b"), CHANGED),
    "neither has a time, as in an archive": (stored("a", mtime_ns=None), listed("a", mtime_ns=None), SAME),
    "a time where there was none is a change": (stored("a", mtime_ns=None), listed("a"), CHANGED),
    "the same ETag is the same whatever the time": (stored("a", etag=ETAG), listed("a", mtime_ns=2, etag=ETAG), SAME),
    "another ETag is a change though time and size are the same": (stored("a", etag=ETAG), listed("a", etag=OTHER_ETAG), CHANGED),
    "another size is a change though the ETag is the same": (stored("a", etag=ETAG), listed("a", size=11, etag=ETAG), CHANGED),
    "an ETag where there was none is a change": (stored("a"), listed("a", etag=ETAG), CHANGED),
    "a deleted file that is there again is new": (stored("a", gone_at=day(2)), listed("a"), NEW),
    "a file of another origin is not the same": (stored("a", origin="n"), listed("a"), NEW),
    "what could not be read is tried again": (stored("a", **UNREADABLE), listed("a"), CHANGED),
    "what another code failed at is tried again": (stored("a", **FAULT), listed("a"), CHANGED),
    "what this code failed at is not": (stored("a", **FAULT, run_id="mine"), listed("a"), SAME),
    "what another code knew no format for is tried again": (stored("a", **UNREADABLE | {"reason": "no_front_matter"}), listed("a"), CHANGED),
    "what this code knows no format for is not": (stored("a", **UNREADABLE | {"reason": "no_front_matter"}, run_id="mine"), listed("a"), SAME),
    "a reject is not tried again": (stored("a", **UNREADABLE | {"reason": "no_date"}), listed("a"), SAME),
}  # fmt: skip


@pytest.mark.parametrize(("row", "file", "expected"), LISTINGS.values(), ids=LISTINGS)
def test_a_file_is_compared_with_its_row(lake, row, file, expected):
    store(lake, "files", row)
    record_run(lake, "mine", code_version())
    record_run(lake, "old", "another code")
    assert difference(lake, file) == expected


def test_no_row_is_trusted_where_contents_are_to_be_verified_unless_the_blob_is_known(lake):
    store(lake, "files", stored("a"), in_git("b"))
    assert difference(lake, listed("a"), listed("b", "a"), verify=True) == (2, ["a"], ["a"], [])


def test_files_below_a_folder_that_cannot_be_listed_are_not_deleted(lake):
    store(lake, "files", *(stored(path) for path in ("x/a", "x/y/b", "xa", "z/a")))
    source = ListedSource([listed("x", problem=Reason.UNREADABLE.value)])
    diff = diff_source(lake, source, NO_CHECKPOINT, verify=False)
    assert (paths(diff.deleted), diff.withheld_deletions) == (["xa", "z/a"], 2)


def test_no_file_is_deleted_where_the_whole_source_cannot_be_listed(lake):
    store(lake, "files", stored("a"), stored("x/a"))
    source = ListedSource([listed(".", problem=Reason.UNREADABLE.value)])
    diff = diff_source(lake, source, NO_CHECKPOINT, verify=False)
    assert (diff.deleted.height, diff.withheld_deletions) == (0, 2)


def test_another_problem_of_a_file_withholds_no_deletion(lake):
    store(lake, "files", stored("x/a"))
    assert difference(lake, listed("x", problem=Reason.NOT_A_FILE.value)) == (1, ["x"], [], ["x/a"])


def test_a_listing_of_several_chunks_is_complete_and_in_order():
    files = [listed(f"{number:05}") for number in range(PROGRESS_FILES + 1)]
    assert list_files(ListedSource(files))["path"].to_list() == [file.path for file in files]


# Changes since a commit


def test_changes_since_a_commit_count_all_files_of_the_source(lake):
    store(lake, "files", *(in_git(path) for path in ("edited", "gone", "same", "touched")))
    files = [listed("edited", "b"), listed("new", "b"), listed("touched", "a")]
    assert difference(lake, changes=(files, ["gone", "never"]), checkpoint=CHECKPOINT) == (
        4,
        ["edited", "new"],
        ["edited"],
        ["gone"],
    )


def test_a_changed_file_that_cannot_be_read_is_a_change(lake):
    store(lake, "files", in_git("a"))
    unreadable = listed("a", problem=Reason.UNREADABLE.value)
    assert difference(lake, changes=([unreadable], []), checkpoint=CHECKPOINT) == CHANGED


LISTED_INSTEAD = {
    "the checkpoint is not complete": (in_git("a"), Checkpoint("c0", day(1)), ([], [])),
    "the source has no commit": (in_git("a"), Checkpoint(None, day(1), is_complete=True), ([], [])),
    "the source does not know the commit": (in_git("a"), CHECKPOINT, None),
    "a file is to be tried again": (in_git("a", **UNREADABLE), CHECKPOINT, ([], [])),
}


@pytest.mark.parametrize(("row", "checkpoint", "changes"), LISTED_INSTEAD.values(), ids=LISTED_INSTEAD)
def test_all_files_are_listed_where(lake, row, checkpoint, changes):
    store(lake, "files", row)
    assert difference(lake, listed("a", "b"), changes=changes, checkpoint=checkpoint) == CHANGED


# Suspects


def suspects(lake, *files, **contents):
    """Return the blobs of changed files once the suspects are read, and which were read."""
    source = ListedSource(list(files), contents=contents)
    diff = hash_suspects(source, diff_source(lake, source, NO_CHECKPOINT, verify=False))
    return dict(diff.changed.select("path", "blob").iter_rows()), source.read_paths


def test_a_file_of_the_size_of_a_deleted_or_changed_one_is_read(lake):
    store(lake, "files", stored("a"), stored("gone", size=20))
    files = listed("a", mtime_ns=2), listed("b", size=20), listed("c", size=30)
    contents = {"a": CONTENT, "b": 2 * CONTENT}
    assert suspects(lake, *files, **contents) == (
        {"a": blob_id(CONTENT), "b": blob_id(2 * CONTENT), "c": None},
        ["a", "b"],
    )


def test_an_object_with_the_digest_of_another_has_its_blob_unread(lake):
    store(lake, "files", stored("gone", "b", etag=ETAG), stored("edited", etag=OTHER_ETAG))
    files = listed("a", etag=ETAG), listed("edited", etag="c" * 32)
    assert suspects(lake, *files) == ({"a": "b", "edited": None}, [])


def test_an_object_whose_etag_is_no_digest_is_suspect_by_its_size(lake):
    store(lake, "files", stored("gone", etag=PARTS_ETAG), stored("edited", size=20, etag=ETAG))
    files = (
        listed("a", etag=ETAG),
        listed("b", size=20, etag=PARTS_ETAG),
        listed("c", size=20, etag=OTHER_ETAG),
    )
    contents = {"a": CONTENT, "b": 2 * CONTENT}
    blobs = {"a": blob_id(CONTENT), "b": blob_id(2 * CONTENT), "c": None}
    assert suspects(lake, *files, **contents) == (blobs, ["a", "b"])


def test_a_digest_is_not_trusted_where_contents_are_to_be_verified(lake):
    store(lake, "files", stored("a", "b", etag=ETAG))
    source = ListedSource([listed("a", etag=ETAG)], contents={"a": CONTENT})
    diff = hash_suspects(source, diff_source(lake, source, NO_CHECKPOINT, verify=True))
    assert (diff.changed["blob"].to_list(), source.read_paths) == ([blob_id(CONTENT)], ["a"])


def test_neither_a_known_blob_nor_a_problem_is_suspect(lake):
    store(lake, "files", stored("gone"))
    files = listed("a", "b"), listed("c", problem=Reason.TOO_LARGE.value)
    assert suspects(lake, *files) == ({"a": "b", "c": None}, [])


def test_a_suspect_that_cannot_be_read_has_no_blob(lake):
    store(lake, "files", stored("gone"))
    unreadable = NotAPost(Outcome.REJECTED, Reason.UNREADABLE)
    assert suspects(lake, listed("a"), a=unreadable) == ({"a": None}, ["a"])


# What holds of any difference

STATES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("xyz"))


@settings(deadline=None, max_examples=examples(6, 100))
@given(before=STATES, after=STATES)
def test_a_difference_leads_from_the_ledger_to_the_source(tmp_path_factory, before, after):
    lake = create_lake(tmp_path_factory.mktemp("diff") / "lake", None)
    store(lake, "files", *(in_git(path, blob) for path, blob in before.items()))
    changed = {path: blob for path, blob in after.items() if before.get(path) != blob}
    changes = [listed(*item) for item in changed.items()], [*before.keys() - after.keys()]
    expected = len(after), sorted(changed), sorted(changed.keys() & before), sorted(before.keys() - after)
    assert difference(lake, *(listed(*item) for item in after.items())) == expected
    assert difference(lake, changes=changes, checkpoint=CHECKPOINT) == expected
