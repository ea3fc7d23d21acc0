"""The life of one post: its versions, each from a moment until another took its place."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

TICK = dt.timedelta(microseconds=1)


@dataclass(slots=True)
class Version:
    """A version of a post; `row` is the file that tells it, None where the stored row is as it was."""

    row: int | None
    blob: str
    version_at: dt.datetime
    withdrawn_at: dt.datetime | None = None
    superseded_at: dt.datetime | None = None
    superseded_by: str | None = None


def lived(
    stored: Version | None,
    choices: Iterable[tuple[dt.datetime, int | None, str | None]],
    before: Version | None = None,
) -> list[Version]:
    """Return the versions that a post had since the stored one, the current one last.

    A choice is (moment, row, blob): from then on that file tells the post; none, and it is withdrawn. The same
    blob at another path is the same version. What happens at one moment happened at once: a post that went
    and came back at the same moment was never away, and of two versions of one moment only the later was.
    `before` gave way to the stored one; where that never was, it is given too, as it goes on.
    """
    past, now = [before] if before is not None else [], stored
    for moment, row, blob in choices:
        if now is not None and moment == now.version_at and blob != now.blob:
            now = _instead(past, now, blob)
        if now is None:
            now = Version(row, blob, moment) if blob is not None else None
            continue
        # histories of several sources meet in a post: a version never begins before the one it follows
        at = moment if moment >= now.version_at else now.version_at + TICK
        if blob is None:
            now.withdrawn_at = now.withdrawn_at or at
            continue
        # nor was it away before it came back
        if now.withdrawn_at is not None and at <= now.withdrawn_at:
            now.withdrawn_at = None
        if blob == now.blob and now.withdrawn_at is None:
            now.row = row
        else:
            now.superseded_at, now.superseded_by = at, blob
            past.append(now)
            now = Version(row, blob, at)
    return [version for version in (*past, now) if version is not None and version != before]


def _instead(past: list[Version], now: Version, blob: str | None) -> Version | None:
    """Return what stood before a version that never was; one that nothing came before can only be withdrawn."""
    if past:
        return replace(past.pop(), superseded_at=None, superseded_by=None)
    return now if blob is None else None
