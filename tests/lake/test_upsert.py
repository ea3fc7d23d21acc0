"""Updates of the ledger: which rows remain, and into how many files they are written."""

import polars as pl
import pytest

from lake import rewrite
from lake.create import create_lake
from lake.delta import CommitProperties
from lake_rows import file_row, frame


@pytest.fixture
def lake(tmp_path, monkeypatch):
    """Return a lake whose ledger has files of at most two rows, and none of them counts as small."""
    monkeypatch.setattr(rewrite, "MAX_FILE_ROWS", 2)
    monkeypatch.setattr(rewrite, "SMALL_FILE_ROWS", 0)
    return create_lake(tmp_path / "lake", None)


def upsert(lake, **blobs):
    rows = frame("files", *(file_row(path, blob=blob) for path, blob in blobs.items()))
    rewrite.upsert(lake, "files", rows, CommitProperties())


def blobs(lake):
    return dict(lake.scan("files").select("path", "blob").sort("path").collect().iter_rows())


def rows_of_files(lake):
    return sorted(lake.partition_files("files")["num_records"])


def test_new_rows_are_written_into_files_of_a_limited_size(lake):
    upsert(lake, a="1", b="1", c="1", d="1", e="1")
    assert (rows_of_files(lake), blobs(lake)) == ([1, 2, 2], dict.fromkeys("abcde", "1"))


@pytest.mark.parametrize("updated", ["a", "ad", "abcde", "az", "z"])
def test_rows_with_the_same_key_are_replaced_and_no_other(lake, updated):
    upsert(lake, a="1", b="1", c="1", d="1", e="1")
    upsert(lake, **dict.fromkeys(updated, "2"))
    assert blobs(lake) == dict.fromkeys("abcde", "1") | dict.fromkeys(updated, "2")
    assert max(rows_of_files(lake)) <= 2


def test_a_file_without_such_a_row_is_not_written_again(lake):
    upsert(lake, a="1", b="1", c="1", d="1")
    before = set(lake.partition_files("files")["path"])
    upsert(lake, a="2")
    assert len(before & set(lake.partition_files("files")["path"])) == 1


def test_rows_keep_their_order_when_a_file_is_written_again(lake):
    upsert(lake, a="1", b="1", c="1")
    upsert(lake, b="2", d="2")
    paths = lake.scan("files").filter(pl.col("path").is_in(["a", "b", "d"])).collect()["path"].to_list()
    assert [path for path in paths if path != "c"] == ["a", "b", "d"]
