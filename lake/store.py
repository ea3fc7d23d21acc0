"""The tables of a lake on disk: opened, read and written with one set of settings."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
from deltalake import ColumnProperties, CommitProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from lake.delta import removal_of, write, write_file
from lake.errors import DamagedError, LakeError
from schemas.enums import Granularity
from schemas.tables import TABLES
from schemas.tables import columns as schema_of

DAY_FORMAT = {Granularity.MONTH: "%Y-%m", Granularity.YEAR: "%Y", Granularity.DAY: "%Y-%m-%d"}
PERIODS = tuple(Granularity)
# Rows of a file of the ledger: a hundred bytes each, and a few files to open in a table of a million.
SMALL_FILE, LARGEST_FILE, MANY_FILES = 10_000, 50_000, 32
Action = AddAction | RemoveAction
# How a file may differ from its table: Delta widens types, and adds columns and fields, without writing files anew.
CASTS = pl.ScanCastOptions(
    integer_cast="upcast",
    float_cast="upcast",
    datetime_cast=["nanosecond-downcast", "microsecond-downcast", "convert-timezone"],
    missing_struct_fields="insert",
    extra_struct_fields="ignore",
)
PARTITIONED = frozenset({"posts", "revisions"})
# An older lake may lack these.
YOUNGER = frozenset({"renamed_posts"})
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
        """Return the paths of the current files; delta-rs gives them percent-encoded, readers take them as they are."""
        return [unquote(uri) for uri in super().file_uris(*args, **kwargs)]


class Lake:
    """An open lake. Tables are opened once and follow their own commits."""

    def __init__(self, root: Path, granularity: Granularity) -> None:
        self.root = root
        self.granularity = granularity
        self._tables: dict[str, DeltaTable] = {}
        # of tables that belong to another lake
        self._folders: dict[str, Path] = {}
        # the version of each table whose files were found to be as long as they should be
        self._whole: dict[str, int] = {}

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
        both._folders = {name: other.root / name for name in both._tables}
        return both

    def _folder(self, name: str) -> Path:
        return self._folders.get(name, self.root / name)

    def names(self) -> list[str]:
        """Return the names of the tables that there are; a lake that an older postlake made lacks younger ones."""
        return [
            name for name in TABLES if name not in YOUNGER or DeltaTable.is_deltatable(str(self.root / name))
        ]

    def partition_of(self, name: str) -> list[str]:
        """Return the columns that a table is partitioned by."""
        return ["source_id", self.granularity] if name in PARTITIONED else []

    def table(self, name: str) -> DeltaTable:
        if name not in self._tables:
            try:
                self._tables[name] = Table(str(self.root / name))
            except DeltaError as error:
                raise _damaged_log(self.root, name, error) from error
        return self._tables[name]

    def columns(self, name: str) -> pl.Schema:
        """Return the columns of a table and their types, in its order, then those that are younger than the table."""
        stored = pl.Schema(self.table(name).schema())
        declared = schema_of(name)
        return pl.Schema(stored | {column: declared[column] for column in declared if column not in stored})

    def scan(self, name: str) -> pl.LazyFrame:
        """Scan a table; of posts those that stand, also where an older postlake left withdrawn ones among them."""
        rows = self.scan_stored(name)
        return rows.filter(pl.col("withdrawn_at").is_null()) if name == "posts" else rows

    def scan_stored(self, name: str) -> pl.LazyFrame:
        """Scan all rows of a table; columns that it, or one of its files, does not have yet are null.

        Raises DamagedError where a file is not there, or not as long as the log says.
        """
        if self._whole.get(name) != self.table(name).version():
            self._refuse_damaged(name, self.partition_files(name))
            self._whole[name] = self.table(name).version()
        if name in PARTITIONED and "=" in str(self.root.absolute()):
            return self._scan_files(name)
        rows, wanted = pl.scan_delta(self.table(name)), self.columns(name)
        stored = {field.name for field in self.table(name).schema().fields}
        return rows.with_columns(
            pl.lit(None, kind).alias(column) for column, kind in wanted.items() if column not in stored
        )

    def _scan_files(self, name: str) -> pl.LazyFrame:
        """Scan a partitioned table below a path of which Polars would take each `=` for a partition's."""
        files, wanted = self.partition_files(name), self.columns(name)
        if files.is_empty():
            return pl.LazyFrame(schema=wanted)
        return self.rows_in(name, files.select(self.partition_of(name)).unique()).lazy()

    def scan_files(self, name: str, paths: Iterable[str]) -> pl.LazyFrame:
        """Scan some files of a table, at least one, as its schema has them, without the columns of its partition.

        Column `file` is the path of each, as the log has it.
        """
        root = f"{self._folder(name)}/"
        held = {column: kind for column, kind in self.columns(name).items()
                if column not in self.partition_of(name)}  # fmt: skip
        rows = pl.scan_parquet(
            [root + path for path in paths],
            schema=held,
            missing_columns="insert",
            extra_columns="ignore",
            cast_options=CASTS,
            glob=False,
            hive_partitioning=False,
            include_file_paths="file",
        )
        return rows.with_columns(pl.col("file").str.strip_prefix(root))

    def partition_files(self, name: str) -> pl.DataFrame:
        """List the table's files as its log tells them: path, partition values, statistics."""
        named = {f"partition.{column}": column for column in self.partition_of(name)}
        return pl.DataFrame(self.table(name).get_add_actions(flatten=True)).rename(named, strict=False)

    def rows_in(self, name: str, partitions: pl.DataFrame) -> pl.DataFrame:
        """Read the rows of some partitions, and open no other file."""
        files, wanted = self._files_in(name, partitions), self.columns(name)
        if files.is_empty():
            return pl.DataFrame(schema=wanted)
        self._refuse_damaged(name, files)
        places = files.select(*partitions.columns, file="path")
        rows = self.scan_files(name, files["path"]).join(places.lazy(), on="file", maintain_order="left")
        return rows.select(wanted.names()).collect()

    def _refuse_damaged(self, name: str, files: pl.DataFrame) -> None:
        """Raise DamagedError for a file that is cut short or gone, of which Polars would panic, with a trace that stays."""
        for where, size_bytes in files.select("path", "size_bytes").iter_rows():
            fault = changed_size(self._folder(name) / where, size_bytes)
            if fault:
                raise DamagedError(self.root, name, where, fault)

    def _files_in(self, name: str, partitions: pl.DataFrame) -> pl.DataFrame:
        return self.partition_files(name).join(partitions, on=partitions.columns, how="semi")

    def versions(self) -> dict[str, int]:
        return {name: self.table(name).version() for name in self.names()}

    def with_period(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add the partition column, taken from `date`."""
        return rows.with_columns(
            pl.col("date").dt.strftime(DAY_FORMAT[self.granularity]).alias(self.granularity)
        )

    def fitted(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows as a table stores them: its columns in its order and types, null where a row has none."""
        wanted = self.columns(name)
        missing = [
            pl.lit(None, kind).alias(column) for column, kind in wanted.items() if column not in rows.columns
        ]
        return rows.with_columns(missing).select(pl.col(column).cast(kind) for column, kind in wanted.items())

    def append(self, name: str, rows: pl.DataFrame) -> None:
        """Add rows to a table."""
        write_deltalake(
            self.table(name),
            arrow(self.fitted(name, rows)),
            mode="append",
            writer_properties=_writer(name),
        )

    def replace(
        self, name: str, rows: pl.DataFrame, partitions: pl.DataFrame, mark: CommitProperties
    ) -> None:
        """Put rows in the place of all that some partitions hold, in one commit."""
        partition = partitions.columns
        added = write(self.root / name, self.fitted(name, rows), partition, STATISTICS[name])
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
                write(root, self.fitted(name, rows), partition, STATISTICS[name])
                if partition
                else [write_file(root, self.fitted(name, rows), {}, STATISTICS[name])]
            )
        ]
        self.commit(name, [*added, *removal_of(self.partition_files(name), partition)], partition, mark)

    def upsert(self, name: str, rows: pl.DataFrame, keys: list[str], mark: CommitProperties) -> None:
        """Update the rows with the same keys and insert the others, in one commit.

        Only the files that hold such rows are written anew, so that the cost follows the change and not the
        table; small files are put together once there are many.
        """
        root, files = self.root / name, self.partition_files(name)
        old = _with_small(files, self._files_holding(name, rows.select(keys)))
        result = self.fitted(name, rows)
        if not old.is_empty():
            staying = self.scan_files(name, old["path"]).drop("file").collect()
            result = pl.concat([staying.join(rows, on=keys, how="anti", maintain_order="left"), result])
        added = [write_file(root, part, {}, STATISTICS[name]) for part in result.iter_slices(LARGEST_FILE)]
        self.commit(name, [*added, *removal_of(old, [])], [], mark)

    def _files_holding(self, name: str, keys: pl.DataFrame) -> list[str]:
        """Return the paths, as the log has them, of the files that hold a row with some keys."""
        paths = self.partition_files(name)["path"]
        if paths.is_empty():
            return []
        held = self.scan_files(name, paths).join(keys.lazy(), on=keys.columns, how="semi")
        return held.select("file").unique().collect()["file"].to_list()

    def commit(self, name: str, actions: list[Action], partition: list[str], mark: CommitProperties) -> None:
        """Put files, written already, into a table and take others out, in one commit; none at all for the mark alone."""
        table = self.table(name)
        table.create_write_transaction(actions, "append", table.schema(), partition, commit_properties=mark)
        table.update_incremental()


