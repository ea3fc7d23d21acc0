"""The Delta protocol: open and create tables, build the actions that describe their files, commit.

Only this module imports `deltalake`. No table is named here.
"""

import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import polars as pl
from deltalake import (
    CommitProperties,
    DeltaTable,
    Transaction,
)
from deltalake.exceptions import DeltaError
from deltalake.schema import Field, Schema
from deltalake.transaction import AddAction, RemoveAction

from lake.errors import ConflictError
from lake.layout import STATS_COLUMNS
from lake.log_copy import LogCopy, has_log
from lake.parquet import WrittenFile
from lake.storage.location import Location, uri
from lake.storage.object_path import ObjectPath

# what the other modules of the lake use of the Delta protocol
__all__ = [
    "CommitProperties",
    "DeltaError",
    "NewTable",
    "Table",
    "Transaction",
    "add_missing_columns",
    "arrow_dataset",
    "commit_files",
    "create_table",
    "fence",
    "find_table",
    "is_table",
    "open_other_version",
    "open_table",
    "restore_table",
    "shorten_log",
]

# Written with each commit to a table in an object store: what tells the commit from one of another run.
COMMIT_KEY = "postlake.commit"
# Written with the commits of a run that took the writer lock over: its id.
FENCE_KEY = "postlake.fence"
# A table in an object store is opened with a request for each commit since its last checkpoint.
REMOTE_CHECKPOINT_INTERVAL = 10


class Table(DeltaTable):
    """A Delta table that returns the file names as they are on disk."""

    def file_uris(self, *args: Any, **kwargs: Any) -> list[str]:
        """Return the paths of the current files.

        delta-rs percent-encodes them, and readers do not decode them.
        """
        return [unquote(uri) for uri in super().file_uris(*args, **kwargs)]


