"""Measure postlake beside a naive program and the floor: `python tests/bench/run.py --corpus DIR`."""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import corpus
import machine
import measure
import report
from report import Case, Figures

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parents[1]
NO_CORPUS = """\
no corpus: give --corpus DIR or set POSTLAKE_CORPUS to a folder of posts. To unpack one:
    mkdir corpus && tar --zstd -xf teahouse.tar.zst -C corpus"""


def started() -> Iterator[tuple[Case, measure.Usage]]:
    """What it costs to start and do nothing."""
    imports = [sys.executable, "-c", "import polars, deltalake, dataframely"]
    yield Case(report.HELP, 0), measure.run([sys.executable, "-m", "cli", "--help"], ROOT)
    yield Case(report.IMPORTS, 0), measure.run(imports, ROOT)


def compared(script: str, posts: Path, times: int) -> Iterator[tuple[Case, measure.Usage]]:
    """The cost of one program that postlake is compared with."""
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        command = [sys.executable, str(BENCH / f"{script}.py"), str(posts), f"{scratch}/posts"]
        yield Case(script, times), measure.run(command, ROOT)


def ingested(posts: Path, times: int) -> Iterator[tuple[Case, measure.Usage]]:
    """The cost of a first ingest into a new lake, then of a run that finds nothing changed."""
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        command = [sys.executable, "-m", "cli", "ingest", str(posts), "--lake", f"{scratch}/lake"]
        command += ["--direct", "--workers", "2", "--json"]
        yield Case(report.FIRST, times), measure.run(command, ROOT)
        yield Case(report.RERUN, times), measure.run(command, ROOT)


def one_round(
    inputs: dict[int, Path], naive_times: list[int], turn: int
) -> Iterator[tuple[Case, measure.Usage]]:
    """Everything once; each turn begins with another program, so that none always runs first."""
    yield from started()
    for times, posts in inputs.items():
        programs = [compared(report.FLOOR, posts, times), ingested(posts, times)]
        if times in naive_times:
            programs.append(compared(report.NAIVE, posts, times))
        first = turn % len(programs)
        yield from chain.from_iterable(programs[first:] + programs[:first])


def warm_up(source: Path, scratch: Path) -> None:
    """Run everything once on a few posts, so that no measured run compiles or first reads a module."""
    sample = scratch / "sample"
    sample.mkdir()
    for path in corpus.files(source)[:50]:
        shutil.copy2(path, sample / path.name)
    for case, _ in one_round({1: sample}, [1], 0):
        print(f"warm-up: {case.what}", file=sys.stderr)


def prepare(source: Path, all_times: list[int], scratch: Path) -> dict[int, Path]:
    """The inputs of each size, written to disk and read once, so that all programs find them in the cache."""
    inputs = {times: source if times == 1 else scratch / f"{times}x" for times in all_times}
    for times, posts in inputs.items():
        if posts != source:
            corpus.multiply(source, posts, times)
    os.sync()
    for path in chain.from_iterable(map(corpus.files, inputs.values())):
        path.read_bytes()
    return inputs


def figures(source: Path, options: argparse.Namespace) -> tuple[Figures, dict[int, int]]:
    """All measured runs, and the number of files at each size."""
    measured: Figures = {}
    with TemporaryDirectory(prefix="postlake-bench-") as folder:
        inputs = prepare(source, sorted(set(options.times)), Path(folder))
        warm_up(source, Path(folder))
        for turn in range(options.runs):
            for case, usage in one_round(inputs, options.naive, turn):
                measured.setdefault(case, []).append(usage)
                print(f"{turn + 1}/{options.runs} {case}: {usage.wall_seconds:.2f} s", file=sys.stderr)
        return measured, {times: len(corpus.files(posts)) for times, posts in inputs.items()}


def save(path: Path, measured: Figures, file_counts: dict[int, int]) -> None:
    """Write the raw figure of every run as JSON."""
    runs = [
        {"what": case.what, "times": case.times, **asdict(usage)}
        for case, usages in measured.items()
        for usage in usages
    ]
    raw = {"machine": machine.described(), "files": file_counts, "runs": runs}
    path.write_text(json.dumps(raw, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The options; without a corpus, an error that says how to get one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--corpus", type=Path, default=os.environ.get("POSTLAKE_CORPUS"), help="folder of posts"
    )
    parser.add_argument("--times", type=int, nargs="+", default=[1], help="sizes: 1 is the corpus itself")
    parser.add_argument("--naive", type=int, nargs="*", default=[1], help="sizes at which naive runs too")
    parser.add_argument("--runs", type=int, default=3, help="repetitions; the report shows medians")
    parser.add_argument("--json", type=Path, help="file for the raw figures")
    options = parser.parse_args(arguments)
    if options.corpus is None or not Path(options.corpus).is_dir():
        parser.error(NO_CORPUS)
    return options


def main(arguments: list[str]) -> None:
    """Measure, print the report, and keep the raw figures if asked."""
    options = parsed(arguments)
    # Programs run as they do for a user: with compiled modules.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    measured, file_counts = figures(Path(options.corpus).resolve(), options)
    print(report.markdown(measured, file_counts))
    if options.json:
        save(options.json, measured, file_counts)


if __name__ == "__main__":
    main(sys.argv[1:])
