"""History of files: which content each file had, and from when on (table `events`)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import polars as pl

from lake.batch import FILE_NAME, KEY, MICROSECOND
from lake.store import Lake
from schemas.enums import Reason
from schemas.tables import schema_of

_FILES_SCHEMA = schema_of("files")
# One row per file that was added or changed (blob) or deleted (blob null), at a time of its source's history.
EVENT_SCHEMA = {
    "at": _FILES_SCHEMA["gone_at"],
    **{name: _FILES_SCHEMA[name] for name in (*KEY, "blob", "size", "mtime_ns", "etag")},
}
_FILE_COLUMNS = [*KEY, "blob", "reason", "size", "mtime_ns", "first_seen_at", "read_at", "gone_at"]
_VERSION_COLUMNS = [*KEY, "blob", "version_at", "withdrawn_at", "superseded_at"]

Key = tuple[str, str]
# (time, blob): from this time on a file has that content; None: it does not exist
ContentChange = tuple[dt.datetime, str | None]


def past_events(lake: Lake, files: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the additions and deletions of some files (KEY), or of all, oldest first: EVENT_SCHEMA.

    Contents whose bytes are not in raw are dropped: the file then counts as deleted for as long as it had them.
    """
    sizes, ledger, events = lake.scan("raw").select("blob", "size"), lake.scan("files"), lake.scan("events")
    if files is not None:
        ledger, events = (rows.join(files.lazy(), on=KEY, how="semi") for rows in (ledger, events))
        sizes = sizes.join(events.select("blob"), on="blob", how="semi")
    times = ledger.select(*KEY, "blob", "mtime_ns", "etag")
    # an older postlake recorded no deletion of a file that could not be read before
    deletions = ledger.drop_nulls("gone_at").select(*KEY, at="gone_at", blob=pl.lit(None, pl.String))
    changes = (
        pl.concat([events.select(*KEY, "at", "blob"), deletions])
        .join(sizes, on="blob", how="left")
        .with_columns(blob=pl.when(pl.col("size").is_not_null()).then("blob"))
        .join(times, on=[*KEY, "blob"], how="left")
        .sort(*KEY, "at")
        .filter(pl.col("blob").ne_missing(pl.col("blob").shift().over(KEY)))
    )
    events = changes.select(*EVENT_SCHEMA, FILE_NAME).sort("at", pl.col("blob").is_not_null(), "name", *KEY)
    return events.drop("name").collect()


def lacks_events(lake: Lake) -> bool:
    """Return whether a lake with files has no events: an older postlake has made it."""
    return lake.partition_files("events").is_empty() and not lake.partition_files("files").is_empty()


def agreeing_with_ledger(lake: Lake, events: pl.DataFrame) -> pl.DataFrame:
    """Return the events of the files whose last content is that in the ledger (table `files`), without repeats."""
    events = events.sort(*KEY, "at").filter(pl.col("blob").ne_missing(pl.col("blob").shift().over(KEY)))
    last = events.group_by(KEY).agg(pl.col("blob").last())
    now = pl.when(pl.col("gone_at").is_null()).then("blob")
    ledger = lake.scan("files").select(*KEY, blob=now).collect()
    agreeing = last.join(ledger, on=[*KEY, "blob"], how="semi", nulls_equal=True)
    return events.join(agreeing, on=KEY, how="semi", maintain_order="left")


def derive_missing_events(lake: Lake, known: pl.DataFrame) -> int:
    """Fill the empty table `events` of a lake that an older postlake has made; return the number of events.

    `known` are all events of some files (origin, path, at, blob). Those of the others are derived. The ledger (table `files`) knows the last content of a file and when the file was first seen. Versions of
    posts know earlier contents. Not known are contents that were never a version of a post, and when a file
    was deleted and added again without such a version.
    """
    versions = _versions_by_file(lake)
    rows = list[tuple[object, ...]]()
    files = lake.scan("files").select(_FILE_COLUMNS).collect().join(known, on=KEY, how="anti")
    for file_row in files.iter_rows(named=True):
        key = file_row["origin"], file_row["path"]
        rows += [(*key, *change) for change in _content_changes(file_row, versions.get(key, ()))]
    events = pl.concat([known, pl.DataFrame(rows, known.schema, orient="row")])
    if not events.is_empty():
        lake.append("events", events.sort(*KEY, "at"))
    return events.height


def _versions_by_file(lake: Lake) -> dict[Key, list[dict[str, Any]]]:
    """Return the versions of posts that came from each file, oldest first."""
    current_versions = lake.scan_stored("posts").with_columns(
        superseded_at=pl.lit(None, _FILES_SCHEMA["gone_at"])
    )
    stored_versions = pl.concat(
        [current_versions.select(_VERSION_COLUMNS), lake.scan("revisions").select(_VERSION_COLUMNS)]
    )
    versions = defaultdict[Key, list[dict[str, Any]]](list)
    for row in stored_versions.sort("version_at").collect().iter_rows(named=True):
        versions[row["origin"], row["path"]].append(row)
    return versions


def _content_changes(
    file_row: Mapping[str, Any], versions: Sequence[Mapping[str, Any]]
) -> list[ContentChange]:
    """Return the contents of a file over time, from its versions of posts and its row in the ledger."""
    changes = list[ContentChange]()
    for version in versions:
        # a version that moved has the time at which it began at another path
        _append_change(changes, max(version["version_at"], file_row["first_seen_at"]), version["blob"])
        if version["withdrawn_at"] is not None:
            _append_change(changes, version["withdrawn_at"], None)
    # a file that could not be read at its last check is assumed to have its earlier content
    if file_row["reason"] != Reason.UNREADABLE and file_row["blob"] is not None:
        blob = file_row["blob"]
        if file_row["gone_at"] is None or blob not in {last_blob for _, last_blob in changes[-2:]}:
            _append_change(changes, _content_since(file_row, versions), blob)
    if file_row["gone_at"] is not None:
        _append_change(changes, file_row["gone_at"], None)
    assert all(before < after for (before, _), (after, _) in pairwise(changes))
    return changes


def _append_change(changes: list[ContentChange], at: dt.datetime, blob: str | None) -> None:
    """Append a content that differs from the last one, at a time after it."""
    if blob == (changes[-1][1] if changes else None):
        return
    changes.append((max(at, changes[-1][0] + MICROSECOND) if changes else at, blob))


def _content_since(file_row: Mapping[str, Any], versions: Sequence[Mapping[str, Any]]) -> dt.datetime:
    """Return since when a file has had its last content, as far as it is known."""
    if file_row["mtime_ns"] is not None:
        # times of a folder are times of runs, and the run that finds a content reads it
        since: dt.datetime = max(file_row["first_seen_at"], file_row["read_at"])
    else:
        since = max(
            [v["superseded_at"] or v["version_at"] for v in versions], default=file_row["first_seen_at"]
        )
    return since if file_row["gone_at"] is None else min(since, file_row["gone_at"] - MICROSECOND)
