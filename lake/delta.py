"""The Delta protocol: open and create tables, build the actions that describe their files, commit.

Only this module imports `deltalake`. No table is named here.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

import polars as pl
from deltalake import (
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import DeltaError
from deltalake.schema import Field, Schema
from deltalake.transaction import AddAction, RemoveAction

from lake.layout import STATS_COLUMNS
from lake.location import Location, uri
from lake.parquet import WrittenFile

Action = AddAction | RemoveAction

# what the other modules of the lake use of the Delta protocol
__all__ = [
    "Action",
    "CommitProperties",
    "DeltaError",
    "Table",
    "Transaction",
    "add_action",
    "add_missing_columns",
    "append_rows",
    "as_rewrite",
    "commit_actions",
    "create_table",
    "is_table",
    "open_table",
    "remove_actions",
    "to_arrow",
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
        schema=to_arrow(rows).schema,
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
        schema = Schema.from_arrow(to_arrow(rows.select(missing_columns)).schema)
        table.alter.add_columns([Field(field.name, field.type, nullable=True) for field in schema.fields])


def add_action(file: WrittenFile) -> AddAction:
    """Return the action that adds a written file to its table."""
    return AddAction(
        file.path,
        file.size_bytes,
        file.partition,
        file.modified_at_ms,
        data_change=True,
        stats=file.statistics,
    )


def as_rewrite(added: AddAction, removed: Iterable[RemoveAction]) -> Iterator[AddAction | RemoveAction]:
    """Yield the actions of a commit that writes the same rows into another file.

    They are marked as no change of data, so readers of changes skip the commit.
    """
    partition_values = added.partition_values
    yield AddAction(
        added.path,
        added.size,
        partition_values,
        added.modification_time,
        data_change=False,
        stats=added.stats,
    )
    for removal in removed:
        deleted_at_ms, values = removal.deletion_timestamp, removal.partition_values
        yield RemoveAction(removal.path, False, deleted_at_ms, removal.size, values)  # noqa: FBT003 - data_change


def remove_actions(files: pl.DataFrame, partition: list[str]) -> Iterator[RemoveAction]:
    """Yield the actions that remove files from a table. The files stay on disk for older versions.

    `files` are rows of `Lake.partition_files`.
    """
    deleted_at_ms = int(time.time() * 1000)
    for row in files.select("path", "size_bytes", *partition).iter_rows(named=True):
        values = {name: row[name] for name in partition}
        yield RemoveAction(row["path"], True, deleted_at_ms, row["size_bytes"], values)  # noqa: FBT003 - data_change


def to_arrow(rows: pl.DataFrame):  # type: ignore[no-untyped-def]  # noqa: ANN201 - pyarrow has no types
    """Return rows as Arrow without string views, which some readers of the lake do not support."""
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def _writer_properties(name: str) -> WriterProperties:
    column_properties = {
        column: ColumnProperties(statistics_enabled="CHUNK") for column in STATS_COLUMNS[name]
    }
    return WriterProperties(
        compression="ZSTD",
        compression_level=3,
        default_column_properties=ColumnProperties(statistics_enabled="NONE"),
        column_properties=column_properties,
    )


def append_rows(table: DeltaTable, name: str, rows: pl.DataFrame) -> None:
    """Append rows to a table, in one commit."""
    write_deltalake(table, to_arrow(rows), mode="append", writer_properties=_writer_properties(name))


def commit_actions(
    table: DeltaTable, actions: list[Action], partition: list[str], commit_properties: CommitProperties
) -> None:
    """Commit add and remove actions of files that are already written.

    Without any, commit only the properties.
    """
    table.create_write_transaction(
        actions, "append", table.schema(), partition, commit_properties=commit_properties
    )
    table.update_incremental()
