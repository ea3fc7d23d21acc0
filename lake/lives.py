"""The life of one post: its versions, each from a moment until another took its place."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

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
    stored: Version | None, choices: Iterable[tuple[dt.datetime, int | None, str | None]]
) -> list[Version]:
    """Give the versions that a post had since the stored one, the current one last.

    A choice is (moment, row, blob): from then on that file tells the post; none, and it is withdrawn. The same
    blob at another path is the same version. What happens at one moment happened at once: a post that went
    and came back at the same moment was never away, and of two versions of one moment only the later was.
    """
    past, now = list[Version](), stored
    for moment, row, blob in choices:
        if now is None:
            now = Version(row, blob, moment) if blob is not None else None
            continue
        # histories of several sources meet in a post: a version never begins before the one it follows
        at = moment if moment >= now.version_at else now.version_at + TICK
        if blob is None:
            now.withdrawn_at = now.withdrawn_at or at
            continue
        if now.withdrawn_at == at:
            now.withdrawn_at = None
        if blob == now.blob and now.withdrawn_at is None:
            now.row = row
        elif at == now.version_at:
            now.row, now.blob, now.withdrawn_at = row, blob, None
        else:
            now.superseded_at, now.superseded_by = at, blob
            past.append(now)
            now = Version(row, blob, at)
    return [*past, now] if now is not None else []
