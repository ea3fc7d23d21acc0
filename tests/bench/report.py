"""Medians, table and verdicts of one benchmark run, as Markdown."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from statistics import median
from typing import NamedTuple

import machine
from measure import Usage

NAIVE, FLOOR, FIRST, RERUN = "naive", "floor", "postlake, first ingest", "postlake, re-run"
COMPILED = "postlake compiled, first ingest"
HELP, IMPORTS = "start: `cli --help`", "start: imports alone"
ACCOUNTED = ("found", "unchanged", "posts", "duplicates", "rejected", "ignored")
COUNTS = (*ACCOUNTED, "moved", "gone", "commits", "blobs", "bytes")


class Case(NamedTuple):
    """A program, and the size of its input as a multiple of the corpus."""

    what: str
    times: int

    def __str__(self) -> str:
        return f"{self.what}, {self.times}x" if self.times > 1 else self.what


Figures = dict[Case, list[Usage]]
Medians = dict[Case, Usage]


def median_usage(usages: list[Usage]) -> Usage:
    """Return the median of each figure, independently, and the last output."""
    names = [field.name for field in fields(Usage) if field.name != "output"]
    figures = {name: median(getattr(usage, name) for usage in usages) for name in names}
    return Usage(**figures, output=usages[-1].output)


def ratio(figure: float, reference: float | None) -> str:
    """Return a figure as a multiple of a reference, "" without a reference."""
    return f"{figure / reference:.2f}" if reference else ""


def table_row(case: Case, medians: Medians, file_count: int | None) -> str:
    """Return one row of the table."""
    usage = medians[case]
    floor, naive = medians.get(Case(FLOOR, case.times)), medians.get(Case(NAIVE, case.times))
    cells = [
        str(case),
        f"{file_count:,}" if file_count else "",
        f"{usage.cpu_seconds:.2f}",
        f"{usage.wall_seconds:.2f}",
        f"{usage.peak_mb:.0f}",
        f"{usage.peak_rss_mb:.0f}",
        ratio(usage.cpu_seconds, floor.cpu_seconds if floor else None),
        ratio(usage.wall_seconds, naive.wall_seconds if naive else None),
    ]
    return f"| {' | '.join(cells)} |"


def table(medians: Medians, file_counts: dict[int, int]) -> Iterator[str]:
    """Yield the table of all cases, the smaller sizes first."""
    yield "| what | files | CPU s | wall s | peak MB (PSS) | peak RSS MB | CPU vs floor | wall vs naive |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    order = [HELP, IMPORTS, NAIVE, FLOOR, FIRST, COMPILED, RERUN]
    for case in sorted(medians, key=lambda case: (case.times, order.index(case.what))):
        yield table_row(case, medians, file_counts.get(case.times))


def beyond_start(medians: Medians, times: int, start: str) -> float:
    """Return the wall seconds of a re-run without those of its start."""
    return medians[Case(RERUN, times)].wall_seconds - medians[Case(start, 0)].wall_seconds


def counts(output: str) -> str:
    """Return the counts in the JSON output of a program, or its output if it is not JSON."""
    if not output.startswith("{"):
        return output
    values = json.loads(output)
    return ", ".join(f"{values[name]} {name}" for name in COUNTS if name in values)


def notes(medians: Medians, all_times: Iterable[int]) -> Iterator[str]:
    """Yield the seconds of re-runs without their start, and the notes of `count_notes`."""
    for times in all_times:
        seconds = [f"{beyond_start(medians, times, start):.2f} s beyond {start}" for start in (IMPORTS, HELP)]
        yield f"- {Case(RERUN, times)}: {', '.join(seconds)}"
    yield from count_notes(medians)


def count_notes(medians: Medians) -> Iterator[str]:
    """Yield the counts of each program, and the share of the memory sampler."""
    outputs = [(case, usage.output) for case, usage in medians.items() if case.what not in (HELP, IMPORTS)]
    yield from (f"- {case}: {counts(output)}" for case, output in outputs)
    sampler_seconds = sum(usage.sampler_seconds for usage in medians.values())
    wall_seconds = sum(usage.wall_seconds for usage in medians.values())
    yield f"- the memory sampler took {sampler_seconds / wall_seconds:.1%} of one core"


def verdict(is_met: bool, claim: str) -> str:  # noqa: FBT001 (the subject of the verdict)
    """Return a line with one target, and whether this run meets it."""
    return f"- {'kept' if is_met else 'MISSED'}: {claim}"


def verdicts_at(medians: Medians, times: int) -> Iterator[str]:
    """Yield the verdicts that apply to every size."""
    first, rerun = medians[Case(FIRST, times)], medians[Case(RERUN, times)]
    cpu_ratio = first.cpu_seconds / medians[Case(FLOOR, times)].cpu_seconds
    yield verdict(cpu_ratio <= 3, f"at {times}x, CPU {cpu_ratio:.2f} times the floor (at most 3)")
    if naive := medians.get(Case(NAIVE, times)):
        speed = naive.wall_seconds / first.wall_seconds
        yield verdict(speed >= 3, f"at {times}x, {speed:.2f} times less wall than naive (at least 3)")
    peak_mb = max(first.peak_mb, rerun.peak_mb)
    yield verdict(peak_mb < 700, f"at {times}x, peak of the tree {peak_mb:.0f} MB (below 700)")
    posts = json.loads(rerun.output)["posts"]
    yield verdict(posts == 0, f"at {times}x, a re-run finds {posts} new posts (0)")


def verdicts(medians: Medians, all_times: list[int]) -> Iterator[str]:
    """Yield the verdicts about all targets of the design."""
    for times in all_times:
        yield from verdicts_at(medians, times)
    smallest, largest = all_times[0], all_times[-1]
    seconds = beyond_start(medians, smallest, IMPORTS)
    yield verdict(seconds <= 2, f"at {smallest}x, a re-run takes {seconds:.2f} s beyond imports (at most 2)")
    if largest > smallest:
        growth = medians[Case(FIRST, largest)].peak_mb / medians[Case(FIRST, smallest)].peak_mb - 1
        yield verdict(
            growth <= 0.15, f"peak grows {growth:.0%} from {smallest}x to {largest}x (at most 15 %)"
        )


def heading(figures: Figures) -> Iterator[str]:
    """Yield the machine, the versions and the number of runs."""
    yield from (f"- {name}: {value}" for name, value in machine.describe().items())
    yield f"- medians of {max(map(len, figures.values()))} runs, interleaved, file cache warm"


def markdown(figures: Figures, file_counts: dict[int, int]) -> str:
    """Return the whole report."""
    medians = {case: median_usage(usages) for case, usages in figures.items()}
    all_times = sorted(file_counts)
    lines = [*heading(figures), "", *table(medians, file_counts), "", *notes(medians, all_times), ""]
    return "\n".join([*lines, *verdicts(medians, all_times)])
