"""Hold the files of a table against its log, and their rows against the schema. Reads only, file by file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import polars as pl

from lake.damage import UNREADABLE, first_line
from lake.store import Lake, changed_size
from lake.verify.findings import Findings
from lake.verify.rows import Look, Subject, check_rows
from schemas.enums import Check
from schemas.tables import columns

# what the checks across tables need of each row
KEYS = {
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
    "runs": [name for name in columns("runs") if name not in {"alarms", "marks"}],
}
# Files are read one by one and held against the rules together, until they are so many rows or bytes on disk.
MOST_ROWS, MOST_BYTES = 5_000, 8 * 1024 * 1024
Told = Callable[[int], None]


@dataclass(slots=True)
class _Pile:
    """Rows of several files, with the file of each, until they are held against the rules."""

    parts: list[pl.DataFrame] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0

    def add(self, rows: pl.DataFrame, size_bytes: int) -> bool:
        """Add the rows of a file; tell whether the pile is high enough."""
        self.parts.append(rows)
        self.rows, self.bytes = self.rows + rows.height, self.bytes + size_bytes
        return self.rows >= MOST_ROWS or self.bytes >= MOST_BYTES


def look(lake: Lake, name: str, how: Look, findings: Findings, told: Told) -> pl.DataFrame | None:
    """Look at each file of a table; give the KEYS of its rows, None where some file cannot be read.

    Calls told with the number of files, one by one. Only a deep look opens more than the footers and the keys.
    """
    table = Subject(lake, name, _files(lake, name), how, findings)
    keys, pile, is_whole = [_schema(table).select(KEYS[name])], _Pile(), True
    for number, (rows, size_bytes) in enumerate(_read(table), start=1):
        told(number)
        if rows is None:
            is_whole = False
            continue
        keys.append(rows.select(KEYS[name]))
        if how.is_deep and pile.add(rows, size_bytes):
            check_rows(table, pl.concat(pile.parts))
            pile = _Pile()
    if pile.parts:
        check_rows(table, pl.concat(pile.parts))
    return pl.concat(keys) if is_whole else None


def _files(lake: Lake, name: str) -> pl.DataFrame:
    return lake.partition_files(name).sort("path")


def _placed(table: Subject) -> list[str]:
    """Return the columns that no file holds: its partition's, and its path."""
    return [*table.lake.partition_of(table.name), "file"]


def _schema(table: Subject) -> pl.DataFrame:
    """Return no rows with the columns that are to be read, those that no file holds last."""
    placed = _placed(table)
    held = {column: kind for column, kind in columns(table.name).items() if column not in placed}
    schema = pl.DataFrame(schema=held | dict.fromkeys(placed, pl.String()))
    return schema if table.how.is_deep else schema.select(list(dict.fromkeys([*KEYS[table.name], *placed])))


def _read(table: Subject) -> Iterator[tuple[pl.DataFrame | None, int]]:
    """Read file after file, with its size; None for one that cannot be read as what it should be."""
    for check in (Check.FILES_THERE, Check.READABLE, Check.ROW_COUNTS):
        table.findings.add(check, table.name, table.files.height)
    schema = _schema(table)
    for file in table.files.iter_rows(named=True):
        rows = _rows(table, file, schema) if _is_there(table, file["path"], file["size_bytes"]) else None
        yield rows, file["size_bytes"]


def _is_there(table: Subject, where: str, size_bytes: int) -> bool:
    fault = changed_size(table.lake.root / table.name / where, size_bytes)
    if fault:
        table.findings.one(Check.FILES_THERE, table.name, where, fault)
    return fault is None


def _rows(table: Subject, file: dict[str, object], schema: pl.DataFrame) -> pl.DataFrame | None:
    """Read a file as rows of a schema; columns that are younger than the file are null."""
    where, placed = str(file["path"]), _placed(table)
    path = table.lake.root / table.name / where
    try:
        known = pl.Schema(pl.read_parquet_schema(path))
        strange = _strange(known, schema.drop(placed).schema)
        if strange:
            table.findings.one(Check.RULES, table.name, where, strange)
            return None
        wanted = [column for column in schema.drop(placed).columns if column in known]
        rows = pl.read_parquet(path, columns=wanted, glob=False, hive_partitioning=False)
    except UNREADABLE as error:
        table.findings.one(Check.READABLE, table.name, where, first_line(error))
        return None
    if rows.height != file["num_records"]:
        detail = f"{rows.height} rows, the log says {file['num_records']}"
        table.findings.one(Check.ROW_COUNTS, table.name, where, detail)
    values = {**file, "file": where}
    told = rows.with_columns(pl.lit(values[column], pl.String()).alias(column) for column in placed)
    return pl.concat([schema, told], how="diagonal").select(schema.columns)


def _strange(stored: pl.Schema, wanted: pl.Schema) -> str:
    """Tell of the columns of a file that are of another type than they should be."""
    return ", ".join(
        f"column {column} is {stored[column]}, not {kind}"
        for column, kind in wanted.items()
        if column in stored and stored[column] != kind
    )
