"""The life of one post: its versions, each from a moment until another took its place."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lake.batch import MICROSECOND


@dataclass(slots=True)
class Version:
    """A version of a post; `row` is the file that tells it, None where the stored row is as it was."""

    row: int | None
    blob: str
    version_at: dt.datetime
    withdrawn_at: dt.datetime | None = None
    superseded_at: dt.datetime | None = None
    superseded_by: str | None = None


def build_version_chain(
    stored: Version | None,
    elections: Iterable[tuple[dt.datetime, int | None, str | None]],
    previous: Version | None = None,
) -> list[Version]:
    """Return the versions that a post had since the stored one, the current one last.

    A choice is (moment, row, blob): from then on that file tells the post; none, and it is withdrawn. The same
    blob at another path is the same version. What happens at one moment happened at once: a post that went
    and came back at the same moment was never away, and of two versions of one moment only the later was.
    `previous` gave way to the stored one; where that never was, it is given too, as it goes on.
    """
    past_versions, current = [previous] if previous is not None else [], stored
    for effective_at, row, blob in elections:
        if current is not None and effective_at == current.version_at and blob != current.blob:
            current = _reopen_previous(past_versions, current, blob)
        if current is None:
            current = Version(row, blob, effective_at) if blob is not None else None
            continue
        # histories of several sources meet in a post: a version never begins before the one it follows
        begins_at = effective_at if effective_at >= current.version_at else current.version_at + MICROSECOND
        if blob is None:
            current.withdrawn_at = current.withdrawn_at or begins_at
            continue
        # nor was it away before it came back
        if current.withdrawn_at is not None and begins_at <= current.withdrawn_at:
            current.withdrawn_at = None
        if blob == current.blob and current.withdrawn_at is None:
            current.row = row
        else:
            current.superseded_at, current.superseded_by = begins_at, blob
            past_versions.append(current)
            current = Version(row, blob, begins_at)
    return [version for version in (*past_versions, current) if version is not None and version != previous]


def _reopen_previous(past_versions: list[Version], current: Version, blob: str | None) -> Version | None:
    """Return what stood before a version that never was; one that nothing came before can only be withdrawn."""
    if past_versions:
        return replace(past_versions.pop(), superseded_at=None, superseded_by=None)
    return current if blob is None else None
