"""The test tiers: which cases `make test`, `make test-all` and `make test-matrix` run.

A test without a mark belongs to the default tier. `slow` tests also run in `make test-all`, `matrix` tests
only in `make test-matrix`. A test with many similar cases is marked `sampled(n)`: every nth case belongs to
the default tier, the others are `matrix`.
"""

from collections import Counter

import pytest
from hypothesis import settings

# the hypothesis profiles that try all examples
THOROUGH_PROFILES = {"matrix", "fuzz"}


def is_thorough():
    """Check whether this run uses a thorough profile."""
    return settings.get_current_profile_name() in THOROUGH_PROFILES


def examples(default_count, thorough_count):
    """Return the number of examples: `thorough_count` in a thorough run, else `default_count`."""
    return thorough_count if is_thorough() else default_count


def mark_sampled(items):
    """Mark all but every nth case of each test that is marked `sampled(n)` as `matrix`.

    A case that is selected by its name alone is the first one collected of its test, so it runs.
    """
    case_counts = Counter()
    for item in items:
        mark = item.get_closest_marker("sampled")
        if mark is None:
            continue
        test_id = item.nodeid.partition("[")[0]
        if case_counts[test_id] % mark.args[0]:
            item.add_marker(pytest.mark.matrix)
        case_counts[test_id] += 1
