"""The publication date of a post, from the fields of its front matter and the other witnesses."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from posts.errors import Ignored, Rejected
from posts.metadata import front_matter, keys
from posts.metadata.dates import ParsedDate, ResolvedDate, Witnesses, parse_date, resolve_date
from posts.metadata.dates.labels import without_date_label
from posts.metadata.dates.parsed import DAY, SECOND
from posts.metadata.handlers import Fields
from posts.metadata.scalars import as_boolean
from schemas.enums import ParseWarning, Reason

FIRST_LINE = re.compile(r"\s*([^\n]{4,200})")
# Hugo and Zola; `_index.zh.md` is one of a translation
SECTION_PAGE = "_index."


def find_publication_date(  # noqa: PLR0913, PLR0917 - one for each witness
    front_fields: Fields,
    epoch: str | None,
    path: str,
    zone: dt.tzinfo | None,
    below_header: str = "",
    first_commit: dt.datetime | None = None,
    find_printed_day: Callable[[], str | None] = lambda: None,
) -> ResolvedDate:
    """Return the publication date of the file with some path, whose dates without a zone are in `zone` (or in UTC).

    `below_header` is the text below the header line of a feed: its first line may be the date. `first_commit`
    counts where the file tells no day of publication, not even in a line printed above its text (`find_printed_day`); so does
    the date of the last change: the earlier of the two is nearer. A section page has neither a first commit nor a printed day.

    Raises Rejected (no_date) and Ignored (section_page).
    """
    front_date = _find_front_date(front_fields, zone)
    is_below_header = front_date.value is None and below_header != ""
    if is_below_header:
        front_date = _find_date_line(below_header, zone)
    links = [link for key in keys.LINK_KEYS if isinstance(link := front_fields.get(key), str)]
    is_bad = front_date.value is not None and front_date.date is None
    resolved_date = resolve_date(Witnesses(path, front_date.date, front_date.raw, is_bad, epoch, links))
    if is_below_header and resolved_date.date_from == "front_matter":
        resolved_date = resolved_date._replace(date_from="header")
    if resolved_date.published_at is None:
        changed = _resolve_date_of_change(front_fields, resolved_date, zone)
        if changed.published_at is None and path.rpartition("/")[2].startswith(SECTION_PAGE):
            raise Ignored(Reason.SECTION_PAGE)
        if printed_day := find_printed_day():
            resolved_date = _date_of_printed_day(resolved_date, printed_day)
        if resolved_date.published_at is None and (
            first_commit is None or _is_earlier(changed, first_commit)
        ):
            resolved_date = changed
        elif resolved_date.published_at is None and first_commit is not None:
            resolved_date = _date_of_first_commit(resolved_date, first_commit)
    if resolved_date.published_at is None:
        detail = "no date in front matter, epoch comment, file name or folders"
        if front_date.value is not None:
            detail = repr(str(front_matter.to_jsonable(front_date.value))[:200])
        raise Rejected(Reason.NO_DATE, "date", detail)
    return resolved_date


class _FrontDate(NamedTuple):
    """The date field of front matter: its value, as a date, and as it is written. All are None without one."""

    value: Any = None
    date: ParsedDate | None = None
    raw: str | None = None


def _find_front_date(front_fields: Fields, zone: dt.tzinfo | None) -> _FrontDate:
    """Return the first field whose value is a date, else the first that has a value.

    Booleans are no values here: `published: true` means that the post is not a draft.
    """
    first = _FrontDate()
    for key in keys.DATE_KEYS:
        if key in front_fields and _has_value(value := front_fields[key]):
            front_date = _FrontDate(value, _parse(value, zone), str(value))
            if front_date.date is not None:
                return front_date
            first = first if first.value is not None else front_date
    return first


def _find_date_line(text: str, zone: dt.tzinfo | None) -> _FrontDate:
    """Return the date of a text whose first line is wholly a date, or a label such as `Date:` and a date."""
    line = FIRST_LINE.match(text)
    raw = without_date_label(line[1]) if line else ""
    date = parse_date(raw, zone)
    return _FrontDate(raw, date, raw) if date else _FrontDate()


def _parse(value: Any, zone: dt.tzinfo | None) -> ParsedDate | None:
    """Return the date that a value of front matter spells (in TOML a number is no text); None for a list or a table."""
    return None if isinstance(value, list | dict) else parse_date(str(value), zone)


def _is_earlier(changed: ResolvedDate, first_commit: dt.datetime) -> bool:
    """Return whether a post was changed before the first commit that has it. A month is not exact enough to tell."""
    is_exact = changed.precision in (DAY, SECOND)
    return is_exact and changed.published_at is not None and changed.published_at <= first_commit


def _date_of_printed_day(no_date: ResolvedDate, printed_day: str) -> ResolvedDate:
    date = parse_date(printed_day)
    # a wrong day is worse than none
    if date is None or date.precision != DAY or date.warnings:
        return no_date
    warnings = [*no_date.warnings, ParseWarning.DATE_OF_BODY]
    return no_date._replace(
        published_at=date.time, published_raw=printed_day, date_from="body", precision=DAY, warnings=warnings
    )


def _date_of_first_commit(no_date: ResolvedDate, first_commit: dt.datetime) -> ResolvedDate:
    warnings = [*no_date.warnings, ParseWarning.DATE_OF_FIRST_COMMIT]
    return no_date._replace(published_at=first_commit, date_from="first_commit", warnings=warnings)


def _resolve_date_of_change(
    front_fields: Fields, no_date: ResolvedDate, zone: dt.tzinfo | None
) -> ResolvedDate:
    """Return the date of the last change, for a file without a better one; `no_date` if there is none."""
    names = {keys.fold_key(key): key for key in front_fields}
    for name in filter(names.__contains__, keys.MODIFIED_KEYS):
        value = front_fields[names[name]]
        date = _parse(value, zone)
        if date is not None:
            resolved_date = resolve_date(Witnesses("", date, str(value)))
            warnings = [*no_date.warnings, *resolved_date.warnings, ParseWarning.DATE_OF_CHANGE]
            return resolved_date._replace(warnings=warnings)
    return no_date


def _has_value(value: Any) -> bool:
    return bool(value.strip() if isinstance(value, str) else value) and as_boolean(value) is None
