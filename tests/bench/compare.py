"""Compare postlake with programs that people would use instead: `python tests/bench/compare.py --corpus DIR`."""

import json
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

import measure
import programs
import report
import rounds
import run
from measure import Usage
from report import Case, Figures
from rounds import Measurements

PEERS = programs.BENCH / "peers"
PEERS_PYTHON = programs.ROOT / ".venv-peers" / "bin" / "python"
SCRIPTS = {
    "Daft, naive text": "daft_posts.py",
    "datatrove, trafilatura": "datatrove_posts.py",
    "dlt, naive text": "dlt_posts.py",
}
# the programs tell their makers of each run, which would be measured and needs a network
NO_TELEMETRY = {"DO_NOT_TRACK": "1", "RUNTIME__DLTHUB_TELEMETRY": "false"}


def count_rows(folder: Path) -> int:
    """Return the rows of all Parquet files below a folder, except in folders with a name like `_delta_log`."""
    paths = (path.relative_to(folder) for path in folder.rglob("*.parquet"))
    written = [path for path in paths if not any(part.startswith("_") for part in path.parts)]
    return sum(pq.read_metadata(folder / path).num_rows for path in written)


def reported_rows(output: str) -> int:
    """Return the number of posts in the last line of a program, JSON or `5 posts`; 0 if it has none."""
    if output.startswith("{"):
        return int(json.loads(output)["posts"])
    number = output.removesuffix(" posts")
    return int(number) if number.isdecimal() else 0


def check_rows(what: str, usage: Usage, folder: Path) -> None:
    """Exit with an error if a program wrote nothing, or another number of posts than it reports."""
    written, reported = count_rows(folder), reported_rows(usage.output)
    if not written or written != reported:
        sys.exit(f"{what}: wrote {written} posts, and its last line is {usage.output!r}")


def measure_peer(what: str, posts: Path) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of one peer, after a check of what it wrote."""
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        command = [PEERS_PYTHON, PEERS / SCRIPTS[what], posts, scratch]
        usage = measure.run([str(part) for part in command], programs.ROOT)
        check_rows(what, usage, Path(scratch))
        yield Case(what, 1), usage


def measure_postlake(posts: Path) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of a first ingest, after the same check."""
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        lake = Path(scratch) / "lake"
        usage = programs.postlake(posts, lake)
        check_rows(report.FIRST, usage, lake / "posts")
        yield Case(report.FIRST, 1), usage


def measure_round(posts: Path, turn: int) -> Iterator[tuple[Case, Usage]]:
    """Yield the measurements of one round, in which everything runs once."""
    peers: list[Measurements] = [measure_peer(what, posts) for what in SCRIPTS]
    yield from rounds.rotate([measure_postlake(posts), *peers], turn)


def pins() -> str:
    """Return the packages of the peers with their versions."""
    lines = (PEERS / "requirements.txt").read_text("utf-8").splitlines()
    return ", ".join(line.replace("==", " ") for line in lines if not line.startswith("#"))


def table(figures: Figures) -> Iterator[str]:
    """Yield the table of all programs, the fastest first."""
    medians = {case.what: report.median_usage(usages) for case, usages in figures.items()}
    yield "| program | CPU s | wall s | peak MB (PSS) | rows | wall / postlake |"
    yield "|---|--:|--:|--:|--:|--:|"
    for what, usage in sorted(medians.items(), key=lambda pair: pair[1].wall_seconds):
        costs = f"{usage.cpu_seconds:.1f} | {usage.wall_seconds:.1f} | {usage.peak_mb:.0f}"
        relative = report.ratio(usage.wall_seconds, medians[report.FIRST].wall_seconds)
        yield f"| {what} | {costs} | {reported_rows(usage.output):,} | {relative} |"


def compare(posts: Path, runs: int) -> Figures:
    """Return the figures of all measured runs, after one run of everything on a few posts."""
    with TemporaryDirectory(prefix="postlake-bench-") as folder:
        run.prepare(posts, [1], Path(folder))
        for case, _ in measure_round(run.copy_sample(posts, Path(folder)), 0):
            print(f"warm-up: {case.what}", file=sys.stderr)
    return rounds.measure_rounds(partial(measure_round, posts), runs)


def main(arguments: list[str]) -> None:
    """Measure, print the report, and write the raw figures if --json is given."""
    parser = rounds.parser(__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of posts")
    options = parser.parse_args(arguments)
    if not options.corpus.is_dir():
        parser.error(f"--corpus {options.corpus} is no folder")
    if not PEERS_PYTHON.exists():
        parser.error(f"no {PEERS_PYTHON}: `make bench-peers` installs it")
    rounds.enable_bytecode()
    os.environ |= NO_TELEMETRY
    try:
        figures = compare(options.corpus.resolve(), options.runs)
    except RuntimeError as failure:
        sys.exit(str(failure))
    print("\n".join([*report.heading(figures), f"- peers: {pins()}", "", *table(figures)]))
    if options.json:
        rounds.save(options.json, figures)


if __name__ == "__main__":
    main(sys.argv[1:])
