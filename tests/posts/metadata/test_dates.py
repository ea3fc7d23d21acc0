"""Spellings of dates: each has the value of the table, or is refused. The table was fixed before the code."""

import csv
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posts.metadata.dates.parsed import ParsedDate
from posts.metadata.dates.spelling import MAX_DATE_CHARS, parse_date
from schemas.enums import ParseWarning

TABLE = Path(__file__).with_name("date_spellings.tsv")
WARNINGS = {"naive": ParseWarning.NAIVE_DATE, "ambiguous": ParseWarning.AMBIGUOUS_DATE}
SHANGHAI = ZoneInfo("Asia/Shanghai")


def rows():
    with TABLE.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def expected(row):
    if row["utc"] == "refused":
        return None
    warnings = tuple(WARNINGS[name] for name in row["warnings"].split(",") if name != "-")
    return ParsedDate(dt.datetime.fromisoformat(row["utc"]), row["precision"], warnings)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["spelling"])
def test_a_spelling_is_read_as_the_table_says(row):
    assert parse_date(row["spelling"]) == expected(row)


@pytest.mark.parametrize(
    ("spelling", "utc"),
    [
        ("2021-09-01 08:00", "2021-09-01T00:00:00Z"),
        ("2021年9月1日 上午8:00", "2021-09-01T00:00:00Z"),
        ("September 1, 2021 8:00 AM", "2021-09-01T00:00:00Z"),
        ("20210901080000", "2021-09-01T00:00:00Z"),
        ("Wed Sep  1 08:00:00 CST 2021", "2021-09-01T00:00:00Z"),
        ("2021-09-01 08:00:00 UTC", "2021-09-01T08:00:00Z"),
        ("1630483200", "2021-09-01T08:00:00Z"),
    ],
)
def test_only_a_time_without_a_zone_is_in_the_zone_of_naive_dates(spelling, utc):
    assert parse_date(spelling, SHANGHAI) == ParsedDate(dt.datetime.fromisoformat(utc))


@pytest.mark.parametrize(
    ("spelling", "utc"),
    [
        ("Mon, 26 January 2004 16:31:00 AT", "2004-01-26T20:31:00Z"),
        ("2019-03-15 08:30:45 Etc/GMT+8", "2019-03-15T16:30:45Z"),
        ("2019-03-15T08:30:45+0800 (JST)", None),
        ("2019-03-15 08:30 +0800 JST", None),
        ("2019-03-15 08:30 GMT EST", None),
        ("2019-03-15 08:30 Asia/Nowhere", None),
        ("March 15, 2019 8:30 A", None),
        ("March 15, 2019 PM", None),
        ("2019-03-15 上午", None),
        ("2019年3月15日 上午8:30 PM", None),
        ("AM 8:30 PM, March 15, 2019", None),
        ("March 15, 2019 EST", None),
    ],
)
def test_a_zone_and_half_of_the_day_are_never_ignored(spelling, utc):
    assert parse_date(spelling) == (utc and ParsedDate(dt.datetime.fromisoformat(utc)))


def test_a_day_is_the_same_in_every_zone():
    assert parse_date("2021-09-01", SHANGHAI) == parse_date("2021-09-01")


def test_an_abbreviation_that_the_zone_of_naive_dates_cannot_have_is_refused():
    assert parse_date("2021-09-01 08:00 IST", SHANGHAI) is None


def test_the_zero_of_unix_in_the_zone_of_naive_dates_is_no_date():
    assert parse_date("1970-01-01 08:00:00", SHANGHAI) is None


WORDS = st.sampled_from(
    [row["spelling"] for row in rows()]
    + "Mar May mar 1er 99 2021 0 24:00 12 PM a.m. 下午 晚上 午後 年 月 日 点 分 半 十 百 元年 令和 民國 (五) 星期 월 일 오전 요일"
    " CST ET +08:00 -99 Etc/ America/ [ ] < > : . - / T Z Uhr h m=+ noon GMT² ٣ １ º ' \u2212 \u0301".split()
)
TEXTS = st.lists(WORDS | st.text(max_size=5), max_size=12).map("".join) | st.text(max_size=MAX_DATE_CHARS + 9)


@given(TEXTS, st.sampled_from([None, SHANGHAI]))
@example("9" * MAX_DATE_CHARS, None)
@example("9999-12-31T23:59:59-14:00", None)
@example("2099-12-31 24:00", SHANGHAI)
@example("0002-01-01 00:00", SHANGHAI)
@example("1:" * 99, None)
@example("20191345 08:30", None)
@example("十" * MAX_DATE_CHARS + "年", None)
@example("2021-09-01 08:00 Etc/" + "../" * 40, None)
@example("2021-09-01 08:00 America/", None)
def test_every_text_is_a_date_in_utc_or_none(text, zone):
    date = parse_date(text, zone)
    assert date is None or (date.time.tzinfo is dt.UTC and date.time.year > 1)
