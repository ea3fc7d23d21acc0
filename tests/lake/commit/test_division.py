"""The division of a large change into batches: what is in one, in which order, and how large they are."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.commit.division import current_posts, divide, divide_deleted, index_rows
from lake.create import create_lake
from lake_rows import day, file_row, frame
from schemas.enums import Granularity, Outcome


def index_of(*rows):
    return index_rows(frame("files", *rows), is_read=pl.lit(value=True))


def batches_of(*rows, max_files=1, granularity=Granularity.MONTH):
    return divide(index_of(*rows), granularity, max_files).to_list()


def reject(path):
    return file_row(path, None, outcome=Outcome.REJECTED.value, source_id=None, published_at=None)


def test_files_of_a_partition_are_in_one_batch_and_batches_are_in_order_of_periods():
    may, march, also_may = (
        file_row("a", "p", published_at=day(1, 5)),
        file_row("b", "q", published_at=day(1, 3)),
        file_row("c", "r", published_at=day(9, 5)),
    )
    assert batches_of(may, march, also_may) == [1, 0, 1]
    assert batches_of(may, march, also_may, granularity=Granularity.DAY) == [1, 0, 2]
    assert batches_of(may, march, also_may, granularity=Granularity.YEAR) == [0, 0, 0]


@pytest.mark.parametrize("shared", [{"post_id": "p"}, {"path": "a"}], ids=["a post", "a file"])
def test_partitions_are_in_one_batch_that_share(shared):
    march, may = (
        file_row("a", "p", published_at=day(1, 3)),
        file_row("b", "q", published_at=day(1, 5)) | shared,
    )
    assert batches_of(march, may) == [0, 0]


def test_a_batch_ends_with_the_partition_that_fills_it():
    rows = [
        file_row(f"{month}{n}", f"p{month}{n}", published_at=day(n, month))
        for month in (3, 4, 5)
        for n in (1, 2)
    ]
    assert batches_of(*rows, max_files=2) == [0, 0, 1, 1, 2, 2]
    assert batches_of(*rows, max_files=3) == [0, 0, 0, 0, 1, 1]


def test_a_version_of_a_file_that_is_no_post_is_in_the_batch_of_its_others():
    rows = [reject("a"), reject("b"), reject("c"), reject("d"), file_row("d", "p"), reject("b")]
    assert batches_of(*rows, max_files=2) == [0, 0, 1, 0, 0, 0]


def test_files_without_a_post_are_spread_over_the_batches():
    assert batches_of(*map(reject, "abcd"), max_files=2) == [0, 0, 1, 1]
    assert batches_of(file_row("a"), *map(reject, "bcd"), max_files=2) == [0, 0, 1, 1]


KEYS = st.tuples(
    st.sampled_from("abcde"),
    st.sampled_from(["p", "q", "r", "s", None]),
    st.sampled_from("xyz"),
    st.integers(1, 6),
)


@given(st.lists(KEYS, min_size=1, max_size=20), st.integers(1, 6))
def test_what_belongs_together_is_in_one_batch(keys, max_files):
    rows = [
        file_row(path, post_id, source_id=source_id, published_at=day(1, month))
        for path, post_id, source_id, month in keys
    ]
    batches = batches_of(*rows, max_files=max_files)
    together = [
        {("key", path), ("post", post_id), ("partition", source_id, month)} - {("post", None)}
        for path, post_id, source_id, month in keys
    ]
    for batch, own in zip(batches, together, strict=True):
        assert all(batch == other for other, others in zip(batches, together, strict=True) if own & others)
    assert set(batches) == set(range(max(batches) + 1))


def test_the_current_file_of_a_post_is_the_latest_then_the_largest_then_the_first():
    early, late = day(1), day(2)
    rows = [
        file_row("a", published_at=early, body_bytes=9),
        file_row("b", published_at=late, body_bytes=5),
        file_row("c", published_at=late, body_bytes=6),
        file_row("d", published_at=late, body_bytes=6),
        file_row("e", "q"),
        reject("f"),
    ]
    assert sorted(current_posts(index_of(*rows).with_row_index("row"))["row"]) == [2, 4]


def test_of_the_versions_of_a_file_only_the_last_is_current():
    rows = file_row("a", published_at=day(2), body_bytes=9), file_row("a", published_at=day(1))
    assert current_posts(index_of(*rows).with_row_index("row"))["row"].to_list() == [1]


def test_a_deletion_is_in_the_batch_of_the_file_or_of_its_post(tmp_path):
    lake = create_lake(tmp_path / "lake", None)
    lake.append("files", frame("files", file_row("moved", "q"), file_row("gone", "other")))
    index = index_of(file_row("again", "p"), file_row("new place", "q"))
    deleted = pl.DataFrame({"origin": "o", "path": ["again", "moved", "gone", "never there"]})
    batches = divide_deleted(lake, deleted, index, pl.Series([1, 2]))
    assert batches.to_list() == [1, 2, 0, 0]
