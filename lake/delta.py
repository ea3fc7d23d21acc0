"""The Delta protocol: open and create tables, build the actions that describe their files, commit.

Only this module imports `deltalake`. No table is named here.
"""

import time
from collections.abc import Iterable
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

from lake.layout import STATS_COLUMNS
from lake.location import Location, uri
from lake.parquet import WrittenFile

# what the other modules of the lake use of the Delta protocol
__all__ = [
    "CommitProperties",
    "DeltaError",
    "Table",
    "Transaction",
    "add_missing_columns",
    "commit_files",
    "create_table",
    "is_table",
    "open_table",
]


class Table(DeltaTable):
    """A Delta table that returns the file names as they are on disk."""

    def file_uris(self, *args: Any, **kwargs: Any) -> list[str]:
        """Return the paths of the current files.

        delta-rs percent-encodes them, and readers do not decode them.
        """
        return [unquote(uri) for uri in super().file_uris(*args, **kwargs)]


def is_table(folder: Location) -> bool:
    """Return whether a folder holds a Delta table."""
    return DeltaTable.is_deltatable(uri(folder))


def open_table(folder: Location, version: int | None = None) -> Table:
    """Open a table at a version, or at its newest. Raises DeltaError if it cannot be read."""
    return Table(uri(folder), version=version)


def create_table(
    folder: Location, name: str, rows: pl.DataFrame, partition: list[str], description: str | None
) -> Table:
    """Create a table with the columns of a frame, in the place of one that is there."""
    return Table.create(  # type: ignore[return-value]  # it returns one of its own class
        uri(folder),
        schema=rows.schema,
        mode="overwrite",
        partition_by=partition or None,
        name=name,
        description=description,
        configuration={"delta.dataSkippingStatsColumns": ",".join(STATS_COLUMNS[name])},
    )


def add_missing_columns(table: DeltaTable, rows: pl.DataFrame) -> None:
    """Add the columns of a frame that a table lacks; they are null in its rows."""
    known_columns = {field.name for field in table.schema().fields}
    missing_columns = [column for column in rows.columns if column not in known_columns]
    if missing_columns:
        schema = Schema.from_arrow(rows.select(missing_columns).schema)
        table.alter.add_columns([Field(field.name, field.type, nullable=True) for field in schema.fields])


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
    table.create_write_transaction(actions, "append", table.schema(), partition, commit_properties=properties)
    table.update_incremental()
