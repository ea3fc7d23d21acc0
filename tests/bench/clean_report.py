"""Comparison of the quality and cost of every cleaner, as Markdown."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field
from importlib.metadata import version

import machine
from clean_cost import Cost, Costs
from clean_quality import Quality
from clean_score import Score
from clean_systems import FLOOR, GET_TEXT, MARKDOWN, OURS, READABILITY, RESILIPARSE, TRAFILATURA

ORDER = (OURS, MARKDOWN, TRAFILATURA, READABILITY, RESILIPARSE, GET_TEXT, FLOOR)
PACKAGES = ("trafilatura", "readability-lxml", "resiliparse", "beautifulsoup4", "lxml", "selectolax")


@dataclass(frozen=True)
class QualitySet:
    """A set of posts with known texts: the number of each kind, and the quality of each cleaner."""

    counts: dict[str, int]
    by_name: dict[str, Quality]


@dataclass(frozen=True)
class Measurements:
    """All measurements of one run."""

    sets: list[QualitySet]
    costs: Costs | None
    runs: int
    hard: list[tuple[str, float, float]] = field(default_factory=list)


def score_cell(score: Score) -> str:
    return " / ".join(f"{figure:.3f}" for figure in astuple(score))


def quality_cells(name: str, quality_set: QualitySet) -> list[str]:
    """Return the scores of one cleaner by kind, blank if only its cost is measured."""
    quality = quality_set.by_name.get(name)
    return [score_cell(quality.by_kind[kind]) if quality else "" for kind in quality_set.counts]


def cost_cells(cost: Cost | None) -> list[str]:
    """Return the seconds, with a ~ if they are extrapolated, and the ratio to the floor."""
    if cost is None:
        return ["", ""]
    return [f"{'~' if cost.is_sampled else ''}{cost.seconds:.1f}", f"{cost.ratio:.1f}"]


def table(measurements: Measurements) -> Iterator[str]:
    """Yield the table of every cleaner with its scores and cost."""
    kinds = [
        f"{kind} ({count})" for quality_set in measurements.sets for kind, count in quality_set.counts.items()
    ]
    costs = measurements.costs.by_name if measurements.costs else {}
    headings = ["", *kinds, *(["CPU s", "CPU / floor"] if costs else [])]
    yield row(headings)
    yield row(["---", *["--:"] * (len(headings) - 1)])
    for name in ORDER:
        scores = [cell for quality_set in measurements.sets for cell in quality_cells(name, quality_set)]
        if any(scores) or name in costs:
            yield row([name, *scores, *(cost_cells(costs.get(name)) if costs else [])])


def row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def failures(measurements: Measurements) -> Iterator[str]:
    """Yield the cleaners that failed, with the number of posts."""
    for quality_set in measurements.sets:
        for name, quality in quality_set.by_name.items():
            if quality.failures:
                posts = max(quality_set.counts.values())
                yield f"- {name}: no text for {quality.failures} of {posts} posts with known text"
    for name, cost in (measurements.costs.by_name if measurements.costs else {}).items():
        if cost.failures:
            yield f"- {name}: raises on {cost.failures} posts of the corpus"


def notes(measurements: Measurements) -> Iterator[str]:
    """Yield notes about the meaning of the figures, the machine and the versions."""
    yield "- scores: 4-gram F1 / block F1 / boundary F1, mean over posts"
    machine_facts = machine.describe()
    yield f"- {machine_facts['machine']}, Python {machine_facts['python']}, {machine_facts['measured_at']}"
    yield f"- {', '.join(f'{name} {version(name)}' for name in PACKAGES)}"
    if costs := measurements.costs:
        yield f"- CPU of one process for {costs.posts:,} posts, {costs.chars / 1e6:.0f} M characters of HTML"
        yield f"- medians of {measurements.runs} interleaved rounds"
        if costs.sampled < costs.posts:
            yield f"- ~: measured on {costs.sampled:,} of them, extrapolated by characters"


def hard_bodies_table(hard: list[tuple[str, float, float]]) -> Iterator[str]:
    """Yield the table of our cleaner on difficult bodies."""
    yield row(["postlake alone", "CPU s, half of it", "CPU s", "growth"])
    yield row(["---", "--:", "--:", "--:"])
    for name, half, full in hard:
        yield row([name, f"{half:.2f}", f"{full:.2f}", f"{full / half:.1f}"])


def markdown(measurements: Measurements) -> str:
    """Return the whole report."""
    lines = [
        *table(measurements),
        "",
        *notes(measurements),
        *failures(measurements),
        "",
        *hard_bodies_table(measurements.hard),
    ]
    return "\n".join(lines)
