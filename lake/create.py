"""A new lake, and the columns that an older one lacks."""

import re
from pathlib import Path

from deltalake import DeltaTable
from deltalake.schema import Field, Schema

from lake.errors import DamagedError, LakeError
from lake.store import PARTITIONED, STATISTICS, Lake, arrow, is_lake, open_lake
from schemas.enums import Granularity
from schemas.tables import TABLES, empty

# delta-rs takes `a%20b` for `a b`, `a\\b` for `a/b`, and panics at `[`
MISREAD = re.compile(r"[\[\]\\]|%[0-9A-Fa-f]{2}")


def check_place(root: Path) -> None:
    """Raise LakeError for a path that cannot hold a lake."""
    if any(parent.exists() and not parent.is_dir() for parent in (root, *root.parents)):
        raise LakeError(f"{root}: is not a folder, or lies below what is none")
    if MISREAD.search(str(root.resolve())):
        raise LakeError(f"{root}: the storage layer misreads paths with brackets, backslashes or %-escapes; "
                        "choose another place")  # fmt: skip


def create_lake(root: Path, granularity: Granularity | None) -> Lake:
    """Open a lake, made first if there is none. Granularity (default month) is fixed when it is made.

    Raises LakeError where the lake has another granularity.
    """
    made = Lake(root, granularity or Granularity.MONTH)
    if not is_lake(root):
        _refuse_remains(made)
        for name in TABLES:
            _create(made, name)
    lake = open_for_writing(root)
    if granularity not in (None, lake.granularity):
        raise LakeError(f"{root}: this lake is partitioned by {lake.granularity}, not by {granularity}; "
                        "to change it, ingest into a new lake")  # fmt: skip
    return lake


def _refuse_remains(lake: Lake) -> None:
    """Raise DamagedError where tables are there that hold something: a lake that has lost its table of runs."""
    there = [name for name in TABLES if DeltaTable.is_deltatable(str(lake.root / name))]
    if any(lake.table(name).version() > 0 for name in there):
        raise DamagedError(lake.root, "runs", "_delta_log", "is not there, and other tables are")


def open_for_writing(root: Path) -> Lake:
    """Open a lake that exists, and give it the tables and columns that an older postlake did not know."""
    lake = open_lake(root)
    for name in TABLES.keys() - set(lake.names()):
        _create(lake, name)
    for name in TABLES:
        table = lake.table(name)
        known = {field.name for field in table.schema().fields}
        missing = [column for column in empty(name).columns if column not in known]
        if missing:
            wanted = Schema.from_arrow(arrow(empty(name).select(missing)).schema)
            table.alter.add_columns([Field(field.name, field.type, nullable=True) for field in wanted.fields])
    return lake


def _create(lake: Lake, name: str) -> None:
    rows = lake.with_period(empty(name)) if name in PARTITIONED else empty(name)
    DeltaTable.create(
        str(lake.root / name),
        schema=arrow(rows).schema,
        mode="overwrite",
        partition_by=lake.partition_of(name) or None,
        name=name,
        configuration={"delta.dataSkippingStatsColumns": ",".join(STATISTICS[name])},
    )
