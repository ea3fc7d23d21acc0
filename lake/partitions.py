"""The Parquet files of a partition: written whole, described as the Delta log wants it."""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from deltalake.transaction import AddAction, RemoveAction


def write(table: Path, rows: pl.DataFrame, partition: list[str], pruned_by: list[str]) -> Iterator[AddAction]:
    """Write one file per partition below the folder of a table, and give what the log must know of each.

    Polars writes a small file for a quarter of delta-rs's CPU. Rows keep their order; the statistics of the
    columns `pruned_by` go to the log, and none into the files.
    """
    described = rows.group_by(partition).agg(pl.len().alias("numRecords"), *_statistics(pruned_by))
    known = {tuple(row[name] for name in partition): row for row in described.iter_rows(named=True)}
    for values, part in rows.partition_by(partition, include_key=False, as_dict=True).items():
        keys = dict(zip(partition, map(str, values), strict=True))
        folder = "/".join(f"{name}={value}" for name, value in keys.items())
        (table / folder).mkdir(parents=True, exist_ok=True)
        path = f"{folder}/part-{uuid.uuid4()}.zstd.parquet"
        part.write_parquet(table / path, compression="zstd", compression_level=3, statistics=False)
        size = (table / path).stat().st_size
        stats = _as_json(known[values], pruned_by)
        yield AddAction(path, size, keys, int(time.time() * 1000), data_change=True, stats=stats)


def removal_of(files: pl.DataFrame, partition: list[str]) -> Iterator[RemoveAction]:
    """Take files, as the log lists them, out of a table; they stay on disk for older versions."""
    now = int(time.time() * 1000)
    for row in files.select("path", "size_bytes", *partition).iter_rows(named=True):
        values = {name: row[name] for name in partition}
        yield RemoveAction(row["path"], True, now, row["size_bytes"], values)  # noqa: FBT003 - data_change


def _statistics(columns: list[str]) -> Iterator[pl.Expr]:
    for name in columns:
        yield pl.col(name).min().alias(f"min.{name}")
        yield pl.col(name).max().alias(f"max.{name}")
        yield pl.col(name).null_count().alias(f"null.{name}")


def _as_json(described: dict[str, object], columns: list[str]) -> str:
    def among(kind: str) -> dict[str, object]:
        return {
            name: described[f"{kind}.{name}"] for name in columns if described[f"{kind}.{name}"] is not None
        }

    stats = {"numRecords": described["numRecords"], "minValues": among("min"), "maxValues": among("max")}
    return json.dumps(stats | {"nullCount": among("null")}, default=_moment)


def _moment(value: object) -> str:
    """Spell a date or time as the Delta protocol does: `2024-03-05`, `2024-03-05T08:00:00.000001Z`."""
    return str(value.isoformat()).replace("+00:00", "Z")  # type: ignore[attr-defined]  # statistics hold nothing else
