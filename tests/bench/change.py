"""Measure what changes over time cost: `python tests/bench/change.py --history CLONE-OR-BUNDLE`."""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import change_report
import programs
import repositories
import rounds
from measure import Usage
from report import Case, Figures

NO_HISTORY = """\
no history: give --history CLONE-OR-BUNDLE, a git repository of posts. To make a bundle of one:
    git -C clone bundle create posts.bundle --all"""


@dataclass(frozen=True)
class Change:
    """A lake with the state before a change, and the repository after it."""

    case: Case
    lake: Path
    repository: Path


def prepare_change(case: Case, lake: Path, repository: Path, before: str) -> Change:
    """Return a change after ingesting the commit `before` into its lake, which is not measured."""
    usage = programs.postlake(f"{repository}@{before}", lake)
    print(f"prepared {case}: {usage.wall_seconds:.2f} s", file=sys.stderr)
    return Change(case, lake, repository)


def prepare_edits(repository: Path, sizes: list[int], scratch: Path) -> Iterator[Change]:
    """Yield the change of one edited post for lakes of several sizes."""
    for times in sizes:
        larger = scratch / f"{times}x.git"
        repositories.multiply(repository, larger, times)
        yield prepare_change(Case(change_report.EDIT, times), scratch / f"{times}x", larger, "HEAD~1")


def prepare_changes(repository: Path, options: argparse.Namespace, scratch: Path) -> list[Change]:
    """Return all changes. Git reads the history once, so that all programs find it in the file cache."""
    measure_git_read(repository)
    increment = Case(change_report.INCREMENT, 0)
    before = f"HEAD~{options.commits}"
    return [
        prepare_change(increment, scratch / "before", repository, before),
        *prepare_edits(repository, sorted(set(options.sizes)), scratch),
    ]


def measure_change(change: Change) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of ingesting a change into a copy of its lake."""
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        lake = shutil.copytree(change.lake, Path(scratch) / "lake")
        yield change.case, programs.postlake(change.repository, lake)


def measure_replay(repository: Path) -> Iterator[tuple[Case, Usage]]:
    """Yield the cost of loading the whole history into a new lake, and that of git alone."""
    with TemporaryDirectory(prefix="postlake-bench-") as scratch:
        usage = programs.postlake(repository, Path(scratch) / "lake", "--history")
        yield Case(change_report.HISTORY, 0), usage
    yield Case(change_report.GIT, 0), measure_git_read(repository)


def measure_git_read(repository: Path) -> Usage:
    """Return the cost of reading a history; the CPU seconds are those of git alone."""
    usage = programs.python(programs.BENCH / "git_read.py", repository)
    return replace(usage, cpu_seconds=json.loads(usage.output)["git_cpu_seconds"])


def measure_round(repository: Path, changes: list[Change], turn: int) -> Iterator[tuple[Case, Usage]]:
    """Return an iterator that measures everything once."""
    all_programs = [
        programs.measure_start(),
        programs.measure_ingest(repository, 1),
        measure_replay(repository),
    ]
    return rounds.rotate([*all_programs, *map(measure_change, changes)], turn)


def measure(options: argparse.Namespace) -> Figures:
    """Return the figures of all measured runs."""
    with TemporaryDirectory(prefix="postlake-bench-") as folder:
        scratch = Path(folder)
        repository = repositories.open_repository(options.history, scratch)
        changes = prepare_changes(repository, options, scratch)
        return rounds.measure_rounds(partial(measure_round, repository, changes), options.runs)


def parse_options(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed options; without a history, exit with an error that says how to make one."""
    parser = rounds.parser(__doc__)
    parser.add_argument("--history", type=Path, help="clone or bundle of a git repository of posts")
    parser.add_argument("--commits", type=int, default=400, help="commits that an increment takes in")
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[1, 4, 16], help="sizes of lakes for one edit"
    )
    options = parser.parse_args(arguments)
    if options.history is None or not options.history.exists():
        parser.error(NO_HISTORY)
    return options


def main(arguments: list[str]) -> None:
    """Measure, print the report, and write the raw figures if --json is given."""
    options = parse_options(arguments)
    rounds.enable_bytecode()
    figures = measure(options)
    print(change_report.markdown(figures, options.commits))
    if options.json:
        rounds.save(options.json, figures, commits=options.commits)


if __name__ == "__main__":
    main(sys.argv[1:])
