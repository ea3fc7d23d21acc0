"""The measured commands, each run as a whole process."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import measure
import report
from measure import Usage
from report import Case

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parents[1]


def python(*arguments: str | Path, code: Path = ROOT) -> Usage:
    """Return the cost of one run of Python in the folder of the code, by default the root of the repository."""
    return measure.run([sys.executable, *map(str, arguments)], code)


def postlake(source: str | Path, lake: Path, *options: str, code: Path = ROOT) -> Usage:
    """Return the cost of one ingest."""
    fixed_options = ("--direct", "--workers", "2", "--json")
    return python("-m", "cli", "ingest", source, "--lake", lake, *fixed_options, *options, code=code)


def measure_start() -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of starting without doing any work."""
    yield Case(report.HELP, 0), python("-m", "cli", "--help")
    yield Case(report.IMPORTS, 0), python("-c", "import polars, deltalake, dataframely")


def measure_ingest(posts: Path, times: int) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of a first ingest into a new lake, and then of a run without changes."""
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        lake = Path(scratch) / "lake"
        yield Case(report.FIRST, times), postlake(posts, lake)
        yield Case(report.RERUN, times), postlake(posts, lake)


def measure_compiled(posts: Path, times: int, code: Path) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of a first ingest with the code of a compiled wheel."""
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        yield Case(report.COMPILED, times), postlake(posts, Path(scratch) / "lake", code=code)
