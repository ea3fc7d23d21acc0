"""The results of runs: what they read, learned or cleaned, their alarms and seconds."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from cli.output.tables import print_table
from cli.output.terminal import echo, print_json, print_to_stderr
from posts.formats import ENDINGS_TEXT

if TYPE_CHECKING:
    from flows.pipeline.reporting.account import Summary
    from flows.pipeline.reporting.results import LearnResult

R = TypeVar("R")


def show_result(
    result: R, run: "Summary | LearnResult", print_result: Callable[[R], None], *, as_json: bool
) -> None:
    """Print the result of a run: as JSON, or by a function.

    Raises FailuresError if files could not be parsed, or if a source shrank or vanished.
    """
    from flows.pipeline.reporting.account import raise_if_failed

    if as_json:
        print_json(result)
    else:
        print_result(result)
    raise_if_failed(run.run_id, run.alarms, result)


def print_summary(summary: "Summary") -> None:
    from flows.pipeline.reporting.account import COUNT_COLUMNS, outcome_counts
    from flows.pipeline.reporting.passed_over import passed_over_line

    if not summary.found and summary.origins:
        print_to_stderr(f"{', '.join(summary.origins)}: no post files there ({ENDINGS_TEXT})")
    print_table(COUNT_COLUMNS, [tuple(outcome_counts(summary).values())])
    if summary.reasons:
        print_table(["reason", "files"], list(summary.reasons.items()))
    if summary.passed_over:
        echo(passed_over_line(summary.passed_over))
    counts = {"moved": summary.moved, "gone": summary.gone}
    _print_last_line(summary, ["balanced", *(f"{count} {word}" for word, count in counts.items() if count)])


def print_learn_result(result: "LearnResult") -> None:
    """Print a table of new templates, and what was learned and cleaned."""
    columns = ["source_id", "version", "patterns", "new", "learned_from"]
    new_templates = [tuple(getattr(each, name) for name in columns) for each in result.learned if each.is_new]
    if new_templates:
        print_table(columns, new_templates)
    reclean_result = result.recleaned
    sentences = [
        f"{len(result.learned)} sources examined, {len(new_templates)} with a new template"
        if result.kind == "learn"
        else "",
        f"{reclean_result.posts} posts cleaned again, {reclean_result.changed} with another text",
        f"{reclean_result.skipped} left as they were: an ingest of their files would name, place or date them otherwise"
        if reclean_result.skipped
        else "",
        f"{len(reclean_result.failed)} left as they were: they could not be parsed"
        if reclean_result.failed
        else "",
    ]
    _print_last_line(result, list(filter(None, sentences)))


def _print_last_line(run: "Summary | LearnResult", sentences: list[str]) -> None:
    """Print the alarms of a run, then what it did and its seconds on one line."""
    for alarm in run.alarms:
        print_to_stderr(f"alarm: {alarm}")
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in run.stage_seconds.items())
    echo(f"run {run.run_id}: {'; '.join(sentences)}; {run.seconds:.1f} s ({stages})")
