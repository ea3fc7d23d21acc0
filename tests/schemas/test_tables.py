import datetime as dt
from dataclasses import fields

import polars as pl
import pytest

from posts.post import Post
from schemas.posts import Posts
from schemas.tables import TABLES, empty_table, schema_of

RUN_COLUMNS = {"version_at", "withdrawn_at", "run_id", "ingested_at"}
NOON = dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)
ROW = {
    "post_id": "0" * 32,
    "source": "Lamplight",
    "source_id": "lamplight-0123456789",
    "date": NOON.date(),
    "published_at": NOON,
    "published_raw": None,
    "date_from": "front_matter",
    "date_precision": "second",
    "date_conflict": False,
    "fetched_at": None,
    "title": "灯塔",
    "author": None,
    "url": "https://lamp.example/a",
    "domain": "lamp.example",
    "tags": [],
    "categories": ["Lamplight"],
    "language": "zh",
    "script": "Hans",
    "text": "海上\U0001f6a2",
    "text_chars": 3,
    "boilerplate_chars": 4,
    "cuts": [{"rule": "leftover", "count": 2, "chars": 4}],
    "links": [{"url": "https://lamp.example/b", "text": "b"}],
    "images": [],
    "content_hash": "f" * 32,
    "origin": "/blog",
    "path": "a.md",
    "blob": "a" * 40,
    "extra": None,
    "warnings": [],
    "template_version": None,
    "cleaner_version": 1,
    "version_at": NOON,
    "withdrawn_at": None,
    "run_id": "r",
    "ingested_at": NOON,
}
BROKEN_ROWS = {
    "language|check": {"language": "german"},
    "script|check": {"script": "Latn"},
    "format|check": {"format": "org"},
    "title_is_present": {"title": " \t\u3000"},
    "date_is_plausible": {"date": dt.date(1799, 12, 31), "published_at": NOON.replace(1799, 12, 31)},
    "date_is_the_day_of_published_at": {"date": dt.date(2024, 3, 6)},
    "url_is_http": {"url": "ftp://lamp.example/a"},
    "text_chars_counts_text": {"text_chars": 9},
    "post_id|regex": {"post_id": "0" * 31},
    "post_id|nullability": {"post_id": None},
    "source|min_length": {"source": ""},
    "source_id|regex": {"source_id": "灯塔"},
    "date_from|check": {"date_from": "guess"},
    "date_precision|check": {"date_precision": "hour"},
    "text_chars|min": {"text": "", "text_chars": -1},
    "boilerplate_chars|min": {"boilerplate_chars": -1},
    "content_hash|regex": {"content_hash": "x"},
    "blob|regex": {"blob": "b" * 39},
    "tags|nullability": {"tags": None},
    "tags|inner_nullability": {"tags": [None]},
    "links|inner_inner_url_nullability": {"links": [{"url": None, "text": "b"}]},
    "ingested_at|nullability": {"ingested_at": None},
}


def filter_row(**changes):
    valid_rows, failures = Posts.filter(pl.DataFrame([ROW | changes], schema=schema_of("posts")))
    return valid_rows.height, set(failures.counts())


def test_a_post_has_every_column_of_posts_but_the_runs_own():
    assert {field.name for field in fields(Post)} - {"body_bytes"} == set(schema_of("posts")) - RUN_COLUMNS


def test_a_sound_row_keeps_every_rule():
    assert filter_row() == (1, set())


def test_a_row_without_url_keeps_every_rule():
    assert filter_row(url=None, domain=None) == (1, set())


@pytest.mark.parametrize(("rule", "changes"), BROKEN_ROWS.items(), ids=BROKEN_ROWS)
def test_a_row_that_breaks_a_rule_is_refused_with_its_name(rule, changes):
    valid_count, broken_rules = filter_row(**changes)
    assert valid_count == 0
    assert rule in broken_rules


def test_every_rule_but_nullability_is_broken_by_a_case():
    rules = {name for name in Posts._validation_rules(with_cast=False) if "nullability" not in name}
    assert rules <= set(BROKEN_ROWS)


@pytest.mark.parametrize("day", ["1800-01-01", "2099-12-31"])
def test_the_first_and_the_last_plausible_day_are_kept(day):
    moment = dt.datetime.fromisoformat(f"{day}T23:59:59+00:00")
    assert filter_row(date=moment.date(), published_at=moment) == (1, set())


@pytest.mark.parametrize("table", TABLES)
def test_an_empty_table_has_its_columns(table):
    assert empty_table(table).schema == schema_of(table)
