"""The Delta protocol: open and create tables, build the actions that describe their files, commit.

Only this module imports `deltalake`. No table is named here.
"""

import re
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

import polars as pl
from deltalake import (
    CommitProperties,
    DeltaTable,
    Transaction,
)
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.schema import Field, Schema
from deltalake.transaction import AddAction, RemoveAction

from lake.errors import ConflictError
from lake.layout import STATS_COLUMNS
from lake.location import Location, uri
from lake.object_store import ObjectPath, is_object_url, list_sizes
from lake.parquet import WrittenFile

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
    "is_table",
    "open_table",
    "restore_table",
]

LOG_ENTRY_PATTERN = re.compile(r"^\d{20}(\.checkpoint)?\.(json|parquet)$")
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


def is_table(folder: Location) -> bool:
    """Return whether a folder holds a Delta table."""
    if isinstance(folder, ObjectPath):
        # delta-rs would stop all threads of Python until the store has answered
        return any(LOG_ENTRY_PATTERN.search(path) for path in list_sizes(folder / "_delta_log"))
    return DeltaTable.is_deltatable(uri(folder))


def open_table(folder: Location, version: int | None = None) -> Table:
    """Open a table at a version, or at its newest. Raises DeltaError if it cannot be read."""
    return Table(uri(folder), version=version)


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
    configuration = {"delta.dataSkippingStatsColumns": ",".join(STATS_COLUMNS[new_table.name])}

    def create(place: str) -> Table:
        return Table.create(  # type: ignore[return-value]  # it returns one of its own class
            place,
            schema=new_table.schema,
            mode="overwrite",
            partition_by=new_table.partition_columns or None,
            name=new_table.name,
            description=new_table.description,
            configuration=configuration,
        )

    if not isinstance(folder, ObjectPath):
        return create(uri(folder))
    configuration["delta.checkpointInterval"] = str(REMOTE_CHECKPOINT_INTERVAL)
    with TemporaryDirectory() as scratch:
        create(scratch)
        entry = (Path(scratch) / _log_entry(0)).read_bytes()
    version = 0 if replaced is None else replaced.version() + 1
    try:
        (folder / _log_entry(version)).create(entry)
    except FileExistsError as error:
        raise _conflict_error(str(folder), version) from error
    return open_table(folder)


def _log_entry(version: int) -> str:
    return f"_delta_log/{version:020}.json"


def _conflict_error(table_uri: str, version: int) -> ConflictError:
    return ConflictError(f"{table_uri}: another writer has made version {version} meanwhile; run again")


def _commit(
    table: DeltaTable, properties: CommitProperties, commit: Callable[[CommitProperties], object]
) -> None:
    """Make a commit, which in an object store is never tried again as a later version.

    There no kernel ends the lock of a run that was paused: its next commit must fail. Raises ConflictError.
    """
    if not is_object_url(table.table_uri):
        commit(properties)
        return
    version, token = table.version() + 1, uuid.uuid4().hex
    marked_properties = CommitProperties(
        custom_metadata={**(properties.custom_metadata or {}), COMMIT_KEY: token},
        max_commit_retries=0,
        app_transactions=properties.app_transactions,
    )
    try:
        commit(marked_properties)
    except CommitFailedError as error:
        entry = ObjectPath.parse(table.table_uri) / _log_entry(version)
        # a PUT whose answer was lost is sent again, and then finds its own object
        if not entry.exists() or token.encode() not in entry.read_bytes():
            raise _conflict_error(table.table_uri, version) from error


def fence(folder: Location, run_id: str) -> None:
    """Commit to a table without any change, so that a run that has opened it before cannot commit any more."""
    table = open_table(folder)
    properties = CommitProperties(custom_metadata={FENCE_KEY: run_id})
    partition = table.metadata().partition_columns
    table.create_write_transaction([], "append", table.schema(), partition, commit_properties=properties)


def restore_table(table: DeltaTable, version: int) -> None:
    """Commit the files of an earlier version as the newest one."""
    _commit(
        table, CommitProperties(), lambda properties: table.restore(version, commit_properties=properties)
    )


def arrow_dataset(table: DeltaTable) -> Any:
    """Return a table as a dataset of pyarrow, which reads the columns and files that a query needs."""
    return table.to_pyarrow_dataset()


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
    removed: pl.DataFrame,
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
    for row in removed.select("path", "size_bytes", *partition).iter_rows(named=True):
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
