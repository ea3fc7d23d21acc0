"""Measure what Prefect adds to the cost of an ingest: `python tests/bench/served.py --corpus DIR`."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import Request, urlopen

import psutil

import machine
import programs
import rounds
from flows.environment import SERVER
from measure import Usage
from report import Case, Figures, median_usage

DIRECT, SERVED = "--direct", "against a server"
FIRST, AGAIN = "first ingest", "again, nothing changed"


@contextmanager
def run_server(home: Path) -> Iterator[psutil.Process]:
    """Run a server on a free port until the block ends, set in the environment; yield its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ |= SERVER | {"PREFECT_HOME": str(home), "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        while not is_up(os.environ["PREFECT_API_URL"]):
            time.sleep(0.5)
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def is_up(api: str) -> bool:
    """Check whether a server answers."""
    try:
        with urlopen(f"{api}/health") as response:
            return bool(response.status == 200)
    except (URLError, ConnectionError):
        return False


def count_task_runs(api: str) -> int:
    """Return the number of task runs on a server."""
    request = Request(f"{api}/task_runs/count", data=b"{}", headers={"Content-Type": "application/json"})
    with urlopen(request) as response:
        return int(response.read())


def measure_ingests(posts: Path, mode: str) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of a first ingest into a new lake and of one without changes, direct or with a server."""
    options = ["--workers", "2", *(["--direct"] if mode == DIRECT else [])]
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        for what in (FIRST, AGAIN):
            usage = programs.python("-m", "cli", "ingest", posts, "--lake", f"{scratch}/lake", *options)
            yield Case(f"{what}, {mode}", 1), usage


def measure_round(posts: Path, turn: int) -> Iterator[tuple[Case, Usage]]:
    """Yield the measurements of one round, in which everything runs once."""
    yield from rounds.rotate([measure_ingests(posts, DIRECT), measure_ingests(posts, SERVED)], turn)


def report_lines(figures: Figures, server_cpu: float, tasks: float) -> Iterator[str]:
    """Yield the lines of the report, as Markdown."""
    machine_facts = ", ".join(machine.describe().values())
    yield f"{machine_facts}; medians of {len(next(iter(figures.values())))} interleaved runs\n"
    yield "| | direct, wall s | with Prefect, wall s | Prefect's own, s | direct, CPU s | with Prefect, CPU s |"
    yield "|---|--:|--:|--:|--:|--:|"
    for what in (FIRST, AGAIN):
        direct, with_server = (median_usage(figures[Case(f"{what}, {mode}", 1)]) for mode in (DIRECT, SERVED))
        walls = f"{direct.wall_seconds:.1f} | {with_server.wall_seconds:.1f} | {with_server.wall_seconds - direct.wall_seconds:.1f}"
        yield f"| {what} | {walls} | {direct.cpu_seconds:.1f} | {with_server.cpu_seconds:.1f} |"
    yield f"\n{tasks:.0f} task runs an ingest; {server_cpu:.1f} CPU s an ingest in the server"


def main() -> None:
    """Measure, print the report, and write the raw figures if --json is given."""
    parser = rounds.parser(__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of posts")
    options = parser.parse_args()
    rounds.enable_bytecode()
    with TemporaryDirectory(prefix="postlake-bench-") as home, run_server(Path(home)) as server:
        cpu_before = sum(server.cpu_times()[:2])
        figures = rounds.measure_rounds(partial(measure_round, options.corpus), options.runs)
        ingest_count = 2 * options.runs
        server_cpu = (sum(server.cpu_times()[:2]) - cpu_before) / ingest_count
        tasks = count_task_runs(os.environ["PREFECT_API_URL"]) / ingest_count
    print("\n".join(report_lines(figures, server_cpu, tasks)))
    if options.json:
        rounds.save(options.json, figures)


if __name__ == "__main__":
    main()
