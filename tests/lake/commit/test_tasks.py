"""The division of versions into tasks: which partitions, posts and files are changed together, and how much at a time."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.batch import Batch, no_deletions
from lake.commit.merge import merge
from lake.commit.resolve import resolve
from lake.commit.tasks import CONTENT_SCHEMA, STORED_BYTES_WEIGHT, plan_tasks
from lake.create import create_lake
from lake_rows import day, file_row, frame, post_row, store, write_raw
from schemas.enums import Outcome

APRIL, MAY = {"published_at": day(1, 4)}, {"published_at": day(1, 5)}
NO_LIMIT = 1_000_000


@pytest.fixture
def lake(tmp_path):
    return create_lake(tmp_path / "lake", None)


@pytest.fixture(scope="module")
def empty_lake(tmp_path_factory):
    return create_lake(tmp_path_factory.mktemp("tasks") / "lake", None)


def reject(path):
    return file_row(
        path, None, outcome=Outcome.REJECTED.value, reason="no_date", source_id=None, published_at=None
    )


def plan(lake, *rows, deleted=(), task_bytes=1, read=None, parses_again=False):
    """Plan the tasks of a batch. Its files are read, each of 10 bytes; `deleted` are paths, on the 9th of March."""
    gone = pl.DataFrame([("o", path, day(9)) for path in deleted], no_deletions().schema, orient="row")
    resolution = resolve(lake, Batch(frame("files", *rows), gone))
    paths = [row["path"] for row in rows] if read is None else read
    contents = [
        ("o", path, 10, path.rpartition("/")[2], f"o//{path.rpartition('/')[2]}", "part", None, None)
        for path in paths
    ]
    read_contents = pl.DataFrame(contents, CONTENT_SCHEMA, orient="row").unique("blob", maintain_order=True)
    return plan_tasks(lake, resolution, read_contents, task_bytes, parses_again=parses_again)


def paths(rows):
    return sorted(rows["path"])


def posts_of(tasks):
    """Return the posts of each task, in order."""
    return [sorted(set(task.merge.versions["post_id"])) for task in tasks]


# One task or several


def test_a_batch_without_versions_has_no_task_and_its_ledger_rows_remain(empty_lake):
    tasks, file_rows = plan(empty_lake, reject("a"))
    assert (tasks, paths(file_rows)) == ([], ["a"])


def test_what_fits_into_one_task_is_one_task_and_rows_of_rejects_belong_to_none(empty_lake):
    [task], file_rows = plan(
        empty_lake, file_row("a"), file_row("b", "q", **APRIL), reject("c"), task_bytes=20
    )
    assert (paths(task.merge.versions), paths(task.contents)) == (["a", "b"], ["a", "b"])
    assert (paths(task.file_rows), paths(file_rows)) == (["a", "b"], ["c"])


def test_what_exceeds_a_task_by_a_byte_is_divided(empty_lake):
    rows = file_row("a"), file_row("b", "q", **APRIL)
    assert len(plan(empty_lake, *rows, task_bytes=19)[0]) == 1, "the second begins within the first"
    assert len(plan(empty_lake, *rows, task_bytes=11)[0]) == 2


def test_tasks_are_in_the_order_of_their_months_then_their_sources(empty_lake):
    rows = [
        file_row("a", "may", **MAY),
        file_row("b", "t", source_id="t"),
        file_row("c", "april", **APRIL),
        file_row("d", "s"),
    ]
    assert posts_of(plan(empty_lake, *rows)[0]) == [["s"], ["t"], ["april"], ["may"]]


def test_a_task_is_filled_until_the_next_partition_begins_beyond_its_bytes(empty_lake):
    # each month has 10 bytes, and counts one more; a task begins with the partition that begins at or beyond
    # a multiple of 22
    rows = [file_row(str(month), str(month), published_at=day(1, month)) for month in range(1, 6)]
    assert posts_of(plan(empty_lake, *rows, task_bytes=22)[0]) == [["1", "2"], ["3", "4"], ["5"]]


def test_a_partition_is_never_divided(empty_lake):
    rows = [file_row(str(number), str(number)) for number in range(5)]
    assert posts_of(plan(empty_lake, *rows, file_row("x", "x", **APRIL))[0]) == [[*"01234"], ["x"]]


# Partitions that something connects


def test_two_months_of_one_post_are_one_task(empty_lake):
    rows = file_row("a"), file_row("b", **MAY, first_seen_at=day(2)), file_row("c", "q", **APRIL)
    assert posts_of(plan(empty_lake, *rows)[0]) == [["p"], ["q"]]


def test_the_month_of_the_stored_version_is_of_the_task_of_its_post(lake):
    store(lake, "files", file_row("a"))
    store(lake, "posts", post_row())
    tasks, _ = plan(lake, file_row("a", **MAY, first_seen_at=day(2)), file_row("q", "q"))
    assert posts_of(tasks) == [["p", "q"]]
    assert tasks[0].merge.posts.files["month"].to_list() == ["2024-03"]


def test_two_posts_of_one_file_are_one_task(empty_lake):
    rows = file_row("a"), file_row("a", "q", **MAY, first_seen_at=day(2)), file_row("b", "r", **APRIL)
    assert posts_of(plan(empty_lake, *rows)[0]) == [["p", "q"], ["r"]]


def test_the_posts_of_a_chain_of_files_are_one_task(empty_lake):
    rows = [
        *(file_row("a", post, published_at=day(1, month)) for post, month in (("p", 1), ("q", 3))),
        *(file_row("b", post, published_at=day(1, month)) for post, month in (("q", 3), ("r", 5))),
        file_row("c", "apart", published_at=day(1, 2)),
    ]
    for number, row in enumerate(rows):
        row["first_seen_at"] = day(number + 1)
    assert posts_of(plan(empty_lake, *rows)[0]) == [["p", "q", "r"], ["apart"]]


def test_withdrawn_posts_of_one_partition_of_revisions_return_in_one_task(lake):
    store(lake, "files", *(file_row(path, path, gone_at=day(2)) for path in "ab"))
    store(lake, "revisions", *(post_row(path, path, withdrawn_at=day(2)) for path in "ab"))
    returned = {"first_seen_at": day(3)}
    tasks, _ = plan(lake, file_row("a", "a", **returned, **APRIL), file_row("b", "b", **returned, **MAY))
    assert posts_of(tasks) == [["a", "b"]]
    assert tasks[0].merge.revisions.files["month"].to_list() == ["2024-03"]


# Ledger rows, keys and files


def test_ledger_rows_are_of_the_task_of_their_post_and_rejects_of_none(empty_lake):
    rows = file_row("a", body_bytes=6), file_row("x/twin"), file_row("b", "q", **APRIL), reject("c")
    tasks, file_rows = plan(empty_lake, *rows)
    assert [paths(task.file_rows) for task in tasks] == [["a", "x/twin"], ["b"]]
    assert [paths(task.keys) for task in tasks] == [["a", "x/twin"], ["b"]]
    assert paths(file_rows) == ["c"]


def test_a_deleted_file_is_of_the_task_of_its_post(lake):
    store(lake, "files", file_row("a"), file_row("b", "q", **APRIL))
    store(lake, "posts", post_row(), post_row("q", "b", published=day(1, 4)))
    tasks, file_rows = plan(lake, deleted=["a", "b"])
    assert [(paths(task.keys), paths(task.file_rows)) for task in tasks] == [(["a"], ["a"]), (["b"], ["b"])]
    assert file_rows.is_empty()


def test_a_task_has_the_files_of_its_partitions_and_no_others(lake):
    store(lake, "posts", *(post_row(str(month), published=day(1, month)) for month in (3, 4, 5)))
    tasks, _ = plan(lake, file_row("a", "p"), file_row("b", "q", **MAY))
    assert [task.merge.posts.files["month"].to_list() for task in tasks] == [["2024-03"], ["2024-05"]]


def test_stored_rows_count_for_less_than_contents(lake):
    store(lake, "posts", post_row("x", "x"), post_row("y", "y", published=day(1, 4)))
    rows = file_row("a"), file_row("b", "q", **APRIL)
    stored_bytes = sum(lake.partition_files("posts")["size_bytes"]) * STORED_BYTES_WEIGHT
    assert len(plan(lake, *rows, task_bytes=int(stored_bytes) + 20)[0]) == 1
    # each partition counts one more
    assert sum(task.bytes for task in plan(lake, *rows)[0]) == pytest.approx(stored_bytes + 20 + 2, abs=1)


# Contents


@pytest.fixture
def known_lake(lake):
    """Return a lake with post p in file "x/a", and a content "b" in table raw that is no stored post."""
    store(lake, "files", file_row("x/a"))
    store(lake, "posts", post_row(path="x/a"))
    raw_file = write_raw(lake.folder("raw"), b=b"bytes")
    lake.commit("raw", [raw_file])
    return lake, raw_file.path


MOVED = file_row("y/a", first_seen_at=day(9))


def test_a_content_that_is_stored_as_the_post_is_not_parsed(known_lake):
    [task], _ = plan(known_lake[0], MOVED, deleted=["x/a"])
    assert (task.merge.versions["row"].is_not_null().all(), task.contents.height) == (True, 0)


def test_a_content_that_is_stored_as_another_post_of_the_partition_is_not_parsed(known_lake):
    [task], _ = plan(known_lake[0], MOVED | {"post_id": "q"}, deleted=["x/a"])
    assert task.contents.height == 0


def test_a_content_that_is_stored_in_another_partition_is_parsed(known_lake):
    tasks, _ = plan(known_lake[0], file_row("y/a", "q", **MAY))
    assert [paths(task.contents) for task in tasks] == [["y/a"]]


def test_all_that_was_read_is_parsed_where_posts_are_to_be_compared(known_lake):
    [task], _ = plan(known_lake[0], MOVED, deleted=["x/a"], parses_again=True)
    assert paths(task.contents) == ["y/a"]


def test_a_content_of_the_revision_before_the_stored_version_is_not_parsed_and_the_merge_finds_it(lake):
    store(lake, "files", file_row("b", first_seen_at=day(4)))
    store(lake, "posts", post_row(path="b", version_at=day(4)))
    store(lake, "revisions", post_row(path="a", superseded_at=day(4), superseded_by="b"))
    again, back = file_row("b", first_seen_at=day(4)), file_row("x/a", body_bytes=9, first_seen_at=day(6))
    [task], _ = plan(lake, again, back, task_bytes=NO_LIMIT)
    assert (task.contents.height, merge(task.merge, frame("posts")).unparsed.height) == (0, 0)


def test_a_content_that_was_not_read_is_in_table_raw(known_lake):
    lake, raw_path = known_lake
    [task], _ = plan(lake, file_row("b", "q"), read=[], task_bytes=NO_LIMIT)
    assert task.contents.rows() == [("o", "b", 5, "b", "o//b", raw_path, None, None)]


def test_a_content_that_is_nowhere_is_in_no_file(known_lake):
    [task], _ = plan(known_lake[0], file_row("c", "q"), read=[], task_bytes=NO_LIMIT)
    assert task.contents.rows() == [("o", "c", 0, "c", "o//c", None, None, None)]


def test_each_task_parses_a_content_that_two_need(empty_lake):
    tasks, _ = plan(empty_lake, file_row("x/a", "p"), file_row("y/a", "q", **MAY))
    assert [task.contents["blob"].to_list() for task in tasks] == [["a"], ["a"]]


# What holds of any batch

BATCH_ROWS = st.lists(
    st.builds(
        lambda path, post, month, source, on_day: file_row(
            path, post, published_at=day(1, month), source_id=source, first_seen_at=day(on_day)
        ),
        st.sampled_from("abcdefgh"), st.sampled_from("mnopqrst"), st.integers(1, 6), st.sampled_from("uv"), st.integers(1, 3),
    ),
    min_size=1, max_size=10, unique_by=lambda row: (row["path"], row["first_seen_at"]),
)  # fmt: skip


@given(rows=BATCH_ROWS, task_bytes=st.integers(1, 60))
def test_tasks_share_no_version_partition_post_or_file(empty_lake, rows, task_bytes):
    resolution = resolve(empty_lake, Batch(frame("files", *rows)))
    files = resolution.rows.with_columns(month=pl.col("published_at").dt.strftime("%Y-%m"))
    tasks, file_rows = plan(empty_lake, *rows, task_bytes=task_bytes)
    versions = [task.merge.versions for task in tasks]
    elected = resolution.elections.drop_nulls("row").group_by("post_id").len().height
    assert sum(each["post_id"].n_unique() for each in versions) == elected
    for shared in (
        [each.select("post_id", "version_at") for each in versions],
        [each.select("post_id").unique() for each in versions],
        [files[each["row"].to_list()].select("source_id", "month").unique() for each in versions],
        [task.keys.unique() for task in tasks],
        [task.file_rows.select("path") for task in tasks] + [file_rows.select("path")],
    ):
        assert pl.concat(shared).is_unique().all()
    assert sum(task.file_rows.height for task in tasks) + file_rows.height == resolution.file_rows.height
