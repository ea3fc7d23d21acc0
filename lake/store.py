"""The tables of a lake on disk. All are opened, read and written with one set of settings."""

import signal
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import polars as pl

from lake.batch import CONTENT_NAME, Run
from lake.delta import (
    CommitProperties,
    DeltaError,
    Table,
    commit_files,
    find_table,
    is_table,
    open_other_version,
    open_table,
)
from lake.errors import DamagedError, LakeError
from lake.integrity import damaged_log_error, find_size_mismatches
from lake.layout import (
    GRANULARITIES,
    OPEN_PERIOD,
    OPTIONAL_TABLES,
    PARTITIONED_TABLES,
    period_of_date,
)
from lake.parquet import PostsOfRun, TableFiles, WrittenFile, conform, write_file
from lake.storage.location import Location, full_name, is_remote, remove_empty, remove_tree
from schemas.enums import Granularity
from schemas.tables import TABLES, schema_of

# Polars, once it is imported, handles SIGINT with SA_RESTART: the system resumes a blocking call as if Ctrl-C had
# not been pressed, for example the wait for a lock that another thread holds, or for a pipe from git.
signal.siginterrupt(signal.SIGINT, True)  # noqa: FBT003 - named by the standard library


class Lake:
    """An open lake. Each table is opened once, and updated by each commit of this object."""

    def __init__(
        self, root: Location, granularity: Granularity, tables: Mapping[str, Table] | None = None
    ) -> None:
        self.root = root
        self.granularity = granularity
        # names the contents of files: see `lake.batch.content_name`
        self.content_name = CONTENT_NAME
        # whether the drafts of a file are posts
        self.keeps_drafts = pl.lit(value=False)
        # of the settings of the lake that say what a file means, a number for the value of each; None: not known
        self.settings_numbers: Mapping[str, int] | None = None
        # and these settings themselves; "" for the default ones, and where they are not known
        self.settings_text = ""
        # the names to show of sources that have one beside that of their files
        self.shown_names: Mapping[str, str] = {}
        self._tables = dict(tables or {})
        # folders of tables that belong to another lake
        self._folders: dict[str, Location] = {}
        # of each table, at a version: its columns; its files; their paths, once their sizes agree with the log
        self._schemas: dict[str, tuple[int, pl.Schema]] = {}
        self._files: dict[str, tuple[int, pl.DataFrame]] = {}
        self._checked_paths: dict[str, tuple[int, pl.Series]] = {}
        # the files that this object has added, with their table
        self.written = list[tuple[str, WrittenFile]]()

    def at_versions(self, versions: dict[str, int]) -> "Lake":
        """Return the lake with the given versions of its tables.

        Raises LakeError if a version cannot be read any more.
        """
        past_lake = Lake(self.root, self.granularity)
        past_lake.content_name = self.content_name
        for name, version in versions.items():
            try:
                past_lake._tables[name] = open_other_version(
                    self._tables.get(name), self.root / name, version
                )
            except DeltaError as error:
                raise LakeError(f"{self.root / name}: version {version}: {error}") from error
        if "posts" in versions:
            past_lake.read_granularity()
        return past_lake

    def with_tables_of(self, other: "Lake", names: Iterable[str]) -> "Lake":
        """Return this lake with some of its tables replaced by those of another lake."""
        combined = Lake(self.root, self.granularity, {name: other.table(name) for name in names})
        combined.content_name = other.content_name
        combined._folders = {name: other.root / name for name in combined._tables}
        return combined

    @property
    def scratch(self) -> Location:
        """Return the folder of what writing runs need for themselves. A run deletes it before it begins."""
        return self.root / "_scratch"

    def scratch_of(self, run: Run) -> Location:
        """Return the folder for what a writing run needs for itself."""
        return self.scratch / run.run_id

    def remove_scratch_of(self, run: Run) -> None:
        """Delete what a writing run needed for itself. There may be that of a run that took its lock over."""
        remove_tree(self.scratch_of(run))
        remove_empty(self.scratch, self.root)

    def folder(self, name: str) -> Location:
        """Return the folder of a table."""
        return self._folders.get(name, self.root / name)

    def table_names(self) -> list[str]:
        """Return the names of the tables that exist. A lake of an older postlake lacks newer tables."""
        return [
            name
            for name in TABLES
            if name not in OPTIONAL_TABLES or name in self._tables or is_table(self.root / name)
        ]

    def read_granularity(self) -> None:
        """Set the granularity to that of the opened table posts; if its log is damaged, to that of revisions."""
        try:
            columns = self.table("posts").metadata().partition_columns
        except DamagedError:
            columns = self.table("revisions").metadata().partition_columns
        self.granularity = Granularity(next(name for name in columns if name in GRANULARITIES))

    def has_open_period(self) -> bool:
        """Return whether the first posts are still to decide the granularity.

        An older postlake may have written posts, by month.
        """
        is_open = self.table("posts").metadata().description == OPEN_PERIOD
        return is_open and all(self.partition_files(name).is_empty() for name in PARTITIONED_TABLES)

    def partition_columns(self, name: str) -> list[str]:
        """Return the columns that a table is partitioned by."""
        return ["source_id", self.granularity] if name in PARTITIONED_TABLES else []

    def table(self, name: str) -> Table:
        if name not in self._tables:
            with self._damage_of(name):
                self._tables[name] = open_table(self.root / name)
        return self._tables[name]

    @contextmanager
    def _damage_of(self, name: str) -> Iterator[None]:
        """Raise DamagedError for an error of a table's log."""
        try:
            yield
        except DeltaError as error:
            raise damaged_log_error(self.root, name, error) from error

    def open_tables(self) -> None:
        """Open all tables that exist, several at a time. A writing run needs them all, none of which another has written to later."""
        with ThreadPoolExecutor(len(TABLES)) as executor:
            deque(executor.map(self._find_table, TABLES), maxlen=0)

    def _find_table(self, name: str) -> None:
        if name not in self._tables:
            with self._damage_of(name):
                if table := find_table(self.root / name):
                    self._tables[name] = table

    def opened_table(self, name: str) -> Table | None:
        """Return a table as this object knows it; None if it has not opened it."""
        return self._tables.get(name)

    def schema(self, name: str) -> pl.Schema:
        """Return columns and types of a table: first its own, then declared ones that it lacks so far."""
        version = self.table(name).version()
        if name not in self._schemas or self._schemas[name][0] != version:
            stored_columns, declared_columns = pl.Schema(self.table(name).schema()), schema_of(name)
            self._schemas[name] = version, pl.Schema(stored_columns | {**declared_columns, **stored_columns})
        return self._schemas[name][1]

    def scan(self, name: str) -> pl.LazyFrame:
        """Scan a table. Of posts, only current rows: an older postlake left withdrawn posts there, too."""
        rows = self.scan_stored(name)
        return rows.filter(pl.col("withdrawn_at").is_null()) if name == "posts" else rows

    def scan_stored(self, name: str) -> pl.LazyFrame:
        """Scan all rows of a table. Columns that the table, or one of its files, does not have yet are null.

        Raises DamagedError if a file is missing, or its size differs from the log.
        """
        paths = self._list_checked_paths(name)
        if paths.is_empty():
            return pl.LazyFrame(schema=self.schema(name))
        if name not in PARTITIONED_TABLES:
            # a query of one small file takes 2 ms; with `scan_delta`, which serves partitions, 5 ms
            return self.scan_files(name, paths).drop("file")
        if is_remote(self.root):
            return self.table_files(name, self.partition_files(name)).scan_with_partitions()
        if "=" in full_name(self.root):
            return self._scan_partitions(name)
        rows, schema = pl.scan_delta(self.table(name)), self.schema(name)
        stored_columns = {field.name for field in self.table(name).schema().fields}
        return rows.with_columns(
            pl.lit(None, dtype).alias(column)
            for column, dtype in schema.items()
            if column not in stored_columns
        )

    def _list_checked_paths(self, name: str) -> pl.Series:
        version = self.table(name).version()
        if name not in self._checked_paths or self._checked_paths[name][0] != version:
            files = self.partition_files(name)
            self._raise_if_damaged(name, files)
            self._checked_paths[name] = version, files["path"]
        return self._checked_paths[name][1]

    def _scan_partitions(self, name: str) -> pl.LazyFrame:
        """Scan a partitioned table whose path contains `=`. Polars would take that for a partition column."""
        partitions = self.partition_files(name).select(self.partition_columns(name)).unique()
        return self.read_partitions(name, partitions).lazy()

    def scan_files(self, name: str, paths: Iterable[str]) -> pl.LazyFrame:
        """Scan at least one file of a table, with the schema of the table but without its partition columns.

        Column `file` is the path of each file, as in the log.
        """
        return self.table_files(name, pl.DataFrame({"path": list(paths)})).scan()

    def table_files(self, name: str, files: pl.DataFrame) -> TableFiles:
        """Return some files of a table (rows of `partition_files`) as a value that another process can read."""
        partition = self.partition_columns(name)
        return TableFiles(
            name,
            self.folder(name),
            self.schema(name),
            partition,
            files.select(
                "path",
                *(column for column in ("size_bytes", *partition) if column in files.columns),
            ),
        )

    def written_posts(self, run_id: str) -> Iterator[tuple[str, PostsOfRun]]:
        """Yield source_id and the posts of a run, of each current file of posts that this object has added."""
        current_paths = {*self.partition_files("posts")["path"]}
        for table, file in self.written:
            if table == "posts" and file.path in current_paths:
                source_id = file.partition["source_id"]
                yield from ((source_id, each) for each in file.posts_of_runs if each.run_id == run_id)

    def partition_files(self, name: str) -> pl.DataFrame:
        """Return the files of a table, as its log lists them: path, partition values, statistics."""
        version = self.table(name).version()
        if name not in self._files or self._files[name][0] != version:
            column_names = {f"partition.{column}": column for column in self.partition_columns(name)}
            files = pl.DataFrame(self.table(name).get_add_actions(flatten=True))
            self._files[name] = version, files.rename(column_names, strict=False)
        return self._files[name][1]

    def read_partitions(
        self, name: str, partitions: pl.DataFrame, columns: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """Return the rows of some partitions, with some columns or all. No other file is opened."""
        return self.files_of_partitions(name, partitions).read(columns)

    def files_of_partitions(self, name: str, partitions: pl.DataFrame) -> TableFiles:
        """Return the files of some partitions. Raises DamagedError if one is missing or cut short."""
        files = self.partition_files(name).join(partitions, on=partitions.columns, how="semi")
        self._raise_if_damaged(name, files)
        return self.table_files(name, files)

    def _raise_if_damaged(self, name: str, files: pl.DataFrame) -> None:
        """Raise DamagedError for a file that is missing or cut short.

        Polars would panic on it, and print a stack trace that nothing can suppress. Objects are not looked at: they
        are never cut short, and a missing one is an error of the request for it.
        """
        if is_remote(self.root):
            return
        for path, fault in find_size_mismatches(self.folder(name), files):
            raise DamagedError(self.root, name, path, fault)

    def versions(self) -> dict[str, int]:
        return {name: self.table(name).version() for name in self.table_names()}

    def with_partition_column(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows with the partition column, computed from `date`."""
        return rows.with_columns(period_of_date(self.granularity).alias(self.granularity))

    def conform(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows with the columns, order and types of a table. Columns that the rows lack are null."""
        return conform(rows, self.schema(name))

    def append(self, name: str, rows: pl.DataFrame, properties: CommitProperties | None = None) -> None:
        """Append rows to a table, in one commit."""
        written = write_file(self.root / name, name, self.conform(name, rows))
        self.commit(name, [written], properties=properties)

    def commit(
        self,
        name: str,
        written: Sequence[WrittenFile] = (),
        removed: pl.DataFrame | None = None,
        properties: CommitProperties | None = None,
        *,
        changes_data: bool = True,
    ) -> None:
        """Add written files to a table and remove others (rows of `partition_files`), in one commit."""
        self.written += [(name, file) for file in written]
        commit_files(
            self.table(name),
            written,
            removed,
            properties or CommitProperties(),
            changes_data=changes_data,
        )


def is_lake(root: Location) -> bool:
    """Return whether there is a lake.

    `runs` is created last: if the creation was interrupted, there is no lake.
    """
    return is_table(root / "runs")


def open_lake(root: Location) -> Lake:
    """Open an existing lake. Raises LakeError if there is none."""
    if not is_lake(root):
        raise LakeError(f"{root}: there is no lake here; `postlake ingest SOURCE --lake {root}` makes one")
    lake = Lake(root, Granularity.MONTH)
    lake.read_granularity()
    return lake
