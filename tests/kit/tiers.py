"""How much of a test each tier runs: `make test`, `make test-all`, `make test-matrix`.

A test without a mark is of the default tier. `slow` tests run in `make test-all`, `matrix` tests in `make test-matrix`
alone. A test of many alike cases is marked `sampled(n)`: one case of n is of the default tier, the others are `matrix`.
"""

from collections import Counter

import pytest
from hypothesis import settings

# the profiles of hypothesis that try all examples
THOROUGH = {"matrix", "fuzz"}


def is_thorough():
    """Tell whether this run takes its time."""
    return settings.get_current_profile_name() in THOROUGH


def examples(few, many):
    """Return how many examples hypothesis tries: few of them unless this run takes its time."""
    return many if is_thorough() else few


def mark_sampled(items):
    """Mark all but every nth case of each test that is marked `sampled(n)` as `matrix`.

    A case that is asked for by its name is the first of its test, and is run.
    """
    seen = Counter()
    for item in items:
        sampled = item.get_closest_marker("sampled")
        if sampled is None:
            continue
        test = item.nodeid.partition("[")[0]
        if seen[test] % sampled.args[0]:
            item.add_marker(pytest.mark.matrix)
        seen[test] += 1
