"""Which contents table raw has is known without its files, as long as the ledger names them all."""

import polars as pl
import pytest

from lake.batch import BLOB_HASH
from lake.create import create_lake
from lake.tables.files import stored_contents
from lake_rows import file_row, frame, store
from s3_proxy import count_by_kind
from schemas.enums import Granularity, Outcome, Reason

IGNORED = {"outcome": Outcome.IGNORED.value, "reason": Reason.EMPTY.value}
TOO_LARGE = {"outcome": Outcome.REJECTED.value, "reason": Reason.TOO_LARGE.value}


@pytest.fixture
def lake(bucket):
    """Return a lake in a bucket with contents `a` and `b`, of which two files are copies, and files without bytes."""
    lake = create_lake(bucket / "lake", Granularity.MONTH)
    for blob in ("a", "b"):
        lake.append("raw", frame("raw", {"blob": blob, "size": 1, "content": b"a", "run_id": "r"}))
    rows = (
        file_row("a"),
        file_row("b"),
        file_row("copy/b"),
        file_row("c", **IGNORED),
        file_row("d", **TOO_LARGE),
    )
    store(lake, "files", *rows)
    return lake


def find_stored(lake, *blobs):
    hashes = {blob: pl.DataFrame({"blob": blob}).select(BLOB_HASH).item() for blob in blobs}
    found = stored_contents(lake, pl.Series([*hashes.values()], dtype=pl.UInt64))
    return {blob for blob in blobs if hashes[blob] in found}


def test_no_file_of_raw_is_requested_where_the_ledger_names_all_contents(lake, proxy):
    proxy.take_requests()
    assert find_stored(lake, "b", "c", "d", "new") == {"b"}
    assert count_by_kind(proxy.take_requests())["GET", "raw data"] == 0


@pytest.mark.parametrize("path", ["a", "b"])
def test_a_content_that_no_file_has_any_more_is_found_in_raw(lake, path):
    store(lake, "files", file_row(path, blob="edited"))
    lake.append("raw", frame("raw", {"blob": "edited", "size": 1, "content": b"a", "run_id": "r"}))
    assert find_stored(lake, "a", "b", "edited", "new") == {"a", "b", "edited"}
