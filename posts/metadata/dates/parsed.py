"""Dates that were parsed: a time in UTC, how exact it is, and what was guessed."""

import datetime as dt
from functools import lru_cache
from typing import NamedTuple

from schemas.enums import ParseWarning

SECOND, DAY, MONTH, YEAR = "second", "day", "month", "year"
# their times exist in every zone; year 1 has the zero of Go and .NET
MIN_YEAR, MAX_YEAR = 2, 9998
MAX_OFFSET = dt.timedelta(hours=14)
ONE_SECOND = dt.timedelta(seconds=1)
EPOCH, EPOCH_YEARS = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), (1969, 1970)
Warnings = tuple[ParseWarning, ...]


class ParsedDate(NamedTuple):
    """A date. `time` is in UTC; without a time of day it is the first midnight of the day, month or year."""

    time: dt.datetime
    precision: str = SECOND
    warnings: Warnings = ()

    def covers(self, time: dt.datetime) -> bool:
        """Return whether a time is within the day, month or year (within a second, if that is the precision)."""
        if self.precision == SECOND:
            return abs(time - self.time) < ONE_SECOND
        return self.is_same_day(time)

    def is_same_day(self, time: dt.datetime) -> bool:
        """Return whether a time is on the same UTC day, as far as the day is known."""
        if self.precision in (SECOND, DAY):
            return time.date() == self.time.date()
        return time.year == self.time.year and (self.precision == YEAR or time.month == self.time.month)


class Clock(NamedTuple):
    """A time of day as it was written; 24:00 is the end of the day. `zone` is None if it was written without."""

    hour: int
    minute: int = 0
    second: int = 0
    microsecond: int = 0
    zone: dt.tzinfo | None = None


def of_day(parts: tuple[int, ...], warnings: Warnings = ()) -> ParsedDate | None:
    """Return a year, a month of it, or a day of that; None if there is none, or it stands for no date.

    It has no zone: its time is 00:00 in UTC, so that its UTC day is the day that was written.
    """
    try:
        year, month, day = (*parts, 1, 1)[:3]
        time = dt.datetime(year, month, day, tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None
    precision = (YEAR, MONTH, DAY)[len(parts) - 1]
    return None if _is_no_date(time, precision) else ParsedDate(time, precision, warnings)


def at_clock(
    day: tuple[int, ...], clock: Clock, zone: dt.tzinfo | None, warnings: Warnings = ()
) -> ParsedDate | None:
    """Return a time of a day, as `of_time` does; None if there is none."""
    is_end_of_day = clock[:4] == (24, 0, 0, 0)
    try:
        time = dt.time(0, 0, 0, 0, clock.zone) if is_end_of_day else dt.time(*clock)
        local = dt.datetime.combine(dt.date(*day), time)
    except (ValueError, OverflowError):
        return None
    if not MIN_YEAR <= local.year <= MAX_YEAR:
        return None
    return of_time(local + dt.timedelta(days=1) if is_end_of_day else local, zone, warnings)


def of_time(local: dt.datetime, zone: dt.tzinfo | None, warnings: Warnings = ()) -> ParsedDate | None:
    """Return a time; None if it stands for no date.

    A time without a zone of its own is in `zone`; if that is None, it is in UTC, with a warning.
    """
    if not MIN_YEAR <= local.year <= MAX_YEAR:
        return None
    if local.tzinfo is None:
        warnings = warnings if zone else (*warnings, ParseWarning.NAIVE_DATE)
        local = local.replace(tzinfo=zone or dt.UTC)
    if local.tzinfo is not dt.UTC:
        if abs(local.utcoffset() or dt.timedelta()) > MAX_OFFSET:
            return None
        local = local.astimezone(dt.UTC)
    return None if _is_no_date(local, SECOND) else ParsedDate(local, SECOND, warnings)


@lru_cache(maxsize=256)
def offset(sign: str, hours: str, minutes: str | None) -> dt.tzinfo | None:
    """Return the zone of an offset such as +08:00; None if there is no such zone."""
    distance = dt.timedelta(hours=int(hours), minutes=int(minutes or 0))
    if distance > MAX_OFFSET or (minutes or "") > "59":
        return None
    return dt.timezone(-distance if sign == "-" else distance)


def _is_no_date(time: dt.datetime, precision: str) -> bool:
    """Return whether a time stands for no date: it is in year 1, or it is the zero of Unix.

    That is 1970-01-01 00:00 in UTC; software writes it in any zone, often without the zone.
    """
    if time.year in EPOCH_YEARS and precision in (SECOND, DAY):
        return abs(time - EPOCH) <= MAX_OFFSET
    return not MIN_YEAR <= time.year <= MAX_YEAR
