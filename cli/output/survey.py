"""A survey of sources on a terminal, and as JSON."""

from dataclasses import asdict
from typing import Any

import polars as pl

from cli.output.tables import print_cut_table, print_table
from cli.output.terminal import echo, print_note
from flows.pipeline.survey import Survey, draft_settings

MAX_ROWS = 20


def as_dict(survey: Survey) -> dict[str, Any]:
    """Return a survey as a value of JSON."""
    values = {name: getattr(survey, name) for name in survey.__dataclass_fields__}
    period, mappings = values.pop("period"), values.pop("mappings")
    return {name: frame.to_dicts() for name, frame in values.items()} | {
        "period": period and asdict(period),
        "mappings": {origin: dict(mapping) for origin, mapping in mappings.items()},
        "settings": draft_settings(survey),
    }


def print_survey(survey: Survey) -> None:
    """Print a survey: a table for each question, and a sentence about the period."""
    origins = survey.origins
    print_table(origins.columns, origins.rows())
    for frame in (
        survey.outcomes,
        survey.endings,
        survey.passed_over,
        survey.formats,
        survey.dates,
        survey.languages,
        survey.sources,
        survey.warnings,
        survey.keys,
    ):
        _print_counts(frame)
    for outcome, reason, files, examples in survey.refused.iter_rows():
        echo()
        echo(f"{outcome}, {reason}: {files:,}")
        for example in examples:
            echo(f"  {example}")
    if survey.period is not None:
        echo()
        echo(survey.period.sentence)
    echo()
    echo(draft_settings(survey))
    if origins.select((pl.col("read") < pl.col("found")).any()).item():
        print_note("not all files were read; --files 0 reads all")


def _print_counts(counts: pl.DataFrame) -> None:
    if counts.is_empty():
        return
    echo()
    print_cut_table(counts.columns, counts.head(MAX_ROWS).rows())
    if counts.height > MAX_ROWS:
        echo(f"... and {counts.height - MAX_ROWS:,} more")
