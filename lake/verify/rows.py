"""Compare rows with the rules, partitions and hashes of their table, and with the log of their files."""

from dataclasses import dataclass

import polars as pl

from lake.layout import PARTITIONED_TABLES, STATS_COLUMNS, period_of_date
from lake.store import Lake
from lake.verify.findings import Findings
from schemas.enums import Check
from schemas.keys import blob_id, content_hash
from schemas.tables import TABLES

# columns that identify a row
ROW_KEYS = {
    "raw": ["blob"],
    "posts": ["post_id"],
    "revisions": ["post_id", "version_at"],
    "files": ["origin", "path"],
    "templates": ["source_id", "version", "kind", "pattern"],
    "renamed_posts": ["old_id", "new_id"],
    "events": ["origin", "path", "at"],
    "checksums": ["table_name", "path"],
    "runs": ["run_id"],
}
# Delta statistics contain times to the millisecond only.
STATISTICS_PRECISION = "1ms"


@dataclass(frozen=True, slots=True)
class TableCheck:
    """A table to check: its files as the log lists them, whether every byte is read, and the findings."""

    lake: Lake
    name: str
    files: pl.DataFrame
    is_deep: bool
    findings: Findings


def row_label(name: str) -> pl.Expr:
    return pl.concat_str(
        [pl.col(column).cast(pl.String) for column in ROW_KEYS[name]], separator=" ", ignore_nulls=True
    )


def check_rows(table: TableCheck, rows: pl.DataFrame) -> None:
    """Make all checks of rows that need no other table. `rows` have the column `file`."""
    _check_rules(table, rows)
    for column in STATS_COLUMNS[table.name]:
        _check_statistics(table, rows, column)
    if table.name in PARTITIONED_TABLES:
        _check_partitions(table, rows)
        _check_texts(table, rows)
    if table.name == "raw":
        _check_contents(table, rows)


def _check_rules(table: TableCheck, rows: pl.DataFrame) -> None:
    _, failure = TABLES[table.name].filter(rows)
    table.findings.add(Check.RULES, table.name, rows.height)
    if not len(failure):
        return
    broken = failure.details()
    rules = [column for column in broken.columns if column not in rows.columns]
    names = pl.concat_list(pl.when(pl.col(rule) == "invalid").then(pl.lit(rule)) for rule in rules)
    detail = names.list.drop_nulls().list.join(", ")
    table.findings.add(Check.RULES, table.name, 0, broken.select(where=row_label(table.name), detail=detail))


def _check_statistics(table: TableCheck, rows: pl.DataFrame, column: str) -> None:
    """Compare minimum, maximum and null count in the log with the rows. Readers prune files by them."""
    log_columns = {f"{part}.{column}": part for part in ("min", "max", "null_count")}
    log_columns = {name: part for name, part in log_columns.items() if name in table.files.columns}
    actual = rows.group_by("file", maintain_order=True).agg(
        low=pl.col(column).min(), high=pl.col(column).max(), nulls=pl.col(column).is_null().sum()
    )
    compared = actual.join(
        table.files.select("path", *log_columns).rename(log_columns), left_on="file", right_on="path"
    )
    is_wrong = {
        "min": pl.col("low") < pl.col("min"),
        "max": pl.col("high") > _max_at_precision(compared.schema.get("max")),
        "null_count": pl.col("nulls") != pl.col("null_count"),
    }
    is_faulty = pl.any_horizontal(pl.lit(value=False), *(is_wrong[part] for part in log_columns.values()))
    detail = pl.format(
        "{} is {} to {}, {} null; the log says otherwise", pl.lit(column), "low", "high", "nulls"
    )
    faulty_rows = compared.filter(is_faulty.fill_null(value=False)).select(where="file", detail=detail)
    table.findings.add(Check.STATISTICS, table.name, compared.height, faulty_rows)


def _max_at_precision(dtype: pl.DataType | None) -> pl.Expr:
    return (
        pl.col("max").dt.offset_by(STATISTICS_PRECISION) if isinstance(dtype, pl.Datetime) else pl.col("max")
    )


def _check_partitions(table: TableCheck, rows: pl.DataFrame) -> None:
    period = table.lake.granularity
    day = period_of_date(period)
    folder = pl.format(f"source_id={{}}/{period}={{}}/", "source_id", day)
    misplaced_rows = rows.filter(~pl.col("file").str.starts_with(folder) | (pl.col(period) != day))
    detail = pl.format("{} lies in {}", "date", "file")
    failures = misplaced_rows.select(where=row_label(table.name), detail=detail)
    table.findings.add(Check.PARTITIONS, table.name, rows.height, failures)


def _check_texts(table: TableCheck, rows: pl.DataFrame) -> None:
    hashes = [
        content_hash(title, text)
        for title, text in rows.select("title", "text").iter_rows()
        if None not in {title, text}
    ]
    hashed_rows = rows.drop_nulls(["title", "text"]).with_columns(hash=pl.Series(hashes, dtype=pl.String))
    mismatches = hashed_rows.filter(pl.col("hash") != pl.col("content_hash"))
    detail = pl.format("title and text are {}, not {}", "hash", "content_hash")
    hashed_rows = mismatches.select(where=row_label(table.name), detail=detail)
    table.findings.add(Check.HASHES, table.name, rows.height, hashed_rows)


def _check_contents(table: TableCheck, rows: pl.DataFrame) -> None:
    stored_contents = rows.drop_nulls("content")
    hashes = pl.Series("hash", [blob_id(content) for content in stored_contents["content"]], pl.String)
    mismatches = stored_contents.with_columns(hashes).filter(
        (pl.col("hash") != pl.col("blob")) | (pl.col("content").bin.size() != pl.col("size"))
    )
    detail = pl.format("{} bytes that are {}", pl.col("content").bin.size(), "hash")
    table.findings.add(
        Check.HASHES, "raw", rows.height, mismatches.select(where=row_label("raw"), detail=detail)
    )
