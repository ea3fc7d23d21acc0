"""Interleaved repetitions of measurements, and their raw figures as JSON."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import machine
from measure import Usage
from report import Case, Figures

Measurements = Iterable[tuple[Case, Usage]]


def rotate(programs: list[Measurements], turn: int) -> Iterator[tuple[Case, Usage]]:
    """Yield the measurements of all programs; each turn starts with another, so that none is always first."""
    first = turn % len(programs)
    yield from chain.from_iterable(programs[first:] + programs[:first])


def measure_rounds(measure_round: Callable[[int], Measurements], runs: int) -> Figures:
    """Return the measurements of all rounds, and print each when it is made."""
    figures: Figures = {}
    for turn in range(runs):
        for case, usage in measure_round(turn):
            figures.setdefault(case, []).append(usage)
            print(f"{turn + 1}/{runs} {case}: {usage.wall_seconds:.2f} s", file=sys.stderr)
    return figures


def save(path: Path, figures: Figures, **facts: object) -> None:
    """Write the raw figures of every run as JSON, with further facts about the input."""
    runs = [
        {"what": case.what, "times": case.times, **asdict(usage)}
        for case, usages in figures.items()
        for usage in usages
    ]
    raw = {"machine": machine.describe(), **facts, "runs": runs}
    path.write_text(json.dumps(raw, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of every script."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--runs", type=int, default=3, help="repetitions; the report shows medians")
    options.add_argument("--json", type=Path, help="file for the raw figures")
    return options


def enable_bytecode() -> None:
    """Let programs use compiled modules, as they do for a user."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
