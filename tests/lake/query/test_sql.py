"""SQL queries on a lake."""

import csv
import json

import polars as pl
import pytest

from lake.create import create_lake
from lake.errors import QueryError
from lake.query import info, sql
from lake.store import open_lake
from schemas.tables import TABLES

TABLES_AND_VIEWS = [*TABLES, *(view for view in sql.VIEWS if view not in TABLES)]
ODD = '引号"、逗号,\n换行和 𠮷'


@pytest.fixture(scope="module")
def lake(examples):
    return open_lake(examples.lake)


@pytest.fixture(scope="module")
def empty_lake(tmp_path_factory):
    return create_lake(tmp_path_factory.mktemp("empty") / "lake", None)


@pytest.mark.parametrize("name", TABLES_AND_VIEWS)
def test_every_table_and_view_answers_on_an_empty_lake(empty_lake, name):
    columns, rows, is_more = sql.run_query(empty_lake, f"SELECT * FROM {name}", 9)
    assert (len(columns) > 0, rows, is_more) == (True, [], False)


@pytest.mark.parametrize("name", TABLES_AND_VIEWS)
def test_every_view_has_the_same_columns_and_types_on_an_empty_and_a_full_lake(empty_lake, lake, name):
    columns = [sql.run_query(each, f"DESCRIBE {name}", 99)[1] for each in (empty_lake, lake)]
    assert columns[0] == columns[1]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("SELECT count(*) FROM posts", 40),
        ("SELECT count(*) FROM files", 52),
        ("SELECT sum(posts)::int FROM sources", 40),
        ("SELECT sum(posts)::int FROM daily", 40),
        ("SELECT sum(chars) = (SELECT sum(boilerplate_chars) FROM posts) FROM cuts", True),
        ("SELECT count(*) FROM files WHERE last_seen_at IS NULL", 0),
        ("SELECT count(*) FROM rejects WHERE content IS NULL", 0),
        ("SELECT count(*) FROM runs WHERE balanced", 1),
        ("SELECT count(*) FROM posts p ANTI JOIN raw USING (blob)", 0),
        ("SELECT count(*) FROM posts WHERE month <> strftime(date, '%Y-%m')", 0),
        ("SELECT typeof(month) FROM posts LIMIT 1", "VARCHAR"),
        ("SELECT source FROM posts WHERE title = '借书证的背面'", "北窗读书"),
    ],
)
def test_the_examples_answer(lake, query, answer):
    assert sql.run_query(lake, query, 9)[1] == [(answer,)]


def test_rejects_are_the_rejected_files_of_the_ledger(lake, examples):
    rejected = examples.files().filter(pl.col("outcome") == "rejected")["path"].sort().to_list()
    assert sql.run_query(lake, "SELECT path FROM rejects ORDER BY path", 99)[1] == [
        (path,) for path in rejected
    ]


def test_withdrawn_posts_are_not_counted_and_gone_files_were_last_seen_then(archive):
    archive.write("a.md", url="https://a.example/1")
    archive.write("b.md", url="https://a.example/2")
    archive.ingest()
    archive.remove("a.md")
    archive.ingest()
    query = """SELECT (SELECT posts FROM sources), (SELECT sum(posts)::int FROM daily),
               (SELECT bool_and(last_seen_at = coalesce(gone_at, (SELECT max(started_at) FROM runs))) FROM files)"""
    assert sql.run_query(open_lake(archive.lake), query, 9)[1] == [(1, 1, True)]


def test_a_query_reads_the_current_version_only(archive):
    for title in ("一", "二", "三"):
        archive.write("a.md", url="https://a.example/1", title=title)
        archive.ingest()
    assert sql.run_query(open_lake(archive.lake), "SELECT title FROM posts", 9)[1] == [("三",)]


@pytest.mark.parametrize(("max_rows", "expected"), [(39, True), (40, False)])
def test_rows_tell_whether_there_are_more(lake, max_rows, expected):
    _, rows, is_more = sql.run_query(lake, "SELECT title FROM posts", max_rows)
    assert (len(rows), is_more) == (max_rows, expected)


@pytest.mark.parametrize(
    "query",
    [
        "SELEC 1",
        "SELECT nothing FROM posts",
        "SELECT * FROM nowhere",
        "SELECT title::int FROM posts",
        "SELECT 'a",
        "",
    ],
    ids=["syntax", "column", "table", "cast", "open-quote", "nothing"],
)
def test_a_wrong_query_is_a_query_error(lake, tmp_path, query):
    with pytest.raises(QueryError):
        sql.export(lake, query, str(tmp_path / "out.csv"), "csv")
    if query:
        with pytest.raises(QueryError):
            sql.run_query(lake, query, 9)


READERS = {
    "csv": lambda file: list(csv.DictReader(file.open(encoding="utf-8", newline=""))),
    "json": lambda file: json.loads(file.read_text(encoding="utf-8")),
    "parquet": lambda file: pl.read_parquet(file).rows(named=True),
}


@pytest.mark.parametrize("form", READERS)
def test_an_export_gives_back_chinese_text_quotes_and_line_breaks(archive, tmp_path, form):
    archive.write("a.md", title="乙", extra_field=ODD, url="https://a.example/1")
    archive.write("b.md", title="甲", extra_field="無", url="https://a.example/2")
    archive.ingest()
    file = tmp_path / f"出口 'it''s.{form}"
    sql.export(open_lake(archive.lake), "SELECT title, extra FROM posts ORDER BY path;", str(file), form)
    rows = [(row["title"], json.loads(row["extra"])["extra_field"]) for row in READERS[form](file)]
    assert rows == [("乙", ODD), ("甲", "無")]


@pytest.mark.parametrize(
    "query",
    [
        "DESCRIBE posts",
        "SELECT 1 -- one",
        "FROM posts",
        "WITH p AS (FROM posts) SELECT * FROM p",
        " SELECT 1 ; ",
    ],
)
def test_whatever_gives_rows_can_be_exported(lake, tmp_path, query):
    sql.export(lake, query, str(tmp_path / "out.parquet"), "parquet")
    assert pl.read_parquet(tmp_path / "out.parquet").height == len(sql.run_query(lake, query, 99)[1])


def test_two_statements_are_not_exported(lake, tmp_path):
    with pytest.raises(QueryError, match="one statement"):
        sql.export(lake, "SELECT 1; SELECT 2", str(tmp_path / "out.csv"), "csv")
    assert not (tmp_path / "out.csv").exists()


def test_a_file_that_cannot_be_written_is_a_query_error(lake, tmp_path):
    with pytest.raises(QueryError):
        sql.export(lake, "SELECT 1", str(tmp_path / "nowhere" / "out.csv"), "csv")


def test_info_counts_the_rows_of_every_table(lake):
    counts = {table.table: table.rows for table in info.tables(lake)}
    assert counts == {name: lake.scan(name).collect().height for name in TABLES}


def test_posts_by_source_come_largest_first_without_the_withdrawn(archive):
    for number, source in enumerate(["少", "多", "多", "去"]):
        archive.write(f"{number}.md", categories=[source], url=f"https://a.example/{number}")
    archive.ingest()
    archive.remove("3.md")
    archive.ingest()
    assert info.posts_by_source(open_lake(archive.lake)).select("source", "posts").rows() == [
        ("多", 2),
        ("少", 1),
    ]
