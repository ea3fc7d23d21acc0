"""Parse the day of a date: numbers and the names of months and weekdays, in any usual order."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import NamedTuple

from posts.metadata.dates.words import DAY_FIRST_FILLERS, ENGLISH_FILLERS, MONTHS, WEEKDAYS

Parts = tuple[int, ...]
TOKEN = re.compile(r"\d+|[A-Za-z]+|[^\dA-Za-z]+", re.ASCII)
ORDINAL = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|o|a|\u00ba|\u00aa|\u00b0)(?![A-Za-z0-9])", re.IGNORECASE
)
# kinds of numbers by their length: a day in one number (D), a year (Y), and others (n); M is a named month
KINDS = {8: "D", 4: "Y", 2: "n", 1: "n"}
FULL_DAY = re.compile(r"(\d{4})(\d\d)(\d\d)")
START, EDGE = frozenset(" ("), frozenset(" .,;()")
JOINTS, NEUTRAL = frozenset("-/._:"), frozenset(" ,()'")
YMD, DMY, MDY, YM, MY = (0, 1, 2), (2, 1, 0), (2, 0, 1), (0, 1), (1, 0)
NAMED_ORDERS = {"YMn": YMD, "nMY": DMY, "MnY": MDY, "nMn": DMY, "Mnn": MDY, "YM": YM, "MY": MY}
# after the name of a month, a short number up to 31 may be another day, or an hour
UNCERTAIN_YEARS = range(2000, 2032)
# as the rule `date_is_plausible` of table posts; any other number is no year
PLAUSIBLE_YEARS = range(1800, 2100)


class Day(NamedTuple):
    """Year, month and day, or year and month, or a year."""

    parts: Parts
    is_ambiguous: bool = False


class _Words(NamedTuple):
    """The parts of a day in the order of the text: their kinds (see KINDS), values, and what joins them."""

    kinds: str
    values: list[str]
    joints: list[str]
    weekday: int | None
    is_day_first: bool


def parse_day(text: str, *, is_day_first: bool = False) -> Day | None:
    """Return the day, the month or the year that a text spells; None if a part of the text is not understood.

    09/01/2021 is September, and 09.01.2021 is January; both are ambiguous, unless a weekday decides.
    """
    words = _split(ORDINAL.sub(r"\1", text))
    if words is None:
        return None
    if "M" in words.kinds:
        return _parse_named(words)
    if words.kinds == "D":
        day = tuple(map(int, FULL_DAY.findall(words.values[0])[0]))
        return _choose([day] if _is_valid(day) else [], words)
    if len(set(words.joints)) > 1:
        return None
    return _parse_numeric(words, is_day_first=is_day_first or words.is_day_first)


def _parse_named(words: _Words) -> Day | None:
    order = NAMED_ORDERS.get(words.kinds)
    if order is None:
        return None
    days = _read(words, [order])
    if words.kinds == "nMn":
        # the year comes first only if the weekday says so
        days += [day for day in _read(words, [YMD]) if _falls_on(day, words.weekday)]
    if words.kinds == "Mnn" and words.weekday is None and "'" not in words.joints[1]:
        days = [day for day in days if day[0] not in UNCERTAIN_YEARS]
    return _choose(days, words, has_short_year="Y" not in words.kinds)


def _parse_numeric(words: _Words, *, is_day_first: bool) -> Day | None:
    joint = words.joints[0] if words.joints else ""
    if words.kinds in ("Y", "Ynn"):
        return _choose(_read(words, [YMD[: len(words.kinds)]]), words)
    if words.kinds == "nnY":
        return _choose(_read(words, [DMY, MDY] if joint == "." or is_day_first else [MDY, DMY]), words)
    if joint not in ("-", "/", "."):
        return None
    if words.kinds in ("Yn", "nY"):
        return _choose(_read(words, [YM if words.kinds == "Yn" else MY]), words)
    # 12.4.1 is rather a version
    if words.kinds != "nnn" or words.values[-1] in "0123456789":
        return None
    days = _read(words, [DMY] if is_day_first else [DMY, YMD] if joint == "." else [MDY, DMY, YMD])
    if words.weekday is not None:
        days = [day for day in days if _falls_on(day, words.weekday)]
    return _choose(days, words, has_short_year=True) if len(set(days)) == 1 else None


def _read(words: _Words, orders: Iterable[Parts]) -> list[Parts]:
    """Return the days, months or years that the parts are in some orders."""
    readings = ([words.values[index] for index in order] for order in orders)
    days = [(_year(reading[0]), *map(int, reading[1:])) for reading in readings]
    return [day for day in days if _is_valid(day)]


def _choose(days: list[Parts], words: _Words, *, has_short_year: bool = False) -> Day | None:
    """Return the first day, preferably one that falls on the weekday."""
    if words.weekday is None:
        return Day(days[0], has_short_year or len(set(days)) > 1) if days else None
    if not days or len(days[0]) < len(YMD):
        return None
    fitting = [day for day in dict.fromkeys(days) if _falls_on(day, words.weekday)]
    return Day((fitting or days)[0], len(fitting) != 1)


def _falls_on(day: Parts, weekday: int | None) -> bool:
    return dt.date(*day).weekday() == weekday


def _is_valid(parts: Parts) -> bool:
    try:
        return dt.date(*(*parts, 1, 1)[:3]).year in PLAUSIBLE_YEARS
    except ValueError:
        return False


def _year(digits: str) -> int:
    """Return a year; 0 if it has one digit. Those of two digits are after RFC 2822, 4.3."""
    return {4: int(digits), 2: int(digits) + (2000 if digits < "50" else 1900)}.get(len(digits), 0)


def _split(text: str) -> _Words | None:
    """Split a text into the parts of a day. Return None if it has other words, numbers or signs."""
    tokens = [token.lower() for token in TOKEN.findall(text)]
    # `mar` is a weekday beside another month
    has_one_month = len({token for token in tokens if token in MONTHS}) == 1
    kinds, values, joints, joint = "", list[str](), list[str](), " "
    weekday, fillers = None, set[str]()
    for token in tokens:
        if token.isdecimal() or (token in MONTHS and (has_one_month or token not in WEEKDAYS)):
            kind = KINDS.get(len(token), "?") if token.isdecimal() else "M"
            joints.append(_normalize(joint, is_beside_month="M" in (kind, kinds[-1:])))
            if not kinds and not (EDGE if fillers else START).issuperset(joint):
                return None
            kinds, joint = kinds + kind, ""
            values.append(token if kind != "M" else str(MONTHS[token]))
        elif (
            token in ENGLISH_FILLERS or token in DAY_FIRST_FILLERS or (token in WEEKDAYS and weekday is None)
        ):
            weekday = WEEKDAYS.get(token, weekday)
            fillers.add(token)
            joint = f"{joint.strip(' .,')} "
        elif token.isascii() and token.isalpha():
            return None
        else:
            joint += token
    if "?" in kinds or "?" in joints[1:] or not EDGE.issuperset(joint):
        return None
    return _Words(kinds, values, joints[1:], weekday, not fillers.isdisjoint(DAY_FIRST_FILLERS))


def _normalize(joint: str, *, is_beside_month: bool) -> str:
    """Return the one sign that joins two parts, a space, or `?` for anything else."""
    signs = "".join(sign for sign in joint if sign not in NEUTRAL)
    if len(signs) > 1 or not JOINTS.issuperset(signs):
        return "?"
    if is_beside_month:
        return " "
    return "'" if "'" in joint else signs or " "
