"""The test tiers: which cases `make test`, `make test-all` and `make test-matrix` run.

A test without a mark belongs to the default tier. `slow` tests also run in `make test-all`, `matrix` tests
only in `make test-matrix`. A test with many similar cases is marked `sampled(n)`: every nth case belongs to
the default tier, the others are `matrix`. A property of runs holds EVERYWHERE: what is in the default tier for a lake in a
folder of this machine is in other places `slow` for every tenth case, and `matrix` for the others.
"""

from collections import Counter
from itertools import count

import pytest
from hypothesis import settings

# what parses for a run, and what stores its lake: cases of the fixture `place`
PLACES = ("local-folder", "dask-folder", "local-bucket", "dask-bucket")
EVERYWHERE = pytest.mark.parametrize("place", PLACES, indirect=True)
# of tests that take long
EVERYWHERE_IN_MATRIX = pytest.mark.parametrize(
    "place",
    [PLACES[0], *(pytest.param(each, marks=pytest.mark.matrix) for each in PLACES[1:])],
    indirect=True,
)
# of tests in which nothing is parsed, or that change the parser of their own process
IN_EVERY_STORE = pytest.mark.parametrize("place", ["local-folder", "local-bucket"], indirect=True)
CASES_PER_SLOW_CASE = 10
# the hypothesis profiles that try all examples
THOROUGH_PROFILES = {"matrix", "fuzz"}


def is_thorough():
    """Check whether this run uses a thorough profile."""
    return settings.get_current_profile_name() in THOROUGH_PROFILES


def examples(default_count, thorough_count):
    """Return the number of examples: `thorough_count` in a thorough run, else `default_count`."""
    return thorough_count if is_thorough() else default_count


def mark_sampled(items):
    """Mark the cases that are in no tier yet, of tests that are `sampled(n)` or of many places.

    A case that is selected by its name alone is the first one collected of its test, so it runs.
    """
    case_counts, cases_elsewhere = Counter(), count(1)
    unmarked = [
        item for item in items if not {"slow", "matrix"} & {mark.name for mark in item.iter_markers()}
    ]
    for item in unmarked:
        mark, place = item.get_closest_marker("sampled"), _place(item)
        test = item.nodeid.partition("[")[0], place
        is_sample = case_counts[test] % (mark.args[0] if mark else 1) == 0
        case_counts[test] += 1
        if not is_sample:
            item.add_marker(pytest.mark.matrix)
        elif place != PLACES[0]:
            is_slow = next(cases_elsewhere) % CASES_PER_SLOW_CASE == 0
            item.add_marker(pytest.mark.slow if is_slow else pytest.mark.matrix)


def _place(item):
    return item.callspec.params.get("place", PLACES[0]) if hasattr(item, "callspec") else PLACES[0]
