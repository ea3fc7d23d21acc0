"""Compare postlake with a naive program and the floor: `python tests/bench/run.py --corpus DIR`."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import corpus
import programs
import report
import rounds
from measure import Usage
from report import Case, Figures
from rounds import Measurements

NO_CORPUS = """\
no corpus: give --corpus DIR or set POSTLAKE_CORPUS to a folder of posts. To unpack one:
    mkdir corpus && tar --zstd -xf teahouse.tar.zst -C corpus
What changes over time cost is measured from a git repository: make bench CHANGE_OPTIONS=clone-or-bundle"""


def measure_program(script: str, posts: Path, times: int) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of one program that postlake is compared with."""
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        yield Case(script, times), programs.python(programs.BENCH / f"{script}.py", posts, f"{scratch}/posts")


def measure_round(
    inputs: dict[int, Path], naive_times: list[int], compiled: Path | None, turn: int
) -> Iterator[tuple[Case, Usage]]:
    """Yield the measurements of one round, in which everything runs once."""
    yield from programs.measure_start()
    for times, posts in inputs.items():
        all_programs: list[Measurements] = [
            measure_program(report.FLOOR, posts, times),
            programs.measure_ingest(posts, times),
        ]
        if compiled is not None:
            all_programs.append(programs.measure_compiled(posts, times, compiled))
        if times in naive_times:
            all_programs.append(measure_program(report.NAIVE, posts, times))
        yield from rounds.rotate(all_programs, turn)


def copy_sample(source: Path, scratch: Path) -> Path:
    """Return a new folder with a few of the posts, on which everything runs once to be warm."""
    sample = scratch / "sample"
    sample.mkdir()
    for path in corpus.files(source)[:50]:
        shutil.copy2(path, sample / path.name)
    return sample


def warm_up(source: Path, compiled: Path | None, scratch: Path) -> None:
    """Run everything once on a few posts, so that no measured run compiles a module or reads it from disk."""
    for case, _ in measure_round({1: copy_sample(source, scratch)}, [1], compiled, 0):
        print(f"warm-up: {case.what}", file=sys.stderr)


def prepare(source: Path, all_times: list[int], scratch: Path) -> dict[int, Path]:
    """Return the input folder of each size, by size.

    All files are read once, so that programs find them in the file cache.
    """
    inputs = {times: source if times == 1 else scratch / f"{times}x" for times in all_times}
    for times, posts in inputs.items():
        if posts != source:
            corpus.multiply(source, posts, times)
    os.sync()
    for path in chain.from_iterable(map(corpus.files, inputs.values())):
        path.read_bytes()
    return inputs


def unpack(wheel: Path, folder: Path) -> Path:
    """Return a folder with the code of a wheel."""
    shutil.unpack_archive(wheel, folder / "compiled", "zip")
    return folder / "compiled"


def measure(source: Path, options: argparse.Namespace) -> tuple[Figures, dict[int, int]]:
    """Return the figures of all measured runs, and the number of files of each size."""
    with TemporaryDirectory(prefix="postlake-bench-") as folder:
        inputs = prepare(source, sorted(set(options.times)), Path(folder))
        compiled = unpack(options.compiled, Path(folder)) if options.compiled else None
        warm_up(source, compiled, Path(folder))
        figures = rounds.measure_rounds(partial(measure_round, inputs, options.naive, compiled), options.runs)
        return figures, {times: len(corpus.files(posts)) for times, posts in inputs.items()}


def parse_options(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed options; without a corpus, exit with an error that says how to get one."""
    parser = rounds.parser(__doc__)
    parser.add_argument(
        "--corpus", type=Path, default=os.environ.get("POSTLAKE_CORPUS"), help="folder of posts"
    )
    parser.add_argument("--times", type=int, nargs="+", default=[1], help="sizes: 1 is the corpus itself")
    parser.add_argument("--naive", type=int, nargs="*", default=[1], help="sizes at which naive runs too")
    parser.add_argument("--compiled", type=Path, help="wheel of `make wheel-compiled`, measured too")
    options = parser.parse_args(arguments)
    if options.corpus is None or not Path(options.corpus).is_dir():
        parser.error(NO_CORPUS)
    return options


def main(arguments: list[str]) -> None:
    """Measure, print the report, and write the raw figures if --json is given."""
    options = parse_options(arguments)
    rounds.enable_bytecode()
    figures, file_counts = measure(Path(options.corpus).resolve(), options)
    print(report.markdown(figures, file_counts))
    if options.json:
        rounds.save(options.json, figures, files=file_counts)


if __name__ == "__main__":
    main(sys.argv[1:])
