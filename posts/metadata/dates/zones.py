"""Find the zone that follows a time of day: an offset, an abbreviation, or a name such as Asia/Shanghai."""

import datetime as dt
import re
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from posts.metadata.dates.parsed import offset
from posts.metadata.dates.words import (
    AMBIGUOUS_ZONES,
    AMERICAN_ZONES,
    ENGLISH_FILLERS,
    MONTHS,
    WEEKDAYS,
    ZONES,
)

OFFSET = re.compile(
    r"(?:^|(?<=[\s(]))(?:(?:utc|gmt)\s?)?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?=$|[\s)\[])",
    re.IGNORECASE | re.ASCII,
)
# `+0800 (China Standard Time)`, `+08:00[Asia/Shanghai]`, `+0800 CST`, `+0800 +08 m=+0.000000001` of Go
NAME_BEHIND_OFFSET = re.compile(
    r"\)?(?:\s?\((?P<name>[^()]*)\)|\s?\[[A-Za-z/_+-]+\]|\s(?P<word>[A-Z]{2,5})\b|\s(?P<again>[+-]\d\d(?:\d\d)?)(?=\s|$))?"
    r"(?:\sm=[+-][\d.]+$)?",
    re.ASCII,
)
REGION = re.compile(
    r"\[?\b((?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)/[A-Za-z0-9_+/-]+)\]?",
    re.ASCII,
)
WORD, LAST_WORD = re.compile(r"\[?\b([A-Za-z]+)\b\]?"), re.compile(r"[A-Za-z]+\Z")
# what stands between a date and its time of day
BETWEEN = " ,;|@-\u00b7\u2022"
NOON = dt.time(12)


class OwnZone(NamedTuple):
    """The zone that is written beside a time, or the offsets in minutes that its abbreviation may stand for."""

    zone: dt.tzinfo | None = None
    candidates: tuple[int, ...] = ()
    is_ambiguous: bool = False

    def resolve(self, day: dt.date, default: dt.tzinfo | None) -> "OwnZone | None":
        """Return the zone on a day: where the abbreviation is ambiguous, that of naive dates, if it fits.

        Without one the zone stays unknown. The result is None if it does not fit.
        """
        if not self.candidates:
            return self
        if default is None:
            return self._replace(is_ambiguous=True)
        distance = default.utcoffset(dt.datetime.combine(day, NOON))
        fits = distance in [dt.timedelta(minutes=minutes) for minutes in self.candidates]
        return OwnZone(default) if fits else None


def cut_zone(before: str, after: str) -> tuple[str, OwnZone] | None:
    """Return what is before and after a time of day without its zone, and the zone; None if it does not exist."""
    if numeric := OFFSET.search(after):
        cut = _cut_offset(after, numeric)
        return cut and (f"{before} {cut[0].lstrip(BETWEEN)}", cut[1])
    if region := REGION.search(after):
        zone = _region(region[1])
        return (f"{before} {_without(after, region)}", OwnZone(zone)) if zone else None
    for word in WORD.finditer(after):
        # the military zone A, or half of AM
        if word[1].lower() == "a":
            return None
        if own_zone := _abbreviation(word[1].lower()):
            return f"{before} {_without(after, word)}", own_zone
    last_word = LAST_WORD.search(before)
    is_zone = last_word is not None and last_word[0].lower() not in ENGLISH_FILLERS
    if last_word and is_zone and (own_zone := _abbreviation(last_word[0].lower())):
        return f"{before[: last_word.start()]} {after.lstrip(BETWEEN)}", own_zone
    return f"{before} {after.lstrip(BETWEEN)}", OwnZone()


def _cut_offset(text: str, match: re.Match[str]) -> tuple[str, OwnZone] | None:
    zone = offset(match["sign"], match["hours"], match["minutes"])
    name = NAME_BEHIND_OFFSET.match(text, match.end())
    if zone is None or name is None:
        return None
    word, end = (name["word"] or name["name"] or "").lower(), name.end()
    if word in MONTHS or word in WEEKDAYS:
        word, end = "", match.end()
    minutes = (zone.utcoffset(None) or dt.timedelta()) // dt.timedelta(minutes=1)
    known = AMBIGUOUS_ZONES.get(word) or ((ZONES[word],) if word in ZONES else ())
    if known and minutes not in known:
        return None
    if (again := name["again"]) and offset(again[0], again[1:3], again[3:]) != zone:
        return None
    return f"{text[: match.start()]} {text[end:]}", OwnZone(zone)


def _abbreviation(word: str) -> OwnZone | None:
    if word in ZONES:
        return OwnZone(dt.timezone(dt.timedelta(minutes=ZONES[word])))
    if word in AMBIGUOUS_ZONES:
        return OwnZone(candidates=AMBIGUOUS_ZONES[word])
    zone = _region(AMERICAN_ZONES[word]) if word in AMERICAN_ZONES else None
    return OwnZone(zone) if zone else None


def _region(name: str) -> dt.tzinfo | None:
    try:
        return ZoneInfo(name)
    # a folder of zones (America/Argentina) and a path that leaves it are errors of these kinds
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}".lstrip(BETWEEN)
