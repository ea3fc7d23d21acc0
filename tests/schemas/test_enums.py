"""The texts of reasons name the limits that the code has."""

import pytest

from posts.metadata.front_matter import MAX_FRONT_MATTER_CHARS
from posts.metadata.limits import MAX_DEPTH, MAX_NODES
from posts.sources.files import MAX_POST_BYTES
from schemas.enums import Reason

LIMITS = {
    Reason.TOO_LARGE: [f"{MAX_POST_BYTES // 2**20} MiB"],
    Reason.HOSTILE_FRONT_MATTER: [f"{MAX_DEPTH} levels", f"{MAX_NODES:,} values"],
    Reason.LARGE_FRONT_MATTER: [f"{MAX_FRONT_MATTER_CHARS // 2**10} K characters"],
}


@pytest.mark.parametrize("reason", LIMITS)
def test_a_reason_names_its_limits(reason):
    assert [limit for limit in LIMITS[reason] if limit not in reason.description] == []