def _with_small(files: pl.DataFrame, chosen: list[str]) -> pl.DataFrame:
    """Return the chosen files, and the small ones too if there are many of these."""
    is_chosen, is_small = pl.col("path").is_in(chosen), pl.col("num_records") < SMALL_FILE
    many = files.filter(is_small).height >= MANY_FILES
    return files.filter(is_chosen | (is_small & many))


def changed_size(file: Path, size_bytes: int) -> str | None:
    """Tell of a file that is not there, or not as long as the log has it."""
    size = file.stat().st_size if file.is_file() else None
    if size == size_bytes:
        return None
    return "is not there" if size is None else f"{size} bytes, the log says {size_bytes}"


def is_lake(root: Path) -> bool:
    """Tell whether there is a lake; `runs` is made last, so one whose making was cut short is none."""
    return DeltaTable.is_deltatable(str(root / "runs"))


def open_lake(root: Path) -> Lake:
    """Open a lake that exists. Raises LakeError where there is none."""
    if not is_lake(root):
        raise LakeError(f"{root}: there is no lake here; `postlake ingest SOURCE --lake {root}` makes one")
    lake = Lake(root, Granularity.MONTH)
    try:
        columns = lake.table("posts").metadata().partition_columns
    except DamagedError:
        columns = lake.table("revisions").metadata().partition_columns
    lake.granularity = Granularity(next(name for name in columns if name in PERIODS))
    return lake


