"""Find the day, or the month, that is part of a file name, a path or a URL."""

import datetime as dt
import re
from collections.abc import Iterable

from posts.metadata.dates import parsed
from posts.metadata.dates.parsed import ParsedDate
from schemas.keys import STATE_FOLDER_PATTERN

YEAR, RECENT_YEAR = "((?:1[89]|20)[0-9]{2})", "((?:199|20[0-9])[0-9])"
# the time of day in the number of a note, `202109012359`
STAMP = "(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9])?"
# also `[2021-09-01]title`, `【2021.9.1】title`
FILE_NAME_DATE = re.compile(
    rf"[\[(（【]?([0-9]{{4}})[-_.]([0-9]{{1,2}})[-_.]([0-9]{{1,2}})|{RECENT_YEAR}([0-9]{{2}})([0-9]{{2}})(?:{STAMP})?(?![0-9])"
)
# /2021/09/21/, /2021-09-21-title, and of newspapers /2021-09/21/, /2021/0921/, /2021/09-21/, /20210921/
PATH_DATE = re.compile(
    rf"(?:^|/)(?:{YEAR}/([0-9]{{1,2}})/([0-9]{{1,2}})(?=/|$)|{YEAR}-([0-9]{{1,2}})-([0-9]{{1,2}})(?![0-9])"
    rf"|{YEAR}-([0-9]{{2}})/([0-9]{{2}})(?=/|$)|{YEAR}/([0-9]{{2}})-?([0-9]{{2}})(?=/|$)"
    rf"|{RECENT_YEAR}([0-9]{{2}})([0-9]{{2}})(?:{STAMP})?(?![0-9]))"
)
PATH_MONTH = re.compile(rf"(?:^|/){YEAR}[-/]([0-9]{{2}})(?=/)")


def date_from_file_name(file_name: str) -> dt.datetime | None:
    """Return the date that a file name begins with, at 00:00 UTC; None if there is none."""
    day = find_in_file_name(file_name)
    return day.time if day else None


def find_in_file_name(file_name: str) -> ParsedDate | None:
    """Return the day that a file name begins with; None if there is none."""
    match = FILE_NAME_DATE.match(file_name)
    return _as_date(match) if match else None


def find_in_folders(path: str) -> ParsedDate | None:
    """Return the day, or else the month, that the folders of a file name: not the day that it was archived."""
    folders, _, _ = STATE_FOLDER_PATTERN.sub("", path).rpartition("/")
    return find_in_paths([f"{folders}/"]) if folders else None


def find_in_paths(paths: Iterable[str]) -> ParsedDate | None:
    """Return the last day in the first path that has one, else the last month in the first path that has one."""
    months = []
    for path in paths:
        days = [day for match in PATH_DATE.finditer(path) if (day := _as_date(match))]
        if days:
            return days[-1]
        months += [month for match in PATH_MONTH.finditer(path) if (month := _as_date(match))][-1:]
    return months[0] if months else None


def _as_date(match: re.Match[str]) -> ParsedDate | None:
    return parsed.of_day(tuple(map(int, filter(None, match.groups()))))
