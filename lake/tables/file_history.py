"""What a lake still knows of its past: which content each file held, from when on."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import polars as pl

from lake.batch import KEY, NAME
from lake.store import Lake
from schemas.enums import Reason
from schemas.tables import columns

_FILES = columns("files")
# One row per file that came (blob) or went (blob null), at a moment of its source's history.
EVENTS = {"at": _FILES["gone_at"], **{name: _FILES[name] for name in (*KEY, "blob", "size", "mtime_ns")}}
TICK = dt.timedelta(microseconds=1)
_LAST = [*KEY, "blob", "reason", "size", "mtime_ns", "first_seen_at", "read_at", "gone_at"]
_VERSION = [*KEY, "blob", "version_at", "withdrawn_at", "superseded_at"]

Key = tuple[str, str]
# (moment, blob): from then on a file holds that content, or, with None, is not there
Point = tuple[dt.datetime, str | None]


def past_events(lake: Lake) -> pl.DataFrame:
    """Return what came and went, oldest first, as the ledger and the versions of posts tell: EVENTS.

    The ledger knows the last content of a file and when the file was first seen; versions know earlier contents.
    Lost are contents that never were the version of a post, and when a file went and came back without one.
    Contents whose bytes raw does not hold are left out; the file is then not there for as long as it held them.
    """
    sizes = dict(lake.scan("raw").select("blob", "size").collect().iter_rows())
    versions = _versions(lake)
    rows = list[tuple[object, ...]]()
    for last in lake.scan("files").select(_LAST).collect().iter_rows(named=True):
        key = last["origin"], last["path"]
        for at, blob in _points(last, versions.get(key, ()), sizes):
            is_last = blob == last["blob"]
            size = last["size"] if is_last else sizes.get(blob, 0)
            rows.append((at, *key, blob, size, last["mtime_ns"] if is_last else None))
    events = pl.DataFrame(rows, schema=EVENTS, orient="row").with_columns(NAME)
    return events.sort("at", pl.col("blob").is_not_null(), "name", *KEY).drop("name")


def _versions(lake: Lake) -> dict[Key, list[dict[str, Any]]]:
    """Return the versions that each file told, oldest first."""
    current = lake.scan_stored("posts").with_columns(superseded_at=pl.lit(None, _FILES["gone_at"]))
    told = pl.concat([current.select(_VERSION), lake.scan("revisions").select(_VERSION)])
    versions = defaultdict[Key, list[dict[str, Any]]](list)
    for row in told.sort("version_at").collect().iter_rows(named=True):
        versions[row["origin"], row["path"]].append(row)
    return versions


def _points(
    last: Mapping[str, Any], versions: Sequence[Mapping[str, Any]], sizes: Mapping[str, int]
) -> list[Point]:
    """Return what a file held, from when on: by the versions that it told and its last row in the ledger."""
    points = list[Point]()
    for version in versions:
        if version["blob"] in sizes:
            # a version that moved bears the time at which it began at another path
            _add(points, max(version["version_at"], last["first_seen_at"]), version["blob"])
        if version["withdrawn_at"] is not None:
            _add(points, version["withdrawn_at"], None)
    # a file that could not be read at last is taken to hold what it held before
    if last["reason"] != Reason.UNREADABLE:
        blob = last["blob"] if last["blob"] in sizes else None
        if last["gone_at"] is None or blob not in {held for _, held in points[-2:]}:
            _add(points, _since(last, versions), blob)
    if last["gone_at"] is not None:
        _add(points, last["gone_at"], None)
    assert all(before < after for (before, _), (after, _) in pairwise(points))
    return points


def _add(points: list[Point], at: dt.datetime, blob: str | None) -> None:
    """Add a point that changes something, after the last one."""
    if blob == (points[-1][1] if points else None):
        return
    points.append((max(at, points[-1][0] + TICK) if points else at, blob))


def _since(last: Mapping[str, Any], versions: Sequence[Mapping[str, Any]]) -> dt.datetime:
    """Return since when a file has held its last content, as far as is known."""
    if last["mtime_ns"] is not None:
        # the times of a folder are those of runs, and a content is read by the run that finds it
        since: dt.datetime = max(last["first_seen_at"], last["read_at"])
    else:
        since = max([v["superseded_at"] or v["version_at"] for v in versions], default=last["first_seen_at"])
    return since if last["gone_at"] is None else min(since, last["gone_at"] - TICK)
