"""The tables of a lake on disk: opened, read and written with one set of settings."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
from deltalake import ColumnProperties, CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from lake.errors import LakeError
from lake.partitions import removal_of, write, write_file
from schemas.tables import TABLES, empty
from schemas.words import Granularity

DAY_FORMAT = {Granularity.MONTH: "%Y-%m", Granularity.YEAR: "%Y", Granularity.DAY: "%Y-%m-%d"}
PERIODS = tuple(Granularity)
# Rows of a file of the ledger: a hundred bytes each, and a few files to open in a table of a million.
SMALL_FILE, LARGEST_FILE, MANY_FILES = 10_000, 50_000, 32
Action = AddAction | RemoveAction
PARTITIONED = frozenset({"posts", "revisions"})
# Statistics are kept for the columns that queries prune by. Those of a text would put the text in the log.
STATISTICS = {
    "raw": ["size"],
    "posts": ["date", "published_at", "withdrawn_at"],
    "revisions": ["date", "published_at", "superseded_at"],
    "files": ["outcome", "read_at", "gone_at"],
    "templates": ["source_id", "version"],
    "renamed_posts": ["old_id"],
    "runs": ["started_at"],
}


class Table(DeltaTable):
    """A Delta table whose files have the names that they have on disk."""

    def file_uris(self, *args: Any, **kwargs: Any) -> list[str]:
        """Give the paths of the current files; delta-rs gives them percent-encoded, readers take them as they are."""
        return [unquote(uri) for uri in super().file_uris(*args, **kwargs)]


class Lake:
    """An open lake. Tables are opened once and follow their own commits."""

    def __init__(self, root: Path, granularity: Granularity) -> None:
        self.root = root
        self.granularity = granularity
        self._tables: dict[str, DeltaTable] = {}

    def at(self, versions: dict[str, int]) -> "Lake":
        """Open the lake as it was at some versions of its tables. Raises LakeError where one cannot be read any more."""
        then = Lake(self.root, self.granularity)
        for name, version in versions.items():
            try:
                then._tables[name] = Table(str(self.root / name), version=version)
            except DeltaError as error:
                raise LakeError(f"{self.root / name}: version {version}: {error}") from error
        return then

    def sharing(self, other: "Lake", names: Iterable[str]) -> "Lake":
        """Return this lake with some tables of another one in the place of its own."""
        both = Lake(self.root, self.granularity)
        both._tables = {name: other.table(name) for name in names}
        return both

    def names(self) -> list[str]:
        """Return the names of the tables that there are; a lake that an older postlake made lacks younger ones."""
        return [name for name in TABLES if DeltaTable.is_deltatable(str(self.root / name))]

    def partition_of(self, name: str) -> list[str]:
        """Give the columns that a table is partitioned by."""
        return ["source_id", self.granularity] if name in PARTITIONED else []

    def table(self, name: str) -> DeltaTable:
        if name not in self._tables:
            try:
                self._tables[name] = Table(str(self.root / name))
            except DeltaError as error:
                raise LakeError(f"{self.root / name}: {error}") from error
        return self._tables[name]

    def scan(self, name: str) -> pl.LazyFrame:
        if name in PARTITIONED and "=" in str(self.root.absolute()):
            return self._scan_files(name)
        return pl.scan_delta(self.table(name))

    def _scan_files(self, name: str) -> pl.LazyFrame:
        """Scan a partitioned table below a path of which Polars would take each `=` for a partition's."""
        files = self.partition_files(name)
        columns = [field.name for field in self.table(name).schema().fields]
        if files.is_empty():
            return self.with_period(empty(name)).select(columns).lazy()
        partition = {f"partition.{column}": column for column in self.partition_of(name)}
        places = files.rename(partition).select(*partition.values()).unique()
        return self.rows_in(name, places).select(columns).lazy()

    def partition_files(self, name: str) -> pl.DataFrame:
        """List the table's files as its log tells them: path, partition values, statistics."""
        return pl.DataFrame(self.table(name).get_add_actions(flatten=True))

    def rows_in(self, name: str, partitions: pl.DataFrame) -> pl.DataFrame:
        """Read the rows of some partitions, and open no other file."""
        files = self._files_in(name, partitions)
        if files.is_empty():
            return self.scan(name).head(0).collect()
        files = files.with_columns(file=f"{self.root / name}/" + pl.col("path"))
        rows = pl.read_parquet(
            files["file"].to_list(), glob=False, hive_partitioning=False, include_file_paths="file"
        )
        return rows.join(files.select("file", *partitions.columns), on="file").drop("file")

    def _files_in(self, name: str, partitions: pl.DataFrame) -> pl.DataFrame:
        columns = {f"partition.{column}": column for column in partitions.columns}
        return self.partition_files(name).rename(columns).join(partitions, on=partitions.columns, how="semi")

    def versions(self) -> dict[str, int]:
        return {name: self.table(name).version() for name in self.names()}

    def with_period(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add the partition column, taken from `date`."""
        return rows.with_columns(
            pl.col("date").dt.strftime(DAY_FORMAT[self.granularity]).alias(self.granularity)
        )

    def append(self, name: str, rows: pl.DataFrame) -> None:
        write_deltalake(
            self.table(name),
            arrow(rows),
            mode="append",
            writer_properties=_writer(name),
        )

    def replace(
        self, name: str, rows: pl.DataFrame, partitions: pl.DataFrame, mark: CommitProperties
    ) -> None:
        """Put rows in the place of all that some partitions hold, in one commit."""
        partition = partitions.columns
        added = write(self.root / name, rows, partition, STATISTICS[name])
        removed = removal_of(self._files_in(name, partitions), partition)
        self.commit(name, [*added, *removed], partition, mark)

    def replace_all(self, name: str, parts: Iterable[pl.DataFrame], mark: CommitProperties) -> None:
        """Put rows, a part in memory at a time, in the place of all that a table holds, in one commit.

        Each part of a partitioned table holds whole partitions.
        """
        partition, root = self.partition_of(name), self.root / name
        added = [
            action
            for rows in parts
            for action in (
                write(root, rows, partition, STATISTICS[name])
                if partition
                else [write_file(root, rows, {}, STATISTICS[name])]
            )
        ]
        files = self.partition_files(name).rename({f"partition.{column}": column for column in partition})
        self.commit(name, [*added, *removal_of(files, partition)], partition, mark)

    def upsert(self, name: str, rows: pl.DataFrame, keys: list[str], mark: CommitProperties) -> None:
        """Update the rows with the same keys and insert the others, in one commit.

        Only the files that hold such rows are written anew, so that the cost follows the change and not the
        table; small files are put together once there are many.
        """
        root, files = self.root / name, self.partition_files(name)
        old = _with_small(files, self._files_holding(name, rows.select(keys)))
        staying = [pl.read_parquet(root / path, glob=False) for path in old["path"]]
        result = pl.concat([*(part.join(rows, on=keys, how="anti") for part in staying), rows])
        added = [write_file(root, part, {}, STATISTICS[name]) for part in result.iter_slices(LARGEST_FILE)]
        self.commit(name, [*added, *removal_of(old, [])], [], mark)

    def _files_holding(self, name: str, keys: pl.DataFrame) -> list[str]:
        """Give the paths, as the log has them, of the files that hold a row with some keys."""
        root = f"{self.root / name}/"
        paths = [f"{root}{path}" for path in self.partition_files(name)["path"]]
        if not paths:
            return []
        rows = pl.scan_parquet(paths, glob=False, hive_partitioning=False, include_file_paths="file")
        held = rows.select("file", *keys.columns).join(keys.lazy(), on=keys.columns, how="semi")
        return [file.removeprefix(root) for file in held.select("file").unique().collect()["file"]]

    def commit(self, name: str, actions: list[Action], partition: list[str], mark: CommitProperties) -> None:
        """Put files, written already, into a table and take others out, in one commit; none at all for the mark alone."""
        table = self.table(name)
        table.create_write_transaction(actions, "append", table.schema(), partition, commit_properties=mark)
        table.update_incremental()


def _with_small(files: pl.DataFrame, chosen: list[str]) -> pl.DataFrame:
    """Give the chosen files, and the small ones too if there are many of these."""
    is_chosen, is_small = pl.col("path").is_in(chosen), pl.col("num_records") < SMALL_FILE
    many = files.filter(is_small).height >= MANY_FILES
    return files.filter(is_chosen | (is_small & many))


def is_lake(root: Path) -> bool:
    """Tell whether there is a lake; `runs` is made last, so one whose making was cut short is none."""
    return DeltaTable.is_deltatable(str(root / "runs"))


def open_lake(root: Path) -> Lake:
    """Open a lake that exists. Raises LakeError where there is none."""
    if not is_lake(root):
        raise LakeError(f"{root}: there is no lake here; `postlake ingest SOURCE --lake {root}` makes one")
    lake = Lake(root, Granularity.MONTH)
    columns = lake.table("posts").metadata().partition_columns
    lake.granularity = Granularity(next(name for name in columns if name in PERIODS))
    return lake


def arrow(rows: pl.DataFrame):  # type: ignore[no-untyped-def]  # noqa: ANN201 - pyarrow has no types
    """Give rows as Arrow without string views, which some readers of the lake do not know."""
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def _writer(name: str) -> WriterProperties:
    pruned = {column: ColumnProperties(statistics_enabled="CHUNK") for column in STATISTICS[name]}
    return WriterProperties(
        compression="ZSTD",
        compression_level=3,
        default_column_properties=ColumnProperties(statistics_enabled="NONE"),
        column_properties=pruned,
    )
