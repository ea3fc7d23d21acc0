"""Find the publication date of a post.

The witnesses are asked in this order: the front matter, the epoch comment of the feed, the path or URL in the
front matter, the name of the file, and its folders. See publication.py for what follows: the date of the last
change, the day printed above the text, and the first commit.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from posts.metadata.dates.parsed import DAY, MONTH, SECOND, YEAR, ParsedDate
from posts.metadata.dates.places import date_from_file_name, find_in_file_name, find_in_folders, find_in_paths
from posts.metadata.dates.spelling import parse_date
from schemas.enums import ParseWarning

__all__ = ["ParsedDate", "ResolvedDate", "Witnesses", "date_from_file_name", "parse_date", "resolve_date"]

# 1990 to 2099; any other number in a comment is no epoch
MIN_EPOCH_SECONDS, MAX_EPOCH_SECONDS = 631_152_000, 4_102_444_800


class Witnesses(NamedTuple):
    """What a file says about its date.

    `front_date` is the date of the front matter, `raw` is that date as it is written, and `is_bad` says that
    the front matter has a date that is none. `epoch` is the number in the epoch comment, or NaN. `links` are
    the paths and URLs of the front matter. `path` is that of the file in its source.
    """

    path: str
    front_date: ParsedDate | None = None
    raw: str | None = None
    is_bad: bool = False
    epoch: str | None = None
    links: Sequence[str] = ()


class ResolvedDate(NamedTuple):
    """The publication date of a post. `published_at` is None if no witness of the date could be parsed."""

    published_at: dt.datetime | None
    published_raw: str | None = None
    date_from: str = "front_matter"
    precision: str = SECOND
    conflict: bool = False
    fetched_at: dt.datetime | None = None
    warnings: Sequence[str] = ()


def resolve_date(witnesses: Witnesses) -> ResolvedDate:
    """Return the publication date of a file.

    The epoch is the date in the feed. If it differs from the date in the front matter, the latter is the time
    of the crawl (`fetched_at`), and the earlier of the two is the publication date: nothing is published after
    it was fetched. A date in the front matter without a time of day is used even if it is the later one. An
    epoch of NaN means that the feed had no date: then the date in the front matter is the time of the crawl.
    A month or a year is only used if no other witness is more exact about it.
    """
    front_date, feed_date = witnesses.front_date, _parse_epoch(witnesses.epoch)
    name_date = find_in_file_name(witnesses.path.rpartition("/")[2])
    warnings: list[str] = [ParseWarning.BAD_DATE] if witnesses.is_bad else []
    fetched_at = None
    if front_date is not None:
        warnings += front_date.warnings
        if (feed_date or witnesses.epoch == "NaN") and _is_crawl_time(front_date, feed_date):
            fetched_at = front_date.time
            warnings += [] if feed_date else [ParseWarning.CRAWL_DATE]
    date, date_from = front_date, "front_matter"
    if feed_date and (front_date is None or _is_earlier(feed_date, front_date, fetched_at)):
        date, date_from = feed_date, "epoch"
    elif date is None or date.precision in (MONTH, YEAR):
        date, date_from = _ask_others(witnesses, feed_date, name_date)
    if date is None:
        return ResolvedDate(None, witnesses.raw, warnings=warnings)
    conflict = (
        _differ(front_date, feed_date) or _differ(front_date, name_date) or _differ(feed_date, name_date)
    )
    return ResolvedDate(date.time, witnesses.raw, date_from, date.precision, conflict, fetched_at, warnings)


def _is_crawl_time(front_date: ParsedDate, feed_date: ParsedDate | None) -> bool:
    is_exact = front_date.precision in (DAY, SECOND)
    return is_exact and not (feed_date and front_date.covers(feed_date.time))


def _is_earlier(feed_date: ParsedDate, front_date: ParsedDate, fetched_at: dt.datetime | None) -> bool:
    return front_date.precision == SECOND and fetched_at is not None and feed_date.time < fetched_at


def _ask_others(
    witnesses: Witnesses, feed_date: ParsedDate | None, name_date: ParsedDate | None
) -> tuple[ParsedDate | None, str]:
    """Return the date of the first of the other witnesses that knows the day, and its name; else of the first.

    If the front matter names a month or a year, they are only asked for a day of it.
    """
    coarse = witnesses.front_date
    others = [
        (feed_date, "epoch"),
        (find_in_paths(witnesses.links), "path"),
        (name_date, "filename"),
        (find_in_folders(witnesses.path), "folders"),
    ]
    known = [(date, name) for date, name in others if date and (coarse is None or coarse.covers(date.time))]
    days = [(date, name) for date, name in known if date.precision in (DAY, SECOND)]
    if days or coarse is not None:
        return days[0] if days else (coarse, "front_matter")
    return known[0] if known else (None, "front_matter")


def _differ(date: ParsedDate | None, exact_date: ParsedDate | None) -> bool:
    """Return whether two witnesses name different days, as far as the first knows the day."""
    return date is not None and exact_date is not None and not date.is_same_day(exact_date.time)


def _parse_epoch(text: str | None) -> ParsedDate | None:
    """Parse milliseconds or seconds since 1970; None for NaN, and for times outside 1990 to 2099."""
    if text is None or text == "NaN":
        return None
    number = int(text[:20])
    seconds = number if MIN_EPOCH_SECONDS <= number < MAX_EPOCH_SECONDS else number / 1000
    is_epoch = MIN_EPOCH_SECONDS <= seconds < MAX_EPOCH_SECONDS
    return ParsedDate(dt.datetime.fromtimestamp(seconds, dt.UTC)) if is_epoch else None
