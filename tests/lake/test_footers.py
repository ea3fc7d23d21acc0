"""The footers of Parquet files, by few and small requests."""

import pytest

from lake import footers
from lake.create import create_lake
from lake_rows import frame
from schemas.enums import Granularity

SMALL_TAIL = 16


@pytest.fixture
def lake(bucket):
    """Return a lake in a bucket with two files of raw and of renamed_posts."""
    lake = create_lake(bucket / "lake", Granularity.MONTH)
    for number in range(2):
        lake.append("raw", frame("raw", {"blob": str(number), "content": b"a" * 100, "run_id": "r"}))
        lake.append("renamed_posts", frame("renamed_posts", {"old_id": str(number), "new_id": "n"}))
    return lake


def read_rows(lake, name):
    files = lake.table_files(name, lake.partition_files(name))
    return [footer.num_rows for footer in footers.read_footers(files)]


@pytest.mark.parametrize(("tail_bytes", "requests"), [(footers.TAIL_BYTES, 1), (SMALL_TAIL, 2)])
def test_only_the_end_of_a_large_object_is_requested(lake, proxy, monkeypatch, tail_bytes, requests):
    monkeypatch.setattr(footers, "TAIL_BYTES", tail_bytes)
    proxy.take_requests()
    assert read_rows(lake, "raw") == [1, 1]
    partial_content = 206
    assert [status for _, _, status in proxy.take_requests()] == [partial_content] * 2 * requests


def test_small_tables_are_read_from_their_copies(lake, proxy):
    proxy.take_requests()
    assert read_rows(lake, "renamed_posts") == [1, 1]
    assert lake.scan("renamed_posts").collect().height == 2
    assert proxy.take_requests() == []
