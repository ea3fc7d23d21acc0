"""Statistics of the posts of a lake, by source and period."""

import datetime as dt

import polars as pl
import pytest

from lake.create import create_lake
from lake.query import statistics
from lake.query.growth import growth_of_tables
from lake.query.info import tables
from lake.query.statistics import Period, Window
from lake.store import open_lake

TODAY = dt.date(2024, 6, 1)
MONTHS = Window(dt.date(2024, 1, 1), dt.date(2024, 5, 31), Period.MONTH)


def write_and_open(archive, *posts):
    """Ingest posts of (source, day, text), and open the statistics."""
    for number, (source, day, text) in enumerate(posts):
        archive.write(f"{number}.md", text, title=f"第{number}篇", date=day, categories=[source])
    archive.ingest()
    return statistics.open_statistics(open_lake(archive.lake))


def test_a_source_is_summed_without_what_is_withdrawn(archive):
    archive.write("a.md", "渡口的灯亮了。", date="2024-03-05")
    archive.write("b.md", "渡口的灯亮了，又灭了。", title="二", date="2024-04-01")
    archive.ingest()
    archive.remove("b.md")
    archive.ingest()
    row = statistics.sources(statistics.open_statistics(open_lake(archive.lake))).row(0, named=True)
    values = {name: row[name] for name in ("source", "posts", "withdrawn", "last", "text_chars")}
    assert values == {
        "source": "旧刊",
        "posts": 1,
        "withdrawn": 1,
        "last": dt.date(2024, 3, 5),
        "text_chars": 7,
    }


def test_a_source_of_which_all_is_withdrawn_has_no_dates(archive):
    archive.write("a.md")
    archive.ingest()
    archive.remove("a.md")
    archive.ingest()
    database = statistics.open_statistics(open_lake(archive.lake))
    row = statistics.sources(database).row(0, named=True)
    assert (row["posts"], row["withdrawn"], row["first"], statistics.choose_window(database, TODAY)) == (
        0,
        1,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("last", "period"),
    [("2024-01-01", Period.DAY), ("2024-04-09", Period.DAY), ("2024-04-10", Period.WEEK),
     ("2026-12-27", Period.WEEK), ("2026-12-28", Period.MONTH), ("2084-01-01", Period.YEAR)],
)  # fmt: skip
def test_the_period_follows_the_span(archive, last, period):
    database = write_and_open(archive, ("甲", "2024-01-01", "一"), ("甲", last, "二"))
    assert statistics.choose_window(database, dt.date(2090, 1, 1)).period == period


def test_a_far_tail_of_early_posts_and_posts_of_the_future_are_counted_and_not_shown(archive):
    days = ["1969-06-01", "2077-07-07", *["2024-03-05"] * 1000]
    database = write_and_open(archive, *(("甲", day, "灯") for day in days))
    day = dt.date(2024, 3, 5)
    assert statistics.choose_window(database, TODAY) == Window(
        day, day, Period.DAY, posts_before=1, posts_after=1
    )


def test_activity_sums_what_is_not_chosen(archive):
    days = ("2024-03-05", "2024-03-09", "2024-05-01")
    database = write_and_open(
        archive, *((source, day, "灯") for source in ("甲", "乙", "丙") for day in days)
    )
    source_ids = statistics.sources(database)["source_id"].to_list()[:1]
    rows = statistics.activity(database, MONTHS, source_ids).select("source_id", "since", "posts").rows()
    march, may = dt.date(2024, 3, 1), dt.date(2024, 5, 1)
    assert rows == [(source_ids[0], march, 2), (source_ids[0], may, 1), (None, march, 4), (None, may, 2)]


def test_lengths_are_the_quartiles_of_posts_with_text(archive):
    database = write_and_open(
        archive, *(("甲", "2024-03-05", "灯" * chars) for chars in (0, 100, 200, 300, 400, 500))
    )
    row = statistics.lengths(database, MONTHS, []).row(0, named=True)
    assert (row["source_id"], row["since"], row["posts"], row["median"]) == (
        None,
        dt.date(2024, 3, 1),
        5,
        300,
    )
    assert 100 <= row["lower"] <= 200
    assert 400 <= row["upper"] <= 500


def test_files_that_are_no_posts_are_counted_by_reason(examples):
    counts = statistics.non_post_files(statistics.open_statistics(open_lake(examples.lake)))
    assert counts.filter(pl.col("files") > 1).rows() == [("ignored", "no_front_matter", 3)]
    assert counts["files"].sum() == 8


def test_an_empty_lake_has_no_figures(tmp_path):
    lake = create_lake(tmp_path / "lake", None)
    database = statistics.open_statistics(lake)
    queries = (statistics.sources, statistics.languages, statistics.non_post_files)
    assert [each(database).height for each in queries] == [0, 0, 0]
    assert (statistics.last_runs(lake, 9).height, statistics.choose_window(database, TODAY)) == (0, None)


def test_growth_ends_at_what_the_tables_are(archive):
    archive.write("a.md")
    archive.ingest()
    archive.write("b.md", title="二")
    archive.ingest()
    lake = open_lake(archive.lake)
    last_rows = (
        growth_of_tables(lake)
        .group_by("table", maintain_order=True)
        .last()
        .select("table", "bytes", "files")
        .rows()
    )
    assert last_rows == [(each.table, each.bytes, each.files) for each in tables(lake)]


def test_growth_begins_where_the_log_does(archive):
    for number in range(3):
        archive.write(f"{number}.md", title=f"第{number}篇")
        archive.ingest()
    open_lake(archive.lake).table("raw").create_checkpoint()
    (archive.lake / f"raw/_delta_log/{1:020}.json").unlink()
    rows = growth_of_tables(open_lake(archive.lake)).filter(pl.col("table") == "raw")
    assert rows["files"].to_list() == [2, 3]
