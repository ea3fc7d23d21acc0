"""Witnesses of the date of a post: which is asked first, and what each of them can say."""

import datetime as dt

import pytest

from posts.metadata.dates import Witnesses, date_from_file_name, parse_date, resolve_date
from posts.metadata.dates.parsed import ParsedDate
from posts.metadata.dates.places import find_in_paths
from schemas.enums import ParseWarning


def day(text):
    return dt.datetime.fromisoformat(f"{text}T00:00:00+00:00")


# each witness names another day, from August 30 to September 4
WITNESSES = Witnesses(
    "2021/09/04/2021-09-03-x.md",
    parse_date("2021-08-30"),
    epoch="1630454400000",
    links=["2021/09/02/x"],
)


@pytest.mark.parametrize(
    ("witnesses", "published", "date_from", "precision"),
    [
        (WITNESSES, "2021-08-30", "front_matter", "day"),
        (WITNESSES._replace(front_date=None), "2021-09-01", "epoch", "second"),
        (WITNESSES._replace(front_date=None, epoch=None), "2021-09-02", "path", "day"),
        (WITNESSES._replace(front_date=None, epoch="5"), "2021-09-02", "path", "day"),
        (Witnesses("2021/09/04/2021-09-03-x.md"), "2021-09-03", "filename", "day"),
        (Witnesses("2021/09/04/x.md"), "2021-09-04", "folders", "day"),
        (Witnesses("2021/09/x.md"), "2021-09-01", "folders", "month"),
        (Witnesses("2021/09/04/x.md", links=["/2021/08/x/"]), "2021-09-04", "folders", "day"),
        (Witnesses("2021/10/x.md", links=["/2021/08/x/"]), "2021-08-01", "path", "month"),
    ],
)
def test_the_first_witness_that_knows_the_day_decides(witnesses, published, date_from, precision):
    resolved = resolve_date(witnesses)
    assert (resolved.published_at, resolved.date_from, resolved.precision) == (
        day(published), date_from, precision,
    )  # fmt: skip


def test_the_folder_of_an_archive_does_not_name_the_day_of_publication():
    assert resolve_date(Witnesses("archived/2024-09-01/x.md")).published_at is None


@pytest.mark.parametrize(
    ("written", "published", "date_from", "precision"),
    [
        ("2021", "2021-09-03", "filename", "day"),
        ("September 2021", "2021-09-03", "filename", "day"),
        ("2020", "2020-01-01", "front_matter", "year"),
        ("2021-10", "2021-10-01", "front_matter", "month"),
    ],
)
def test_a_month_or_a_year_is_made_exact_by_a_day_of_it(written, published, date_from, precision):
    resolved = resolve_date(Witnesses("2021-09-03-x.md", parse_date(written)))
    assert (resolved.published_at, resolved.date_from, resolved.precision) == (
        day(published), date_from, precision,
    )  # fmt: skip
    assert resolved.conflict == (date_from == "front_matter")


@pytest.mark.parametrize("number", ["5", "2021", "20210830", "0", "-1", "-62135596800000", "9" * 400])
def test_a_number_in_a_comment_that_is_no_time_since_1990_says_nothing(number):
    front_date = parse_date("2021-09-01T08:00:00Z")
    resolved = resolve_date(Witnesses("x.md", front_date, epoch=number))
    assert (resolved.published_at, resolved.fetched_at, resolved.warnings) == (front_date.time, None, [])


def test_an_epoch_in_seconds_is_that_of_the_feed():
    assert resolve_date(Witnesses("x.md", epoch="1630454400")).published_at == day("2021-09-01")


def test_a_bad_date_warns_and_the_next_witness_decides():
    resolved = resolve_date(Witnesses("2021-09-03-x.md", is_bad=True, raw="0000-00-00"))
    assert (resolved.published_at, resolved.warnings) == (day("2021-09-03"), [ParseWarning.BAD_DATE])


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("blog/2021/09/21/title", ("2021-09-21", "day")),
        ("https://news.example/2021/0921/c12.html", ("2021-09-21", "day")),
        ("https://news.example/gn/2021/09-21/12.shtml", ("2021-09-21", "day")),
        ("https://news.example/2021-09/21/content_12.htm", ("2021-09-21", "day")),
        ("https://news.example/20210921/12.html", ("2021-09-21", "day")),
        ("2021-09-21-title", ("2021-09-21", "day")),
        ("1923/5/4/speech", ("1923-05-04", "day")),
        ("2020/01/01/copies/2021/09/21/", ("2021-09-21", "day")),
        ("/2021/09/title/", ("2021-09-01", "month")),
        ("posts/2021-09/title/", ("2021-09-01", "month")),
        ("/2021/title/", None),
        ("/2021/13/01/title/", None),
        ("/2021/09/3-tips", ("2021-09-01", "month")),
        ("/posts/12021/09/21/", None),
        ("/20219921/", None),
        ("/post/123456789/", None),
        ("/v2021.09.21/", None),
    ],
)
def test_a_day_or_a_month_is_found_in_a_path(path, found):
    expected = found and ParsedDate(day(found[0]), found[1])
    assert find_in_paths([path]) == expected


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("2021-09-01-title.md", "2021-09-01"),
        ("2021.9.1.md", "2021-09-01"),
        ("20210901-title.md", "2021-09-01"),
        ("20210901.md", "2021-09-01"),
        ("[2021-09-01-20-05-07]title.md", "2021-09-01"),
        ("【2021.9.1】title.md", "2021-09-01"),
        ("202109011.md", None),
        ("202109012359 a note.md", "2021-09-01"),
        ("20210901235959.md", "2021-09-01"),
        ("202109012460.md", None),
        ("20211301.md", None),
        ("0000-00-00-title.md", None),
        ("title-2021-09-01.md", None),
    ],
)
def test_a_file_name_that_begins_with_a_day_names_it(name, found):
    assert date_from_file_name(name) == (found and day(found))