class RemoteTable(Table):
    """A Delta table in an object store. delta-rs works on the copy of its log; the data are read by other means."""

    def __init__(self, folder: ObjectPath, version: int | None = None, log: LogCopy | None = None) -> None:
        self.log = log or LogCopy(folder, version=version)
        super().__init__(uri(self.log.path), version=version)

    def history(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the newest commits, the newest first."""
        self.log.fetch_since(0 if limit is None else self.version() - limit + 1)
        return super().history(limit)


def is_table(folder: Location) -> bool:
    """Return whether a folder holds a Delta table."""
    if isinstance(folder, ObjectPath):
        return has_log(folder)
    return DeltaTable.is_deltatable(uri(folder))


def open_table(folder: Location, version: int | None = None) -> Table:
    """Open a table at a version, or at its newest. Raises DeltaError if it cannot be read."""
    if isinstance(folder, ObjectPath):
        return RemoteTable(folder, version)
    return Table(uri(folder), version=version)


def find_table(folder: Location) -> Table | None:
    """Open a table at its newest version; None if there is none. Raises DeltaError if it cannot be read."""
    if isinstance(folder, ObjectPath):
        log = LogCopy(folder)
        return RemoteTable(folder, log=log) if log.exists else None
    return Table(uri(folder)) if is_table(folder) else None


def open_other_version(table: Table | None, folder: Location, version: int) -> Table:
    """Open a table at a version. Of one that is opened already at a later version, what it knows is not requested again."""
    if isinstance(table, RemoteTable) and version <= table.version():
        table.log.fetch_version(version)
        return RemoteTable(table.log.folder, version, table.log)
    return open_table(folder, version)


@dataclass(frozen=True, slots=True)
class NewTable:
    """What a table is created from."""

    name: str
    schema: pl.Schema
    partition_columns: list[str]
    description: str | None = None


def create_table(folder: Location, new_table: NewTable, replaced: Table | None = None) -> Table:
    """Create an empty table, in the place of one that is there.

    In an object store that one must be `replaced`, at its newest version. Raises ConflictError if it is not.
    """
    if isinstance(folder, ObjectPath):
        return _create_remote(folder, new_table, replaced)
    return _create(uri(folder), new_table)


def _create(table_uri: str, new_table: NewTable, **configuration: str) -> Table:
    return Table.create(  # type: ignore[return-value]  # it returns one of its own class
        table_uri,
        schema=new_table.schema,
        mode="overwrite",
        partition_by=new_table.partition_columns or None,
        name=new_table.name,
        description=new_table.description,
        configuration={"delta.dataSkippingStatsColumns": ",".join(STATS_COLUMNS[new_table.name])}
        | configuration,
    )


def _create_remote(folder: ObjectPath, new_table: NewTable, replaced: Table | None) -> Table:
    log = replaced.log if isinstance(replaced, RemoteTable) else LogCopy(folder, is_new=True)
    version = 0 if replaced is None else replaced.version() + 1
    configuration = {"delta.checkpointInterval": str(REMOTE_CHECKPOINT_INTERVAL)}
    _create(uri(log.path), new_table, **configuration)
    log.publish(version)
    return RemoteTable(folder, log=log)


def _commit(
    table: DeltaTable, properties: CommitProperties, commit: Callable[[CommitProperties], object]
) -> None:
    """Make a commit, which in an object store is never tried again as a later version.

    There no kernel ends the lock of a run that was paused: its next commit must fail. Raises ConflictError.
    """
    if not isinstance(table, RemoteTable):
        commit(properties)
        return
    version = table.version() + 1
    commit(
        CommitProperties(
            custom_metadata={**(properties.custom_metadata or {}), COMMIT_KEY: uuid.uuid4().hex},
            max_commit_retries=0,
            app_transactions=properties.app_transactions,
        )
    )
    table.log.publish(version)


def fence(folder: Location, run_id: str) -> None:
    """Commit to a table without any change, so that a run that has opened it before cannot commit any more."""
    properties = CommitProperties(custom_metadata={FENCE_KEY: run_id})
    while True:
        # the other run may commit until this one has
        with suppress(ConflictError):
            commit_files(open_table(folder), [], None, properties)
            return


def restore_table(table: DeltaTable, version: int) -> None:
    """Commit the files of an earlier version as the newest one."""
    is_remote = isinstance(table, RemoteTable)
    if isinstance(table, RemoteTable):
        table.log.fetch_version(version)
    _commit(
        table,
        CommitProperties(),
        lambda properties: table.restore(
            version,
            # the copy of a log has no files beside it
            ignore_missing_files=is_remote,
            commit_properties=properties,
        ),
    )


def shorten_log(table: DeltaTable) -> None:
    """Write a checkpoint, and delete log entries before it that are past the log's retention (30 days)."""
    table.create_checkpoint()
    if isinstance(table, RemoteTable):
        table.log.publish_checkpoint(table.version())
        table.log.delete_old_entries(table.version())
    else:
        table.cleanup_metadata()


def arrow_dataset(table: DeltaTable) -> Any:
    """Return a table in an object store as a dataset of pyarrow, which reads the columns that a query needs."""
    # imported where it is used: no run needs pyarrow
    from deltalake.fs import DeltaStorageHandler
    from pyarrow.fs import PyFileSystem

    assert isinstance(table, RemoteTable)
    actions = pl.DataFrame(table.get_add_actions(flatten=True))
    sizes = dict(actions.select("path", "size_bytes").iter_rows())
    files = DeltaStorageHandler(uri(table.log.folder), known_sizes=sizes)
    return table.to_pyarrow_dataset(filesystem=PyFileSystem(files))


def add_missing_columns(table: DeltaTable, rows: pl.DataFrame) -> None:
    """Add the columns of a frame that a table lacks; they are null in its rows."""
    known_columns = {field.name for field in table.schema().fields}
    missing_columns = [column for column in rows.columns if column not in known_columns]
    if missing_columns:
        schema = Schema.from_arrow(rows.select(missing_columns).schema)
        fields = [Field(field.name, field.type, nullable=True) for field in schema.fields]
        _commit(
            table,
            CommitProperties(),
            lambda properties: table.alter.add_columns(fields, commit_properties=properties),
        )


def commit_files(
    table: DeltaTable,
    added: Iterable[WrittenFile],
    removed: pl.DataFrame | None,
    properties: CommitProperties,
    *,
    changes_data: bool = True,
) -> None:
    """Add written files to a table and remove others (rows of `Lake.partition_files`), in one commit.

    Without any, commit only the properties. Removed files stay on disk for older versions. A commit that
    writes the same rows into other files is marked as no change of data, so readers of changes skip it.
    """
    partition, deleted_at_ms = table.metadata().partition_columns, int(time.time() * 1000)
    actions: list[AddAction | RemoveAction] = [
        AddAction(
            file.path,
            file.size_bytes,
            file.partition,
            file.modified_at_ms,
            data_change=changes_data,
            stats=file.statistics,
        )
        for file in added
    ]
    removed_rows = [] if removed is None else removed.select("path", "size_bytes", *partition).to_dicts()
    for row in removed_rows:
        values = {name: row[name] for name in partition}
        actions.append(RemoveAction(row["path"], changes_data, deleted_at_ms, row["size_bytes"], values))
    _commit(
        table,
        properties,
        lambda properties: table.create_write_transaction(
            actions, "append", table.schema(), partition, commit_properties=properties
        ),
    )
    table.update_incremental()