def refuse_damaged_log(root: Path, name: str) -> None:
    """Raise DamagedError for the newest entry of a table's log that is no JSON; an empty one is read as no change."""
    log = root / name / "_delta_log"
    for entry in sorted(log.glob("*.json"), reverse=True):
        if not _is_json(entry):
            raise DamagedError(root, name, f"{log.name}/{entry.name}", "it is no JSON")


def _damaged_log(root: Path, name: str, error: DeltaError) -> DamagedError:
    """Name what makes a log unreadable: an entry, or else the log."""
    try:
        refuse_damaged_log(root, name)
    except DamagedError as damage:
        return damage
    return DamagedError(root, name, "_delta_log", str(error).split("\n", 1)[0][:200])


def _is_json(entry: Path) -> bool:
    try:
        actions = [json.loads(line) for line in entry.read_bytes().splitlines()]
    except ValueError:
        return False
    return bool(actions)


def arrow(rows: pl.DataFrame):  # type: ignore[no-untyped-def]  # noqa: ANN201 - pyarrow has no types
    """Return rows as Arrow without string views, which some readers of the lake do not know."""
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def _writer(name: str) -> WriterProperties:
    pruned = {column: ColumnProperties(statistics_enabled="CHUNK") for column in STATISTICS[name]}
    return WriterProperties(
        compression="ZSTD",
        compression_level=3,
        default_column_properties=ColumnProperties(statistics_enabled="NONE"),
        column_properties=pruned,
    )
