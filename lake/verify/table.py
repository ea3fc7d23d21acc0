"""Compare the files of a table with its log, and their rows with the schema. Reads only, file by file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from lake.damage import READ_ERRORS
from lake.errors import first_line
from lake.integrity import find_size_mismatches
from lake.storage.location import readable
from lake.store import Lake
from lake.tables.checksums import content_checksum, recorded_checksums
from lake.verify.findings import Findings
from lake.verify.rows import TableCheck, check_rows
from schemas.enums import Check
from schemas.tables import schema_of

# columns that the checks across tables need
KEY_COLUMNS = {
    "raw": ["blob"],
    "posts": [
        "post_id",
        "source",
        "source_id",
        "origin",
        "path",
        "blob",
        "version_at",
        "withdrawn_at",
        "template_version",
        "warnings",
    ],
    "revisions": ["post_id", "source", "source_id", "blob", "version_at", "withdrawn_at", "superseded_at"],
    "files": ["origin", "path", "blob", "outcome", "reason", "detail", "post_id", "source_id", "gone_at"],
    "templates": ["source_id", "version", "kind", "pattern", "run_id", "learned_at"],
    "renamed_posts": ["old_id", "new_id"],
    "events": ["origin", "path", "at", "blob"],
    "checksums": ["table_name", "path"],
    "runs": [name for name in schema_of("runs") if name not in {"alarms", "marks"}],
}
# Files are read one by one. Their rows are checked together as soon as they have this many rows or bytes on
# disk.
MAX_BUFFER_ROWS, MAX_BUFFER_BYTES = 5_000, 8 * 1024 * 1024
OnFile = Callable[[int], None]


@dataclass(slots=True)
class _RowBuffer:
    """Rows of several files, with the file of each, that are not checked yet."""

    parts: list[pl.DataFrame] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0

    def add(self, rows: pl.DataFrame, size_bytes: int) -> bool:
        """Add the rows of a file. Return whether the buffer is full."""
        self.parts.append(rows)
        self.rows, self.bytes = self.rows + rows.height, self.bytes + size_bytes
        return self.rows >= MAX_BUFFER_ROWS or self.bytes >= MAX_BUFFER_BYTES


def verify_table(
    lake: Lake, name: str, findings: Findings, on_file: OnFile, *, is_deep: bool
) -> pl.DataFrame | None:
    """Check each file of a table. Return the KEY_COLUMNS of all rows; None if some file cannot be read.

    Calls `on_file` with the number of each file, counted from 1. Only a deep check opens more than the
    footers and the keys.
    """
    table = TableCheck(lake, name, lake.partition_files(name).sort("path"), is_deep, findings)
    checksums = recorded_checksums(lake, name) if is_deep else {}
    keys, buffer, is_complete = [_read_schema(table).select(KEY_COLUMNS[name])], _RowBuffer(), True
    for number, (rows, size_bytes) in enumerate(_read_files(table, checksums), start=1):
        on_file(number)
        if rows is None:
            is_complete = False
            continue
        keys.append(rows.select(KEY_COLUMNS[name]))
        if is_deep and buffer.add(rows, size_bytes):
            check_rows(table, pl.concat(buffer.parts))
            buffer = _RowBuffer()
    if buffer.parts:
        check_rows(table, pl.concat(buffer.parts))
    return pl.concat(keys) if is_complete else None


def _virtual_columns(table: TableCheck) -> list[str]:
    """Return the columns that no file contains: the partition columns, and `file`, its path."""
    return [*table.lake.partition_columns(table.name), "file"]


def _read_schema(table: TableCheck) -> pl.DataFrame:
    """Return an empty frame with the columns to read. Columns that no file contains are the last."""
    virtual_columns = _virtual_columns(table)
    file_schema = {
        column: dtype for column, dtype in schema_of(table.name).items() if column not in virtual_columns
    }
    schema = pl.DataFrame(schema=file_schema | dict.fromkeys(virtual_columns, pl.String()))
    return (
        schema
        if table.is_deep
        else schema.select(list(dict.fromkeys([*KEY_COLUMNS[table.name], *virtual_columns])))
    )


def _read_files(table: TableCheck, checksums: Mapping[str, str]) -> Iterator[tuple[pl.DataFrame | None, int]]:
    """Yield the rows and size of each file. Rows are None if they cannot be read with the schema."""
    for check in (Check.FILES_EXIST, Check.READABLE, Check.ROW_COUNTS):
        table.findings.add(check, table.name, table.files.height)
    schema, folder = _read_schema(table), table.lake.root / table.name
    faults = dict(find_size_mismatches(folder, table.files))
    for path, fault in faults.items():
        table.findings.add_one(Check.FILES_EXIST, table.name, path, fault)
    for file in table.files.iter_rows(named=True):
        rows, path = None, file["path"]
        if path not in faults:
            content = readable(folder / path)
            rows = _read_rows(table, file, schema, content)
            if rows is not None and path in checksums:
                _check_checksum(table, path, content, checksums[path])
        yield rows, file["size_bytes"]


def _check_checksum(table: TableCheck, relative_path: str, content: Path | bytes, recorded: str) -> None:
    try:
        actual = content_checksum(content)
    except OSError as error:
        table.findings.add_one(Check.READABLE, table.name, relative_path, first_line(error))
        return
    table.findings.add(Check.CHECKSUMS, table.name, 1)
    if actual != recorded:
        detail = f"SHA-256 is {actual}, not {recorded}: its bytes have changed since it was written"
        table.findings.add_one(Check.CHECKSUMS, table.name, relative_path, detail)


def _read_rows(
    table: TableCheck, file: dict[str, object], schema: pl.DataFrame, content: Path | bytes
) -> pl.DataFrame | None:
    """Return the rows of a file with a schema; None if it cannot be read.

    Columns newer than the file are null.
    """
    relative_path, virtual_columns = str(file["path"]), _virtual_columns(table)
    try:
        stored_schema = pl.Schema(pl.read_parquet_schema(content))
        mismatches = _type_mismatches(stored_schema, schema.drop(virtual_columns).schema)
        if mismatches:
            table.findings.add_one(Check.RULES, table.name, relative_path, mismatches)
            return None
        column_names = [column for column in schema.drop(virtual_columns).columns if column in stored_schema]
        rows = pl.read_parquet(content, columns=column_names, glob=False, hive_partitioning=False)
    except READ_ERRORS as error:
        table.findings.add_one(Check.READABLE, table.name, relative_path, first_line(error))
        return None
    if rows.height != file["num_records"]:
        detail = f"{rows.height} rows, the log says {file['num_records']}"
        table.findings.add_one(Check.ROW_COUNTS, table.name, relative_path, detail)
    values = {**file, "file": relative_path}
    completed_rows = rows.with_columns(
        pl.lit(values[column], pl.String()).alias(column) for column in virtual_columns
    )
    return pl.concat([schema, completed_rows], how="diagonal").select(schema.columns)


def _type_mismatches(stored: pl.Schema, expected: pl.Schema) -> str:
    """Return a text about the columns of a file whose type is not the expected one, or an empty string."""
    return ", ".join(
        f"column {column} is {stored[column]}, not {dtype}"
        for column, dtype in expected.items()
        if column in stored and stored[column] != dtype
    )
