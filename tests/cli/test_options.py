"""Options that had another name in the previous release."""

import inspect

import pytest

from cli.command import with_options
from flows.pipeline.options import IngestOptions
from schemas.enums import PeriodOption


@pytest.mark.parametrize(
    ("given", "period"),
    [
        ({}, "auto"),
        ({"period": PeriodOption.YEAR}, "year"),
        ({"granularity": PeriodOption.YEAR}, "year"),
        ({"granularity": None, "period": PeriodOption.DAY}, "day"),
    ],
    ids=["neither", "new-name", "old-name", "old-name-empty"],
)
def test_an_option_counts_by_its_old_name_where_that_has_a_value(given, period):
    made = []

    def command(options: IngestOptions) -> None:
        made.append(options.period)

    command = with_options(IngestOptions)(command)
    defaults = {name: each.default for name, each in inspect.signature(command).parameters.items()}
    command(**defaults | {"sources": ["posts"]} | given)
    assert made == [period]
