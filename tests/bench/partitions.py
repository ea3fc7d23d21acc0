"""Measure what the period of the partitions costs: `python tests/bench/partitions.py --corpus DIR`."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import polars as pl

import programs
import rounds
from lake.store import open_lake
from measure import Usage
from report import Case
from rounds import Measurements

PERIODS = ("month", "year")
# a query that needs every file, and one that needs those of a month
SQL = {
    "sql, all posts": "SELECT language, count(*), sum(text_chars) FROM posts GROUP BY 1",
    "sql, one month": "SELECT source, count(*) FROM posts WHERE date BETWEEN '2024-05-01' AND '2024-05-31' GROUP BY 1",
}
# readers of other programs, in a process of their own; the argument is the folder of table posts
READERS = {
    "DuckDB, text of all posts": """
import sys, duckdb
from deltalake import DeltaTable
files = [uri.removeprefix("file://") for uri in DeltaTable(sys.argv[1]).file_uris()]
query = "SELECT sum(length(text)) FROM read_parquet($files, hive_partitioning = true)"
print(duckdb.execute(query, {"files": files}).fetchone())
""",
    "Polars, text of all posts": """
import sys, polars as pl
print(pl.scan_delta(sys.argv[1]).select(pl.col("text").str.len_chars().sum()).collect().item())
""",
}


def measure_period(posts: Path, period: str, sizes: dict[str, str]) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of a first ingest and of queries; note the files and bytes of table posts in `sizes`."""
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        lake = Path(scratch) / "lake"
        yield Case(f"{period}: first ingest", 1), programs.postlake(posts, lake, "--period", period)
        files, granularity = open_lake(lake).partition_files("posts"), open_lake(lake).granularity
        mb, median_kb = files.select(
            mb=pl.sum("size_bytes") / 1e6, median_kb=pl.median("size_bytes") / 1e3
        ).row(0)
        sizes[period] = f"by {granularity}: {files.height} files, {mb:.1f} MB, median {median_kb:.0f} kB"
        for what, query in SQL.items():
            yield Case(f"{period}: {what}", 1), programs.python("-m", "cli", "sql", query, "--lake", lake)
        for what, script in READERS.items():
            yield Case(f"{period}: {what}", 1), programs.python("-c", script, lake / "posts")


def measure_round(posts: Path, sizes: dict[str, str], turn: int) -> Measurements:
    programs_of_periods: list[Measurements] = [measure_period(posts, period, sizes) for period in PERIODS]
    return rounds.rotate(programs_of_periods, turn)


def main() -> None:
    options = rounds.parser(__doc__)
    options.add_argument("--corpus", type=Path, required=True, help="folder of posts")
    arguments = options.parse_args()
    rounds.enable_bytecode()
    sizes = dict[str, str]()
    posts = arguments.corpus.resolve()
    figures = rounds.measure_rounds(partial(measure_round, posts, sizes), arguments.runs)
    print("\n".join(f"--period {period}: {text}" for period, text in sizes.items()))
    for case, usages in figures.items():
        cpu, wall = (
            median(getattr(each, name) for each in usages) for name in ("cpu_seconds", "wall_seconds")
        )
        print(f"{case.what}: {cpu:.2f} CPU s, {wall:.2f} s")
    if arguments.json:
        rounds.save(arguments.json, figures, sizes=sizes)


if __name__ == "__main__":
    main()
