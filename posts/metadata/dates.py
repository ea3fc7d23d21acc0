"""Find the publication date of a post from its front matter, epoch comment and file name."""

import datetime as dt
import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from schemas.enums import ParseWarning

# the longest date that browsers write, with a weekday, a zone and the name of the zone, has 60 characters
MAX_DATE_CHARS = 200
FILE_NAME_DATE = re.compile(r"(\d{4})[-_.](\d{1,2})[-_.](\d{1,2})")
DATE_PATTERN = re.compile(
    r"(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2}) ?日?"
    r"(?:(?:[T ]+|(?<=日))(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)? ?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?\Z",
    re.IGNORECASE,
)
MIN_EPOCH_MILLIS = 100_000_000_000
MAX_EPOCH_MILLIS = 4_102_444_800_000
DAY, SECOND = "day", "second"
ONE_SECOND = dt.timedelta(seconds=1)


class ResolvedDate(NamedTuple):
    """The publication date of a post. `published_at` is None if no source of the date could be parsed."""

    published_at: dt.datetime | None
    published_raw: str | None = None
    date_from: str = "front_matter"
    precision: str = SECOND
    conflict: bool = False
    fetched_at: dt.datetime | None = None
    warnings: Sequence[str] = ()


def resolve_date(
    value: Any, epoch: str | None, file_name: str, raw: str | None = None, zone: dt.tzinfo | None = None
) -> ResolvedDate:
    """Return the publication date from the front matter, the `<!--epoch ms-->` comment or the file name.

    The front matter has the highest priority, then the epoch, then the file name. The epoch is the date in
    the feed. If it differs from the date in the front matter, the latter is the time of the crawl
    (`fetched_at`), and the earlier of the two is the publication date: nothing is published after it was
    fetched. A date in the front matter without a time of day is used even if it is the later one. An epoch of
    NaN means that the feed had no date: then the date in the front matter is the time of the crawl. `zone` is that
    of times without one; without it they are taken as UTC, with a warning.
    """
    front_date, precision, warnings = _parse_front_matter_date(value, zone)
    feed_date = _parse_epoch(epoch)
    name_date = date_from_file_name(file_name)
    is_crawl_time = (
        front_date is not None and epoch is not None and not _dates_agree(front_date, feed_date, precision)
    )
    has_conflict = (
        len({candidate.date() for candidate in (front_date, feed_date, name_date) if candidate}) > 1
    )
    if is_crawl_time and feed_date is None:
        warnings = [*warnings, ParseWarning.CRAWL_DATE]
    fetched_at = front_date if is_crawl_time else None
    if (
        feed_date
        and precision == SECOND
        and (front_date is None or (is_crawl_time and feed_date < front_date))
    ):
        return ResolvedDate(feed_date, raw, "epoch", SECOND, has_conflict, fetched_at, warnings)
    if front_date:
        return ResolvedDate(front_date, raw, "front_matter", precision, has_conflict, fetched_at, warnings)
    if name_date:
        return ResolvedDate(name_date, raw, "filename", DAY, has_conflict, None, warnings)
    return ResolvedDate(None, raw, warnings=warnings)


def _dates_agree(front_date: dt.datetime, feed_date: dt.datetime | None, precision: str) -> bool:
    if feed_date is None:
        return False
    return (
        feed_date.date() == front_date.date()
        if precision == DAY
        else abs(feed_date - front_date) < ONE_SECOND
    )


def _parse_front_matter_date(
    value: Any, zone: dt.tzinfo | None = None
) -> tuple[dt.datetime | None, str, list[str]]:
    if isinstance(value, str):
        value = _parse_text_date(value) or value
    if isinstance(value, dt.datetime):
        if zone and value.tzinfo is None:
            value = value.replace(tzinfo=zone)
        warnings = [] if value.tzinfo else [str(ParseWarning.NAIVE_DATE)]
        utc_time = _to_utc(value)
        return utc_time, SECOND, warnings if utc_time else [ParseWarning.BAD_DATE]
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC), DAY, []
    return None, SECOND, [] if value is None else [ParseWarning.BAD_DATE]


def is_date(value: Any) -> bool:
    """Return whether a value of front matter can be parsed as a date."""
    return _parse_front_matter_date(value)[0] is not None


def _parse_text_date(text: str) -> dt.datetime | dt.date | None:
    """Parse the formats that people use: `2021/9/1`, `2021年9月1日 08:00`, `2021-09-01 08:00:00 +0800`."""
    text = " ".join(text.split())
    if len(text) > MAX_DATE_CHARS:
        return None
    match = DATE_PATTERN.match(text)
    if match is None:
        return _parse_standard_date(text)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        if hour is None:
            return dt.date(int(year), int(month), int(day))
        microsecond = int((fraction or "0").ljust(6, "0"))
        return dt.datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            microsecond,
            _parse_zone(zone),
        )
    except ValueError:
        return None


def _parse_standard_date(text: str) -> dt.datetime | None:
    """Parse the formats that feeds use: ISO 8601, also without hyphens, and RFC 2822."""
    for parse in (dt.datetime.fromisoformat, parsedate_to_datetime):
        try:
            return parse(text)
        # numbers of any length overflow C integers and timedelta; the standard library does not catch that
        except (ValueError, OverflowError):
            continue
    return None


def _parse_zone(text: str | None) -> dt.tzinfo | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return dt.UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _to_utc(time: dt.datetime) -> dt.datetime | None:
    if time.tzinfo is None:
        return time.replace(tzinfo=dt.UTC)
    try:
        return time.astimezone(dt.UTC)
    except OverflowError:
        return None


def _parse_epoch(text: str | None) -> dt.datetime | None:
    """Parse milliseconds (or seconds) since 1970; None for NaN, and for times outside 1970 to 2099."""
    if text is None or text == "NaN":
        return None
    millis = int(text[:20])
    # a smaller number is in seconds: as milliseconds it would be before March 1973, which no feed contains
    millis *= 1 if millis > MIN_EPOCH_MILLIS else 1000
    return dt.datetime.fromtimestamp(millis / 1000, dt.UTC) if 0 < millis < MAX_EPOCH_MILLIS else None


def date_from_file_name(file_name: str) -> dt.datetime | None:
    """Return the date that a file name begins with, at 00:00 UTC; None if there is none."""
    match = FILE_NAME_DATE.match(file_name)
    try:
        return match and dt.datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=dt.UTC)
    except ValueError:
        return None
