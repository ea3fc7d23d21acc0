"""Rows that wait for their batch, in memory or on disk: what comes back is what was appended."""

import polars as pl
import pytest

from flows.pipeline import row_store
from flows.pipeline.row_store import RowStore

FRAMES = [pl.DataFrame({"a": [1, 2], "b": ["x", None]}), pl.DataFrame({"a": [3], "b": ["z"]})]


@pytest.fixture(params=[0, 2, 100], ids=["on disk", "on disk when there are more", "in memory"])
def store(request, monkeypatch):
    monkeypatch.setattr(row_store, "MAX_ROWS_IN_MEMORY", request.param)
    store = RowStore()
    for frame in FRAMES:
        store.append(frame)
    return store


def rows(frames):
    return [row for frame in frames for row in frame.rows()]


def test_rows_come_back_in_order(store):
    assert (store.height, rows(store)) == (3, rows(FRAMES))


@pytest.mark.parametrize(
    ("mask", "expected"), [([True, False, True], [1, 3]), ([False, False, True], [3]), ([False] * 3, [])]
)
def test_a_mask_selects_rows(store, mask, expected):
    assert [row[0] for row in rows(store.filter(pl.Series(mask)))] == expected


@pytest.mark.parametrize(("start", "count"), [(0, 3), (1, 2), (2, 1)])
def test_a_slice_is_of_one_frame_or_of_several(store, start, count):
    assert store.slice(start, count).rows() == rows(FRAMES)[start : start + count]


def test_rows_are_updated_frame_by_frame(store):
    store.update(lambda frame: frame.with_columns(pl.col("a") * 10))
    assert [row[0] for row in rows(store)] == [10, 20, 30]


def test_a_process_that_is_killed_leaves_no_file(monkeypatch, tmp_path):
    monkeypatch.setattr(row_store, "MAX_ROWS_IN_MEMORY", 0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = RowStore()
    store.append(FRAMES[0])
    assert rows(store) == FRAMES[0].rows()
    assert [*tmp_path.iterdir()] == []


def test_rows_in_memory_need_no_folder_for_temporary_files(monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/there/is/none")
    store = RowStore()
    store.append(FRAMES[0])
    assert rows(store) == FRAMES[0].rows()
