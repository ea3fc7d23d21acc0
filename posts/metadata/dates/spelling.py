"""Parse one spelling of a date: a fast pattern for the usual ones, and a grammar for all others."""

import datetime as dt
import re

from posts.metadata.dates import parsed
from posts.metadata.dates.parsed import Clock, ParsedDate

# the longest date that browsers write, with a weekday, a zone and the name of the zone, has 60 characters
MAX_DATE_CHARS = 200
USUAL = re.compile(
    r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?:([T ])([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?"
    r" ?(?:(Z|UTC|GMT)|([+-])([0-9]{2})(?::?([0-9]{2}))?)?)?\Z",
    re.IGNORECASE,
)
# as machines write it: the library reads it in a tenth of the time
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)\Z", re.ASCII)
NUMBER = re.compile(r"([0-9]{4,14})(\.[0-9]{1,9})?\Z")
STAMP = re.compile(r"((?:1[89]|20)[0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})?\Z")
ISO_BASIC = re.compile(
    r"[0-9]{8}T[0-9]{2}(?:[0-9]{2}){0,2}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?\Z",
    re.IGNORECASE,
)
ISO_WEEK = re.compile(r"[0-9]{4}(-?)W[0-9]{2}\1[1-7]\Z", re.IGNORECASE)
# seconds since 1970, as `git log --date=raw` and GNU date write them; they need no zone
UNIX_TIME = re.compile(r"@?([0-9]{9,10}) ([+-])([0-9]{2})([0-9]{2})\Z|@([0-9]{9,10})\Z")
# 1990 to 2033: above it ten digits may be a stamp such as 2021090108, or an American telephone number
MIN_EPOCH_SECONDS, MAX_EPOCH_SECONDS = 631_152_000, 2_000_000_000
MIN_EPOCH_MILLIS, MAX_EPOCH_MILLIS = 631_152_000_000, 4_102_444_800_000


def parse_date(text: str, zone: dt.tzinfo | None = None) -> ParsedDate | None:  # noqa: PLR0911 - one for each form
    """Return the date that a text spells; None if it is none, or if it needs other knowledge to be one.

    A time of day without a zone is in `zone`; if that is None, it is in UTC, with a warning. A text with two
    readings has a warning. A text is no date if a word of it is not understood.
    """
    if len(text) > MAX_DATE_CHARS:
        return None
    text = text.strip()
    if INSTANT.match(text) and (instant := _from_iso(text)):
        return parsed.of_time(instant, zone)
    if usual := USUAL.match(text):
        return _parse_usual(usual, zone)
    if number := NUMBER.match(text):
        return _parse_number(number, zone)
    if ISO_WEEK.match(text):
        return _parse_iso_week(text)
    if ISO_BASIC.match(text):
        return _parse_iso_basic(text, zone)
    if unix_time := UNIX_TIME.match(text):
        return _parse_unix_time(unix_time)
    return parse_words(text, zone)


def parse_words(text: str, zone: dt.tzinfo | None) -> ParsedDate | None:
    """Return the date of a text in any other form; see posts.metadata.dates.grammar."""
    # few files need it, and compiling its patterns takes each process 10 ms
    from posts.metadata.dates import grammar

    return grammar.parse_words(text, zone)


def _parse_usual(match: re.Match[str], zone: dt.tzinfo | None) -> ParsedDate | None:
    year, _, month, day, joint, hour, minute, second, fraction, utc, sign, hours, minutes = match.groups()
    if hour is None:
        return parsed.of_day((int(year), int(month), int(day)))
    if minute is None and joint == " ":
        return None
    own_zone: dt.tzinfo | None = dt.UTC if utc else None
    if sign and (own_zone := parsed.offset(sign, hours, minutes)) is None:
        return None
    microsecond = int(fraction[:6].ljust(6, "0")) if fraction else 0
    clock = Clock(int(hour), int(minute or 0), int(second or 0), microsecond, own_zone)
    return parsed.at_clock((int(year), int(month), int(day)), clock, zone)


def _parse_unix_time(match: re.Match[str]) -> ParsedDate | None:
    digits, sign, hours, minutes, digits_alone = match.groups()
    if sign and parsed.offset(sign, hours, minutes) is None:
        return None
    seconds = int(digits or digits_alone)
    is_plausible = MIN_EPOCH_SECONDS <= seconds < MAX_EPOCH_SECONDS
    return parsed.of_time(parsed.EPOCH + dt.timedelta(seconds=seconds), None) if is_plausible else None


def _parse_number(match: re.Match[str], zone: dt.tzinfo | None) -> ParsedDate | None:
    """Parse a year, a day such as 20210901, such a day with a time, or seconds or milliseconds since 1970."""
    digits, fraction = match.groups()
    number = int(digits)
    if MIN_EPOCH_SECONDS <= number < MAX_EPOCH_SECONDS:
        return parsed.of_time(parsed.EPOCH + dt.timedelta(seconds=float(number) + float(fraction or 0)), None)
    if fraction:
        return parse_words(match[0], zone)
    if MIN_EPOCH_MILLIS <= number < MAX_EPOCH_MILLIS:
        return parsed.of_time(parsed.EPOCH + dt.timedelta(milliseconds=number), None)
    stamp = STAMP.match(digits)
    if stamp is None:
        return parse_words(digits, zone)
    parts = [int(part or 0) for part in stamp.groups()]
    return parsed.at_clock(tuple(parts[:3]), Clock(parts[3], parts[4], parts[5]), zone)


def _parse_iso_basic(text: str, zone: dt.tzinfo | None) -> ParsedDate | None:
    time = _from_iso(text.upper())
    return parsed.of_time(time, zone) if time else None


def _from_iso(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def _parse_iso_week(text: str) -> ParsedDate | None:
    try:
        day = dt.date.fromisoformat(text.upper())
    except ValueError:
        return None
    return parsed.of_day((day.year, day.month, day.day))
