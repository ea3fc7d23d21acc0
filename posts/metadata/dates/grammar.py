"""Parse dates in words: `Wednesday, September 1, 2021 8:00 PM GMT+8`, `1er sept. 2021 à 20h30`, `2021年9月1日`.

The time of day is cut out first, then its zone. What is left must be the parts of one date, and nothing else.
"""

import datetime as dt
import re
import unicodedata

from posts.metadata.dates import parsed
from posts.metadata.dates.day import YMD, parse_day
from posts.metadata.dates.east_asian import IS_EAST_ASIAN, translate
from posts.metadata.dates.parsed import Clock, ParsedDate, Warnings
from posts.metadata.dates.zones import BETWEEN, cut_zone
from schemas.enums import ParseWarning

FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
PUNCTUATION = FULL_WIDTH | DASHES | {ord("\u2019"): "'"}
ACCENT = re.compile("[\u0300-\u036f]")
BRACKETS = re.compile(r"<(.*)>\Z|\[(.*)\]\Z|\((.*)\)\Z")
# `Date: `, and German `am 1. September`
LABEL = re.compile(r"\A(?:([A-Za-z]+)\s?:\s?(?=\S)|((?:[A-Za-z]+,?\s)?)[Aa]m\s(?=\d{1,2}\.|[A-Z][a-z]))")
NOON = re.compile(r"(?:\b12(?::00)?\s?)?\bnoon\b", re.IGNORECASE | re.ASCII)
# what stands between a date and its time where neither is a space: ISO 8601, and the logs of web servers
JOINED_TIME = re.compile(r"(?<=\d)T(?=\d)|(?<=/\d{4}):(?=\d\d:\d\d:\d\d)", re.IGNORECASE | re.ASCII)
TIME = re.compile(
    r"""(?:\b(?P<half_before>[ap])\.?m\b\.?\s?(?=\d{1,2}:))?(?<![\d:.,+/-])(?P<hour>\d{1,2})
    (?: :(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?
      | (?P<h>\s?h\s?)(?P<minute_h>\d{2})(?:\s?min\b(?:\s?(?P<second_h>\d{2})\s?s\b)?)?
      | \.(?P<minute_dot>\d{2})(?=\s?(?:h|uhr|[ap]\.?\s?m)\b|\s(?:gmt|bst|utc|cet|cest|est|edt)\b)
      | (?=\s?(?:h|uhr|[ap]\.?\s?m)\b)
    )
    (?:\s?(?P<half>[ap])\.?\s?m\b\.?|(?P<half_attached>[ap])\b)?(?P<day_first>\s?(?:h|hs|hrs|horas|uhr)\b)?(?![\d:])""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
# `2023-01-29 18:30:22 2023 -0800`: a format of git's log that has the year twice
YEAR_AGAIN = re.compile(r"\s(\d{4})(?=\s|\Z)", re.ASCII)
# hours of a clock of 12 hours; 20:30 PM is 20:30
MORNING_HOURS = {hour: hour for hour in range(12)} | {12: 0}
AFTERNOON_HOURS = {hour: hour + 12 for hour in range(1, 12)} | {hour: hour for hour in range(12, 24)}
AMBIGUOUS = (ParseWarning.AMBIGUOUS_DATE,)


def parse_words(text: str, zone: dt.tzinfo | None) -> ParsedDate | None:
    """Return the date of a text; None if it is none. A time without a zone is in `zone` (see parse_date)."""
    text = " ".join(unicodedata.normalize("NFC", text.translate(PUNCTUATION)).split())
    warnings: Warnings = ()
    is_east_asian = IS_EAST_ASIAN.search(text) is not None
    if is_east_asian:
        translated = translate(text)
        if translated is None:
            return None
        text, warnings = " ".join(translated[0].split()), AMBIGUOUS if translated[1] else ()
    text = ACCENT.sub("", unicodedata.normalize("NFD", text))
    brackets = BRACKETS.match(text)
    text = LABEL.sub(r"\1\2 ", brackets[brackets.lastindex or 0] if brackets else text, count=1)
    text = JOINED_TIME.sub(" ", NOON.sub("12:00", text))
    time = TIME.search(text)
    if time is not None:
        # Hong Kong writes 1/9/2021 上午8:00; the others write the year first
        is_day_first = is_east_asian or bool(time["day_first"] or time["h"])
        return _with_time(text, time, zone, warnings, is_day_first=is_day_first)
    day = parse_day(text, is_day_first=is_east_asian)
    return parsed.of_day(day.parts, AMBIGUOUS if day.is_ambiguous else warnings) if day else None


def _with_time(
    text: str, time: re.Match[str], zone: dt.tzinfo | None, warnings: Warnings, *, is_day_first: bool
) -> ParsedDate | None:
    before, after = text[: time.start()].rstrip(BETWEEN), text[time.end() :]
    if (again := YEAR_AGAIN.match(after)) and _names_year(before, int(again[1]), is_day_first=is_day_first):
        after = after[again.end() :]
    cut = cut_zone(before, after)
    clock = _clock(time)
    if cut is None or clock is None:
        return None
    rest, own_zone = cut
    day = parse_day(rest, is_day_first=is_day_first)
    if day is None or len(day.parts) < len(YMD):
        return None
    resolved_zone = own_zone.resolve(dt.date(*day.parts), zone)
    if resolved_zone is None:
        return None
    clock = clock._replace(zone=resolved_zone.zone)
    is_ambiguous = day.is_ambiguous or resolved_zone.is_ambiguous
    return parsed.at_clock(day.parts, clock, zone, AMBIGUOUS if is_ambiguous else warnings)


def _names_year(text: str, year: int, *, is_day_first: bool) -> bool:
    """Return whether a text is a day of a year."""
    day = parse_day(text, is_day_first=is_day_first)
    return day is not None and len(day.parts) == len(YMD) and day.parts[0] == year


def _clock(time: re.Match[str]) -> Clock | None:
    """Return the time of day of a match on a clock of 24 hours; None for `13:30 AM` and `0:30 PM`."""
    halves = {half.lower() for half in time.group("half_before", "half", "half_attached") if half}
    if len(halves) > 1:
        return None
    hour = int(time["hour"])
    for half in halves:
        hours = MORNING_HOURS if half == "a" else AFTERNOON_HOURS
        if hour not in hours:
            return None
        hour = hours[hour]
    minute = time["minute"] or time["minute_h"] or time["minute_dot"] or 0
    second, fraction = time["second"] or time["second_h"] or 0, time["fraction"] or ""
    return Clock(hour, int(minute), int(second), int(fraction[:6].ljust(6, "0")))
