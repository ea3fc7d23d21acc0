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
COMPARED = ("trafilatura", "readability-lxml", "resiliparse", "beautifulsoup4", "lxml", "selectolax")


@dataclass(frozen=True)
class Judged:
    """A set of posts with known texts: the number of each kind, and the quality of each cleaner."""

    counts: dict[str, int]
    by_name: dict[str, Quality]


@dataclass(frozen=True)
class Measured:
    """All measurements of one run."""

    sets: list[Judged]
    costs: Costs | None
    runs: int
    hard: list[tuple[str, float, float]] = field(default_factory=list)


def score_cell(score: Score) -> str:
    return " / ".join(f"{figure:.3f}" for figure in astuple(score))


def quality_cells(name: str, judged: Judged) -> list[str]:
    """Return the scores of one cleaner by kind, blank if only its cost is measured."""
    quality = judged.by_name.get(name)
    return [score_cell(quality.by_kind[kind]) if quality else "" for kind in judged.counts]


def cost_cells(cost: Cost | None) -> list[str]:
    """Return the seconds, with a ~ if they are extrapolated, and the ratio to the floor."""
    if cost is None:
        return ["", ""]
    return [f"{'~' if cost.is_sampled else ''}{cost.seconds:.1f}", f"{cost.ratio:.1f}"]


def table(measured: Measured) -> Iterator[str]:
    """Yield the table of every cleaner with its scores and cost."""
    kinds = [f"{kind} ({count})" for judged in measured.sets for kind, count in judged.counts.items()]
    costs = measured.costs.by_name if measured.costs else {}
    heads = ["", *kinds, *(["CPU s", "CPU / floor"] if costs else [])]
    yield row(heads)
    yield row(["---", *["--:"] * (len(heads) - 1)])
    for name in ORDER:
        scores = [cell for judged in measured.sets for cell in quality_cells(name, judged)]
        if any(scores) or name in costs:
            yield row([name, *scores, *(cost_cells(costs.get(name)) if costs else [])])


def row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def failures(measured: Measured) -> Iterator[str]:
    """Yield the cleaners that failed, with the number of posts."""
    for judged in measured.sets:
        for name, quality in judged.by_name.items():
            if quality.failures:
                posts = max(judged.counts.values())
                yield f"- {name}: no text for {quality.failures} of {posts} posts with known text"
    for name, cost in (measured.costs.by_name if measured.costs else {}).items():
        if cost.failures:
            yield f"- {name}: raises on {cost.failures} posts of the corpus"


def notes(measured: Measured) -> Iterator[str]:
    """Yield notes about the meaning of the figures, the machine and the versions."""
    yield "- scores: 4-gram F1 / block F1 / boundary F1, mean over posts"
    described = machine.described()
    yield f"- {described['machine']}, Python {described['python']}, {described['measured_at']}"
    yield f"- {', '.join(f'{name} {version(name)}' for name in COMPARED)}"
    if costs := measured.costs:
        yield f"- CPU of one process for {costs.posts:,} posts, {costs.chars / 1e6:.0f} M characters of HTML"
        yield f"- medians of {measured.runs} interleaved rounds"
        if costs.sampled < costs.posts:
            yield f"- ~: measured on {costs.sampled:,} of them, extrapolated by characters"


def hard_table(hard: list[tuple[str, float, float]]) -> Iterator[str]:
    """Yield the table of our cleaner on difficult bodies."""
    yield row(["postlake alone", "CPU s, half of it", "CPU s", "growth"])
    yield row(["---", "--:", "--:", "--:"])
    for name, half, whole in hard:
        yield row([name, f"{half:.2f}", f"{whole:.2f}", f"{whole / half:.1f}"])


def markdown(measured: Measured) -> str:
    """Return the whole report."""
    lines = [*table(measured), "", *notes(measured), *failures(measured), "", *hard_table(measured.hard)]
    return "\n".join(lines)
