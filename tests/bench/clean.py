"""Compare cleaners: `python tests/bench/clean.py [--gold DIR] [--lake LAKE] [--corpus DIR]`."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import clean_cost
import clean_pages
import clean_quality
import clean_report
import clean_systems
import rounds
from clean_pages import Gold
from clean_report import Measurements, QualitySet


def judge(golds: list[Gold], lake: Path | None) -> QualitySet:
    """Return the quality of every cleaner on a gold set."""
    return QualitySet(clean_quality.count_kinds(golds), dict(clean_quality.compare_cleaners(golds, lake)))


def measure(options: argparse.Namespace) -> Measurements:
    """Return all measurements: always of the golden cases, and of a gold set and a corpus if given."""
    gold_sets = [clean_pages.golden_cases()]
    if options.gold:
        gold_sets.insert(0, clean_pages.read_gold_set(options.gold))
    costs = clean_cost.measure_costs(options.corpus, options.every, options.runs) if options.corpus else None
    quality_sets = [judge(golds, options.lake) for golds in gold_sets]
    return Measurements(quality_sets, costs, options.runs, list(clean_cost.measure_hard_bodies()))


def parse_options(arguments: list[str]) -> argparse.Namespace:
    """Return the parsed options; exit with an error if a folder does not exist."""
    parser = rounds.parser(__doc__)
    parser.add_argument("--gold", type=Path, help="folder with index.jsonl, texts/ and the posts it names")
    parser.add_argument("--lake", type=Path, help="lake whose templates postlake uses")
    parser.add_argument("--corpus", type=Path, help="folder of posts whose cleaning is timed")
    parser.add_argument("--every", type=int, default=10, help="the slow ones are timed on every n-th post")
    options = parser.parse_args(arguments)
    for name in ("gold", "lake", "corpus"):
        folder = getattr(options, name)
        if folder and not folder.is_dir():
            parser.error(f"--{name} {folder} is no folder")
        setattr(options, name, folder and folder.resolve())
    if options.gold and not (options.gold / "index.jsonl").exists():
        parser.error(f"--gold {options.gold} has no index.jsonl")
    return options


def main(arguments: list[str]) -> None:
    """Measure, print the report, and write the figures if --json is given."""
    options = parse_options(arguments)
    rounds.enable_bytecode()
    clean_systems.disable_logs()
    measurements = measure(options)
    print(clean_report.markdown(measurements))
    if options.json:
        rounds.save(options.json, {}, cleaning=asdict(measurements))


if __name__ == "__main__":
    main(sys.argv[1:])
