"""Compare an ingest on a Dask cluster with one by processes of this machine: `python tests/bench/cluster.py --corpus DIR`.

The workers of the cluster are processes of this machine too, as many as the other run has. They run before the ingest
begins, as those of a cluster do.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import programs
import report
import rounds
from dask_processes import DaskProcesses, running_scheduler
from measure import Usage
from report import Case, Figures, median_usage

LOCAL, DASK = "local", "dask"
MAX_OVERHEAD = 0.15
Clusters = dict[int, DaskProcesses]


def measure_round(clusters: Clusters, posts: Path, turn: int) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of an ingest with each number of workers, by each executor; `Case.times` is that number."""
    for workers, cluster in clusters.items():
        yield from rounds.rotate([measure_local(posts, workers), measure_dask(posts, workers, cluster)], turn)


def measure_local(posts: Path, workers: int) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of a first ingest by processes of this machine."""
    yield Case(LOCAL, workers), ingest(posts, workers)


def measure_dask(posts: Path, workers: int, cluster: DaskProcesses) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of a first ingest on a cluster. The CPU is with that of the cluster, the memory without."""
    before = cluster.cpu_seconds()
    usage = ingest(posts, workers, "--executor", DASK, "--scheduler", cluster.address)
    cpu_seconds = usage.cpu_seconds + cluster.cpu_seconds() - before
    yield Case(DASK, workers), replace(usage, cpu_seconds=cpu_seconds)


def ingest(posts: Path, workers: int, *options: str) -> Usage:
    """Return the cost of an ingest into a new lake."""
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        lake = ("--lake", f"{scratch}/lake", "--workers", str(workers))
        return programs.python("-m", "cli", "ingest", posts, *lake, "--direct", "--json", *options)


def start_cluster(stack: ExitStack, folder: Path, workers: int) -> DaskProcesses:
    """Return a cluster that runs until the stack is closed."""
    cluster = stack.enter_context(running_scheduler(folder / f"cluster-{workers}"))
    cluster.start_workers(workers)
    return cluster


def markdown(figures: Figures, worker_counts: list[int]) -> str:
    """Return the medians, and whether the overhead is within its limit."""
    rows, verdicts = list[str](), list[str]()
    for workers in worker_counts:
        local, dask = (median_usage(figures[Case(executor, workers)]) for executor in (LOCAL, DASK))
        wall_ratio, cpu_ratio = dask.wall_seconds / local.wall_seconds, dask.cpu_seconds / local.cpu_seconds
        cells = (
            local.wall_seconds,
            dask.wall_seconds,
            wall_ratio,
            local.cpu_seconds,
            dask.cpu_seconds,
            cpu_ratio,
        )
        rows.append(f"| {workers} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
        claim = (
            f"with {workers} workers, dask takes {wall_ratio - 1:+.1%} of wall (at most {MAX_OVERHEAD:+.0%})"
        )
        verdicts.append(report.verdict(wall_ratio - 1 <= MAX_OVERHEAD, claim))
    header = (
        "| workers | local: wall s | dask: wall s | ratio | local: CPU s | dask: CPU s | ratio |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    )
    return "\n".join([*report.heading(figures), "", *header, *rows, "", *stage_lines(figures), "", *verdicts])


def stage_lines(figures: Figures) -> Iterator[str]:
    """Yield the seconds of each stage in the last run of each kind."""
    for case, usages in sorted(figures.items()):
        seconds = json.loads(usages[-1].output)["stage_seconds"]
        yield f"- {case.what}, {case.times} workers: " + ", ".join(
            f"{name} {each:.2f}" for name, each in seconds.items()
        )


def main(arguments: list[str]) -> None:
    """Measure, print the report, and write the raw figures if --json is given."""
    parser = rounds.parser(__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of posts")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of workers")
    options = parser.parse_args(arguments)
    rounds.enable_bytecode()
    with TemporaryDirectory(prefix="postlake-bench-") as folder, ExitStack() as stack:
        clusters = {count: start_cluster(stack, Path(folder), count) for count in options.workers}
        measure = partial(measure_round, clusters, options.corpus.resolve())
        for case, _ in measure(0):
            print(f"warm-up: {case.what}", file=sys.stderr)
        figures = rounds.measure_rounds(measure, options.runs)
    print(markdown(figures, options.workers))
    if options.json:
        rounds.save(options.json, figures)


if __name__ == "__main__":
    main(sys.argv[1:])
