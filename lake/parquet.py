"""Read and write the Parquet files of tables. Knows no log: what is written here belongs to no table before a commit."""

import hashlib
import io
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from lake.layout import STATS_COLUMNS
from lake.storage.local_copy import add_copy, mirror
from lake.storage.location import Location, is_remote, readables, uri
from schemas.enums import ParseWarning

# How a file may differ from its table: Delta widens types, and adds columns and fields, without rewriting
# files.
SCAN_CASTS = pl.ScanCastOptions(
    integer_cast="upcast",
    float_cast="upcast",
    datetime_cast=["nanosecond-downcast", "microsecond-downcast", "convert-timezone"],
    missing_struct_fields="insert",
    extra_struct_fields="ignore",
)
# tables of whose files in an object store no local copies are made
LARGE_TABLES = frozenset({"raw", "posts", "revisions"})


class PostsOfRun(NamedTuple):
    """The posts of a file that one run has written: their number, and the paths of those with the warning MOSTLY_CUT."""

    run_id: str
    posts: int
    mostly_cut: list[str]


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A Parquet file that no commit has added to its table yet.

    `path` is relative to the folder of the table. `statistics` are those of the log, as JSON. `sha256` is the
    checksum of the file, in hexadecimal. `posts_of_runs` are the rows of a file of posts: what a run has written
    it need not read again for its alarms.
    """

    path: str
    size_bytes: int
    rows: int
    partition: dict[str, str]
    modified_at_ms: int
    statistics: str
    sha256: str
    posts_of_runs: Sequence[PostsOfRun] = ()


@dataclass(frozen=True, slots=True)
class TableFiles:
    """Some files of a table, as a plain value that can be sent to another process.

    `files` has their paths, as in the log, and the values of the partition columns.
    """

    name: str
    folder: Location
    schema: pl.Schema
    partition_columns: Sequence[str]
    files: pl.DataFrame

    def read(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Return the rows of all files, in the order of the files."""
        names = self.schema.names() if columns is None else columns
        if self.files.is_empty():
            return pl.DataFrame(schema={name: self.schema[name] for name in names})
        is_large = is_remote(self.folder) and self.name in LARGE_TABLES
        rows = self._scan_whole() if is_large else self.scan()
        return self._with_partitions(rows).select(names).collect()

    def scan_with_partitions(self) -> pl.LazyFrame:
        """Scan at least one file, with the columns of the table."""
        return self._with_partitions(self.scan()).select(self.schema.names())

    def _with_partitions(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        partitions = self.files.lazy().select(*self.partition_columns, file="path")
        return rows.join(partitions, on="file", maintain_order="left")

    def scan(self) -> pl.LazyFrame:
        """Scan at least one file, without the partition columns. Column `file` is the path, as in the log.

        Of objects there are local copies, but for those of LARGE_TABLES: most queries need little of them.
        """
        paths = self.files["path"].to_list()
        root = f"{uri(self.folder if self.name in LARGE_TABLES else mirror(self.folder, paths))}/"
        rows = self._scan([root + path for path in paths], include_file_paths="file")
        return rows.with_columns(pl.col("file").str.strip_prefix(root))

    def _scan_whole(self) -> pl.LazyFrame:
        """Scan files after each was read whole, by one request."""
        paths = self.files["path"].to_list()
        contents = readables(self.folder, paths)
        return pl.concat(
            self._scan(content).with_columns(file=pl.lit(path))
            for path, content in zip(paths, contents, strict=True)
        )

    def _scan(self, source: Any, **options: Any) -> pl.LazyFrame:
        file_schema = {
            column: dtype for column, dtype in self.schema.items() if column not in self.partition_columns
        }
        return pl.scan_parquet(
            source,
            schema=file_schema,
            missing_columns="insert",
            extra_columns="ignore",
            cast_options=SCAN_CASTS,
            glob=False,
            hive_partitioning=False,
            **options,
        )

    def conform(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows with the columns, order and types of the table. Columns that the rows lack are null."""
        return conform(rows, self.schema)

    def write(self, rows: pl.DataFrame) -> Iterator[WrittenFile]:
        """Write one new file per partition of some rows, and yield each."""
        return write_partitions(self.folder, self.name, self.conform(rows), self.partition_columns)


def conform(rows: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Return rows with the columns, order and types of a schema. Columns that the rows lack are null."""
    missing_columns = [
        pl.lit(None, dtype).alias(column) for column, dtype in schema.items() if column not in rows.columns
    ]
    return rows.with_columns(missing_columns).select(
        pl.col(column).cast(dtype) for column, dtype in schema.items()
    )


def write_partitions(
    folder: Location, name: str, rows: pl.DataFrame, partition: Sequence[str]
) -> Iterator[WrittenFile]:
    """Write one file per partition below the folder of a table, and yield each.

    Polars writes a small file with a quarter of the CPU time of delta-rs. Rows keep their order. The
    statistics go to the log. The files contain none.
    """
    for values, partition_rows in rows.partition_by(partition, include_key=False, as_dict=True).items():
        yield write_file(folder, name, partition_rows, dict(zip(partition, map(str, values), strict=True)))


def write_file(
    folder: Location, name: str, rows: pl.DataFrame, partition: dict[str, str] | None = None
) -> WrittenFile:
    """Write one file below the folder of a table."""
    values = partition or {}
    path = "/".join(
        [*(f"{column}={value}" for column, value in values.items()), f"part-{uuid.uuid4()}.zstd.parquet"]
    )
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd", compression_level=3, statistics=False)
    content = buffer.getbuffer()
    (folder / path).write_bytes(content)
    if name not in LARGE_TABLES:
        add_copy(folder, path, content)
    return WrittenFile(
        path,
        content.nbytes,
        rows.height,
        values,
        int(time.time() * 1000),
        _statistics(rows, STATS_COLUMNS[name]),
        hashlib.sha256(content).hexdigest(),
        _posts_of_runs(rows) if name == "posts" else (),
    )


def _posts_of_runs(posts: pl.DataFrame) -> list[PostsOfRun]:
    is_mostly_cut = pl.col("warnings").list.contains(ParseWarning.MOSTLY_CUT.value)
    by_run = posts.group_by("run_id").agg(pl.len(), pl.col("path").filter(is_mostly_cut))
    return [PostsOfRun(*row) for row in by_run.iter_rows()]


def _statistics(rows: pl.DataFrame, columns: Iterable[str]) -> str:
    """Return row count, extremes and null counts of rows as JSON, as the Delta protocol defines it."""
    names = list(columns)
    lowest, highest = rows.select(pl.col(names).min()), rows.select(pl.col(names).max())
    stats = {
        "numRecords": rows.height,
        "minValues": {name: value for name, value in lowest.row(0, named=True).items() if value is not None},
        "maxValues": {name: value for name, value in highest.row(0, named=True).items() if value is not None},
        "nullCount": {name: rows[name].null_count() for name in names},
    }
    return json.dumps(stats, default=_iso_time)


def _iso_time(value: object) -> str:
    """Format a date or time as the Delta protocol does: `2024-03-05`, `2024-03-05T08:00:00.000001Z`."""
    return str(value.isoformat()).replace("+00:00", "Z")  # type: ignore[attr-defined]  # called for dates and times only
