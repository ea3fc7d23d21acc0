"""Table and verdicts about the growth of costs with the size of an archive, as Markdown."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import linear_regression

import machine
from measure import Usage
from report import verdict

FIRST, AGAIN, EDITS = "first ingest", "again, nothing changed", "100 edited posts"
MAX_PEAK_MB, MAX_BYTES_PER_FILE = 600, 300
MAX_COST_GROWTH, MAX_INCREMENT_GROWTH, MAX_WRITTEN_RATIO = 1.3, 3.0, 1.3


@dataclass(frozen=True)
class Size:
    """What was measured of an archive of some size.

    `stored_bytes` are those of the lake after the first ingest, in whole pages as `Usage.written_bytes` are.
    """

    files: int
    sources: int
    partitions: int
    usages: dict[str, Usage]
    stored_bytes: int

    @property
    def peak_mb(self) -> float:
        return max(usage.peak_mb for usage in self.usages.values())

    @property
    def written_ratio(self) -> float:
        """Return how many bytes the first ingest has written for each that is stored."""
        return self.usages[FIRST].written_bytes / self.stored_bytes

    def milliseconds_per_file(self, what: str) -> tuple[float, float]:
        """Return the CPU time and the wall time of a run for each file of the archive."""
        usage = self.usages[what]
        return 1e3 * usage.cpu_seconds / self.files, 1e3 * usage.wall_seconds / self.files


def table(sizes: list[Size]) -> Iterator[str]:
    """Yield one row for each run."""
    yield "| files | run | CPU s | wall s | CPU ms / file | wall ms / file | peak MB (PSS) |"
    yield "|--:|---|--:|--:|--:|--:|--:|"
    for size in sizes:
        for what, usage in size.usages.items():
            cpu, wall = size.milliseconds_per_file(what)
            seconds = f"{usage.cpu_seconds:.1f} | {usage.wall_seconds:.1f} | {cpu:.3f} | {wall:.3f}"
            yield f"| {size.files:,} | {what} | {seconds} | {usage.peak_mb:.0f} |"


def notes(sizes: list[Size]) -> Iterator[str]:
    """Yield what each archive and its lake are like, and the seconds of each stage."""
    for size in sizes:
        written_mb, stored_mb = size.usages[FIRST].written_bytes / 1e6, size.stored_bytes / 1e6
        what = f"{size.sources:,} sources, {size.partitions:,} partitions of posts"
        yield f"- {size.files:,} files: {what}, {written_mb:,.0f} MB written, {stored_mb:,.0f} MB stored"
        for name, usage in size.usages.items():
            seconds = json.loads(usage.output)["stage_seconds"]
            stages = ", ".join(f"{stage} {duration:.1f}" for stage, duration in seconds.items())
            yield f"- {size.files:,} files, {name}, s: {stages}"


def growth(smallest: Size, size: Size, what: str, *, per_file: bool) -> tuple[float, float]:
    """Return the CPU time and the wall time of a run as multiples of those of the smallest size."""
    times = smallest.files / size.files if per_file else 1
    old, new = smallest.usages[what], size.usages[what]
    return times * new.cpu_seconds / old.cpu_seconds, times * new.wall_seconds / old.wall_seconds


def growth_verdicts(smallest: Size, size: Size) -> Iterator[str]:
    """Yield the verdicts about a size beside the smallest one."""
    beside = f"at {size.files:,} files"
    for what, per_file, bar, unit in (
        (FIRST, True, MAX_COST_GROWTH, "a file"),
        (EDITS, False, MAX_INCREMENT_GROWTH, "in all"),
    ):
        cpu, wall = growth(smallest, size, what, per_file=per_file)
        claim = f"{beside}, {what}: {cpu:.2f} times the CPU {unit}, {wall:.2f} times the wall"
        yield verdict(max(cpu, wall) <= bar, f"{claim} of {smallest.files:,} files (at most {bar})")


def memory_verdict(sizes: list[Size]) -> str:
    """Return the verdict about peak memory: a line through all sizes, or the only size."""
    bar = f"at most {MAX_PEAK_MB} MB and {MAX_BYTES_PER_FILE} bytes a file"
    if len(sizes) == 1:
        max_mb = MAX_PEAK_MB + MAX_BYTES_PER_FILE * sizes[0].files / 1e6
        return verdict(sizes[0].peak_mb <= max_mb, f"peak memory is {sizes[0].peak_mb:.0f} MB ({bar})")
    slope, base_mb = linear_regression([size.files for size in sizes], [size.peak_mb for size in sizes])
    return verdict(
        base_mb <= MAX_PEAK_MB and slope * 1e6 <= MAX_BYTES_PER_FILE,
        f"peak memory is {base_mb:.0f} MB and {slope * 1e6:.0f} bytes a file ({bar})",
    )


def verdicts(sizes: list[Size]) -> Iterator[str]:
    """Yield the verdicts about all targets."""
    for size in sizes:
        claim = f"at {size.files:,} files, {size.written_ratio:.2f} bytes written for each stored"
        yield verdict(size.written_ratio <= MAX_WRITTEN_RATIO, f"{claim} (at most {MAX_WRITTEN_RATIO})")
    for size in sizes[1:]:
        yield from growth_verdicts(sizes[0], size)
    yield memory_verdict(sizes)


def markdown(sizes: list[Size]) -> str:
    """Return the whole report."""
    heading = [f"- {name}: {value}" for name, value in machine.describe().items()]
    return "\n".join([*heading, "", *table(sizes), "", *notes(sizes), "", *verdicts(sizes)])
