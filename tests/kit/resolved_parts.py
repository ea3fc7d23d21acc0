"""Lakes of which a change of settings resolves a part anew, compared with lakes that are resolved as a whole."""

import shutil

import pytest
from polars.testing import assert_frame_equal

from archive import copy_lake
from flows.pipeline import migrate


def resolve_in_part(archive, text, max_part=1.0):
    """Change the settings of a lake, and have that resolved in a part of it, unless that is more than `max_part`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "MAX_PART", max_part)
        archive.configure(text)
        archive.reclean()


def with_copy(archive):
    """Return an archive with a copy of the lake."""
    copy = archive.with_local_lake("whole")
    shutil.rmtree(copy.lake, ignore_errors=True)
    copy_lake(archive.lake, copy.lake)
    return copy


def tables(archive):
    """Return the rows of all tables, without the columns that differ between runs."""
    names = ("posts", "revisions", "files", "renamed_posts", "events")
    dropped = {"posts": ("run_id", "ingested_at"), "revisions": ("run_id", "ingested_at")}
    rows = {name: archive.rows(name).drop(dropped.get(name, ())) for name in names}
    keys = {
        "posts": "post_id",
        "revisions": ["post_id", "version_at"],
        "renamed_posts": ["old_id", "new_id"],
    }
    return {name: frame.sort(keys.get(name, ["origin", "path"])) for name, frame in rows.items()}


def assert_same_tables(archive, other):
    for rows, others in zip(tables(archive).values(), tables(other).values(), strict=True):
        assert_frame_equal(rows, others)
