"""Create a lake, and add the tables and columns that an older lake lacks."""

from lake.delta import NewTable, Table, add_missing_columns, create_table, is_table
from lake.errors import DamagedError, LakeError
from lake.layout import OPEN_PERIOD, PARTITIONED_TABLES
from lake.storage.location import Location, find_obstacle
from lake.store import Lake, is_lake, open_lake
from schemas.enums import Granularity
from schemas.tables import TABLES, empty_table


def check_lake_path(root: Location) -> None:
    """Raise LakeError for a path at which no lake can be stored."""
    if obstacle := find_obstacle(root):
        raise LakeError(f"{root}: {obstacle}")


def create_lake(root: Location, granularity: Granularity | None) -> Lake:
    """Open a lake, and create it if there is none.

    The granularity is fixed by the first call that gives one, else by `fix_granularity`. Raises LakeError if an
    existing lake has another granularity.
    """
    if not is_lake(root):
        new_lake = Lake(root, granularity or Granularity.MONTH)
        _raise_if_remains(new_lake)
        descriptions = {} if granularity else {"posts": OPEN_PERIOD}
        tables = {name: _create(new_lake, name, descriptions.get(name)) for name in TABLES}
        return Lake(root, new_lake.granularity, tables)
    lake = open_and_upgrade(root)
    if granularity is not None and lake.has_open_period():
        fix_granularity(lake, granularity)
    if granularity not in (None, lake.granularity):
        raise LakeError(f"{root}: this lake is partitioned by {lake.granularity}, not by {granularity}; "
                        "to change it, ingest into a new lake")  # fmt: skip
    return lake


def fix_granularity(lake: Lake, granularity: Granularity) -> None:
    """Give a lake that has no posts, and whose period is open, the granularity that it keeps.

    Its tables are replaced by empty ones. Table posts is the last: as long as it is not replaced, the period is open.
    """
    lake.granularity = granularity
    for name in ("revisions", "posts"):
        _create(lake, name)
        lake.table(name).update_incremental()


def _raise_if_remains(lake: Lake) -> None:
    """Raise DamagedError if there are tables that were written to: the lake has lost its table `runs`."""
    existing_tables = [name for name in TABLES if is_table(lake.root / name)]
    if any(lake.table(name).version() > 0 for name in existing_tables):
        raise DamagedError(lake.root, "runs", "_delta_log", "is not there, and other tables are")


def open_and_upgrade(root: Location) -> Lake:
    """Open an existing lake, and add the tables and columns that an older postlake did not have."""
    lake = open_lake(root)
    lake.open_tables()
    for name in TABLES.keys() - set(lake.table_names()):
        _create(lake, name)
    for name in TABLES:
        add_missing_columns(lake.table(name), empty_table(name))
    return lake


def _create(lake: Lake, name: str, description: str | None = None) -> Table:
    rows = lake.with_partition_column(empty_table(name)) if name in PARTITIONED_TABLES else empty_table(name)
    replaced = lake.opened_table(name)
    new_table = NewTable(name, rows.schema, lake.partition_columns(name), description)
    return create_table(lake.root / name, new_table, replaced)
