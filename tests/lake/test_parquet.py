"""The Parquet files of tables: where they lie, what the log says of them, and how they are read again."""

import datetime as dt
import json

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lake.layout import STATS_COLUMNS
from lake.parquet import TableFiles, conform, write_file, write_partitions

UTC_TIME = pl.Datetime("us", "UTC")
SCHEMA = pl.Schema({"n": pl.Int64, "word": pl.String, "source_id": pl.String, "month": pl.String})
PARTITION = ["source_id", "month"]


@pytest.fixture(autouse=True)
def _statistics_of_n(monkeypatch):
    monkeypatch.setitem(STATS_COLUMNS, "numbers", ["n"])


def numbers(*values, source_id="s", month="2024-03"):
    rows = {"n": values, "word": [str(value) for value in values]}
    return pl.DataFrame(rows, {"n": pl.Int64, "word": pl.String}).with_columns(
        source_id=pl.lit(source_id), month=pl.lit(month)
    )


def table_files(folder, written_files):
    files = [{"path": file.path, "size_bytes": file.size_bytes} | file.partition for file in written_files]
    columns = {"path": pl.String, "size_bytes": pl.Int64} | dict.fromkeys(PARTITION, pl.String)
    return TableFiles("numbers", folder, SCHEMA, PARTITION, pl.DataFrame(files, columns))


# What is written


def test_each_partition_is_a_file_below_a_folder_of_its_values(tmp_path):
    rows = pl.concat([numbers(1, 2), numbers(3, source_id="t"), numbers(4)])
    files = list(write_partitions(tmp_path, "numbers", rows, PARTITION))
    assert [(file.path.rpartition("/")[0], file.rows, file.partition) for file in files] == [
        ("source_id=s/month=2024-03", 3, {"source_id": "s", "month": "2024-03"}),
        ("source_id=t/month=2024-03", 1, {"source_id": "t", "month": "2024-03"}),
    ]
    assert [file.size_bytes for file in files] == [(tmp_path / file.path).stat().st_size for file in files]


def test_rows_keep_their_order_and_leave_their_partition_columns_to_the_folder(tmp_path):
    [file] = write_partitions(tmp_path, "numbers", numbers(3, 1, 2), PARTITION)
    stored = pl.read_parquet(tmp_path / file.path, hive_partitioning=False)
    assert_frame_equal(stored, pl.DataFrame({"n": [3, 1, 2], "word": ["3", "1", "2"]}))


def test_a_file_never_takes_the_place_of_another(tmp_path):
    paths = {write_file(tmp_path, "numbers", numbers(1)).path for _ in range(3)}
    assert len(paths) == 3


def test_a_file_has_no_statistics_of_its_own(tmp_path):
    file = write_file(tmp_path, "numbers", numbers(1, 2))
    row_group = pq.ParquetFile(tmp_path / file.path).metadata.row_group(0)
    assert [row_group.column(index).is_stats_set for index in range(row_group.num_columns)] == [False] * 4


# Statistics of the log

MOMENT = dt.datetime(2024, 3, 5, 8, 0, 0, 1, tzinfo=dt.UTC)
STATISTICS = {
    "numbers": ([3, 1, 2], pl.Int64, 1, 3),
    "words": (["b", "a"], pl.String, "a", "b"),
    "days": ([dt.date(2024, 3, 5), dt.date(1999, 12, 31)], pl.Date, "1999-12-31", "2024-03-05"),
    "moments": ([MOMENT], UTC_TIME, "2024-03-05T08:00:00.000001Z", "2024-03-05T08:00:00.000001Z"),
    "seconds": ([MOMENT.replace(microsecond=0)], UTC_TIME, "2024-03-05T08:00:00Z", "2024-03-05T08:00:00Z"),
}


@pytest.mark.parametrize(("values", "dtype", "lowest", "highest"), STATISTICS.values(), ids=STATISTICS)
def test_the_log_knows_the_extremes_of_a_column(tmp_path, values, dtype, lowest, highest):
    file = write_file(tmp_path, "numbers", pl.DataFrame({"n": pl.Series(values, dtype=dtype)}))
    statistics = json.loads(file.statistics)
    assert (statistics["minValues"], statistics["maxValues"]) == ({"n": lowest}, {"n": highest})


def test_the_log_counts_rows_and_nulls(tmp_path):
    file = write_file(tmp_path, "numbers", numbers(None, 7, None))
    assert json.loads(file.statistics) == {
        "numRecords": 3,
        "minValues": {"n": 7},
        "maxValues": {"n": 7},
        "nullCount": {"n": 2},
    }


def test_a_column_of_nulls_has_no_extremes(tmp_path):
    file = write_file(tmp_path, "numbers", pl.DataFrame({"n": [None, None]}, {"n": pl.Int64}))
    statistics = json.loads(file.statistics)
    assert (statistics["minValues"], statistics["maxValues"], statistics["nullCount"]) == ({}, {}, {"n": 2})


# What is read


def test_rows_come_in_the_order_of_the_files_with_the_values_of_their_folders(tmp_path):
    written = [
        file
        for rows in (numbers(9), numbers(1, source_id="a"), numbers(5, month="2023-01"))
        for file in write_partitions(tmp_path, "numbers", rows, PARTITION)
    ]
    expected = pl.concat([numbers(9), numbers(1, source_id="a"), numbers(5, month="2023-01")])
    assert_frame_equal(table_files(tmp_path, written).read(), expected)


def test_only_the_columns_that_are_asked_for_are_returned(tmp_path):
    files = table_files(tmp_path, write_partitions(tmp_path, "numbers", numbers(1), PARTITION))
    assert_frame_equal(files.read(["month", "n"]), pl.DataFrame({"month": ["2024-03"], "n": [1]}))


def test_of_no_file_there_are_no_rows_but_all_columns(tmp_path):
    assert table_files(tmp_path, []).read().schema == SCHEMA
    assert table_files(tmp_path, []).read(["n"]).schema == {"n": pl.Int64}


OTHER_FILES = {
    "without a column": (pl.DataFrame({"n": [1]}), (1, None)),
    "with a column that the table lacks": (pl.DataFrame({"n": [1], "word": ["1"], "new": [True]}), (1, "1")),
    "with a narrower type": (pl.DataFrame({"n": [1], "word": ["1"]}, {"n": pl.Int32, "word": pl.String}), (1, "1")),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "expected"), OTHER_FILES.values(), ids=OTHER_FILES)
def test_a_file_is_read_as_the_table_is_by_now(tmp_path, rows, expected):
    file = write_file(tmp_path, "numbers", rows, {"source_id": "s", "month": "2024-03"})
    assert table_files(tmp_path, [file]).read().rows() == [(*expected, "s", "2024-03")]


def test_rows_get_the_columns_order_and_types_of_a_schema():
    rows = pl.DataFrame(
        {"other": [1], "word": ["x"], "n": [2]}, {"other": pl.Int8, "word": pl.String, "n": pl.Int8}
    )
    conformed = conform(rows, SCHEMA)
    assert (conformed.schema, conformed.rows()) == (SCHEMA, [(2, "x", None, None)])


ROWS = st.lists(st.tuples(st.integers(-9, 9), st.sampled_from("ab"), st.sampled_from(["2024-03", "2024-04"])))


@given(values=ROWS)
def test_what_is_written_is_read_again(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("files")
    rows = pl.DataFrame([(n, str(n), *partition) for n, *partition in values], SCHEMA, orient="row")
    files = table_files(folder, [])
    read_again = table_files(folder, files.write(rows)).read()
    assert_frame_equal(read_again.sort(SCHEMA.names()), rows.sort(SCHEMA.names()))
