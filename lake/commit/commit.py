"""Commit what tasks have written: raw, revisions, posts, events, files, in this order, each in one Delta commit.

The ledger (table `files`) is committed last, and records the versions of the other tables that belong to it. If a run is killed before that, the next run undoes its commits to these tables (`rollback_uncommitted`).
So they never contain rows that the ledger does not know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import polars as pl

from lake.batch import KEY, Checkpoint, Run
from lake.commit.merge import MergeResult
from lake.delta import CommitProperties, Transaction, restore_table
from lake.parquet import WrittenFile
from lake.rewrite import upsert
from lake.store import Lake
from lake.tables import runs
from schemas.keys import IDENTITY_VERSION
from schemas.tables import empty_table

# Written with a commit to posts or revisions: the batch it belongs to.
BATCH_KEY = "postlake.batch"
# Written with a commit to files, as Delta app transactions, which outlive the log: the versions that belong
# to it.
COMMITTED_VERSION_KEYS = {
    "posts": "postlake.posts",
    "revisions": "postlake.revisions",
    "events": "postlake.events",
}
# Written in the same way: the version of the identity rules under which all rows are resolved.
IDENTITY_KEY = "postlake.identity"
# and, for each of the settings on which heads depend, the number of its value; without one, it is the default (0)
SETTINGS_PREFIX = "postlake.settings."
# Written with a commit to files, which the log may forget: these settings themselves, unless all are the default ones.
SETTINGS_KEY = "postlake.settings"


@dataclass(frozen=True, slots=True)
class WrittenTask:
    """What a task has written, if anything, and the rows of the ledger that belong to it."""

    merged: MergeResult | None
    file_rows: pl.DataFrame


def add_contents(lake: Lake, raw_files: Sequence[WrittenFile]) -> None:
    """Add files with new contents to table raw."""
    if raw_files:
        lake.commit("raw", raw_files)


@dataclass(frozen=True, slots=True)
class Committer:
    """Commit what the tasks of a batch have written.

    `events` are those of the whole batch (EVENT_COLUMNS); a commit has those of its files. `checkpoints` are
    recorded with each commit.
    """

    lake: Lake
    run: Run
    events: pl.DataFrame
    checkpoints: Mapping[str, Checkpoint]

    def commit(self, number: int, tasks: Sequence[WrittenTask]) -> None:
        """Commit what some tasks have written, with a number that no other commit of the run has.

        A later failure does not undo it.
        """
        properties = CommitProperties(custom_metadata={BATCH_KEY: f"{self.run.run_id}/{number}"})
        results = [task.merged for task in tasks if task.merged is not None]
        for name, written, replaced in (
            (
                "revisions",
                [each.revisions for each in results],
                [each.replaced_revisions for each in results],
            ),
            ("posts", [each.posts for each in results], [each.replaced_posts for each in results]),
        ):
            added = list(chain.from_iterable(written))
            removed = pl.concat(replaced) if replaced else None
            if added or (removed is not None and not removed.is_empty()):
                self.lake.commit(name, added, removed, properties)
        file_rows = pl.concat([empty_table("files"), *(task.file_rows for task in tasks)])
        own_events = self.events.join(file_rows, on=KEY, how="semi").with_columns(
            run_id=pl.lit(self.run.run_id)
        )
        if not own_events.is_empty():
            self.lake.append("events", own_events.sort(*KEY, "at"), properties)
        if not file_rows.is_empty():
            properties = batch_properties(self.lake, runs.dump_checkpoints(self.checkpoints))
            upsert(self.lake, "files", file_rows.sort(KEY), properties)


def batch_properties(lake: Lake, checkpoints: str) -> CommitProperties:
    """Return the properties of the next commit to the ledger, which changes rows of it."""
    return _ledger_properties(lake, checkpoints, lake.table("files").version() + 1)


def _ledger_properties(lake: Lake, checkpoints: str | None, files_version: int) -> CommitProperties:
    metadata = {runs.CHECKPOINTS_KEY: checkpoints, SETTINGS_KEY: lake.settings_text}
    return CommitProperties(
        custom_metadata={key: value for key, value in metadata.items() if value},
        app_transactions=[*_version_transactions(lake), Transaction(runs.FILES_VERSION_KEY, files_version)],
    )


def _version_transactions(lake: Lake) -> list[Transaction]:
    """Return what each commit to the ledger records: versions of posts, revisions and the identity rules."""
    versions = [
        Transaction(name, lake.table(table).version()) for table, name in COMMITTED_VERSION_KEYS.items()
    ]
    settings = [
        Transaction(f"{SETTINGS_PREFIX}{name}", (lake.settings_numbers or {})[name])
        for name in changed_settings(lake)
    ]
    return [*versions, Transaction(IDENTITY_KEY, IDENTITY_VERSION), *settings]


def changed_settings(lake: Lake) -> list[str]:
    """Return the names of the settings that have another value than the one by which the lake is resolved."""
    numbers = lake.settings_numbers or {}
    return [name for name, number in numbers.items() if number != recorded_number(lake, name)]


def recorded_settings(lake: Lake) -> str:
    """Return the settings by which the lake is resolved, as its log has them; "" if these are the default ones.

    Also "" if the log does not have them.
    """
    return runs.last_batch_metadata(lake, SETTINGS_KEY) or ""


def recorded_number(lake: Lake, name: str) -> int:
    """Return the number of the value of a setting by which the lake is resolved."""
    return lake.table("files").transaction_version(f"{SETTINGS_PREFIX}{name}") or 0


def current_version_properties(lake: Lake) -> CommitProperties:
    """Return the properties of a commit to the ledger that changes none of its rows.

    They record the current versions of posts and revisions, so that no rollback restores an older one. They
    repeat the checkpoints of the last batch, and have the settings of the lake. Use them only when `rollback_uncommitted` has found nothing, or
    is done.
    """
    return _ledger_properties(
        lake, runs.last_batch_metadata(lake, runs.CHECKPOINTS_KEY), runs.files_version(lake)
    )


def record_settings(lake: Lake) -> None:
    """Record in the ledger the settings of a lake, where all its rows are as if they had been resolved under them."""
    lake.commit("files", properties=current_version_properties(lake))


def record_versions(lake: Lake) -> None:
    """Record the current versions of posts and revisions in the ledger.

    Then no rollback needs an older one.
    """
    if any(_recorded_version(lake, name) != lake.table(name).version() for name in COMMITTED_VERSION_KEYS):
        lake.commit("files", properties=current_version_properties(lake))


def rollback_uncommitted(lake: Lake) -> bool:
    """Undo what a killed run wrote to posts and revisions without the ledger.

    Return whether there was any.
    """
    uncommitted = _uncommitted_tables(lake)
    for name in uncommitted:
        restore_table(lake.table(name), _recorded_version(lake, name))
    if uncommitted:
        # before the first commit to the ledger, the period was open
        lake.read_granularity()
    return bool(uncommitted)


def consistent_versions(lake: Lake) -> dict[str, int]:
    """Return the versions of all tables that make a consistent snapshot.

    A batch that is being written, or was left unfinished, is not included.
    """
    return lake.versions() | {name: _recorded_version(lake, name) for name in _uncommitted_tables(lake)}


def _uncommitted_tables(lake: Lake) -> list[str]:
    # an older lake lacks newer tables
    names = COMMITTED_VERSION_KEYS.keys() & lake.table_names()
    return [name for name in sorted(names) if _has_uncommitted(lake, name)]


def _recorded_version(lake: Lake, name: str) -> int:
    return lake.table("files").transaction_version(COMMITTED_VERSION_KEYS[name]) or 0


def _has_uncommitted(lake: Lake, name: str) -> bool:
    recorded, table = _recorded_version(lake, name), lake.table(name)
    for entry in table.history(limit=table.version() - recorded + 1):
        if entry["version"] <= recorded or entry.get("operation") == "RESTORE":
            return False
        if BATCH_KEY in entry:
            return True
    return False
