"""The versions of one post, each from a time until the next version replaced it."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lake.batch import MICROSECOND


@dataclass(slots=True)
class Version:
    """A version of a post. `row` is its file; None if the stored row is unchanged."""

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
    """Return the versions that a post has had since the stored one, the current one last.

    An election is (time, row, blob): from this time on that file is the elected file; None means that the
    post is withdrawn. The same blob at another path is the same version. Events of the same time count as one
    event: a post that is withdrawn and added again at the same time was never withdrawn, and of two versions
    of the same time only the later one remains. `previous` is the version before the stored one. If the
    stored one is removed, `previous` is returned too, because it is current again.
    """
    past_versions, current = [previous] if previous is not None else [], stored
    for effective_at, row, blob in elections:
        if current is not None and effective_at == current.version_at and blob != current.blob:
            current = _reopen_previous(past_versions, current, blob)
        if current is None:
            current = Version(row, blob, effective_at) if blob is not None else None
            continue
        # the histories of several sources can contain one post: a version never begins before the one that it
        # follows
        begins_at = effective_at if effective_at >= current.version_at else current.version_at + MICROSECOND
        if blob is None:
            current.withdrawn_at = current.withdrawn_at or begins_at
            continue
        # a post that is added again at or before the time of its withdrawal was never withdrawn
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
    """Return the version before `current`, which is removed. It is the current version again.

    If there is none, return `current` where the post is to be withdrawn, else None.
    """
    if past_versions:
        return replace(past_versions.pop(), superseded_at=None, superseded_by=None)
    return current if blob is None else None
