"""A lake in a bucket of an S3 server: every command, and tables that equal those of a lake in a folder."""

import json
import os
import signal
import time
from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from archive import Archive
from lake.location import all_file_sizes
from lake.lock import has_unreleased_lock
from lake.maintenance.vacuum import find_unreferenced
from lake.object_store import list_sizes
from lake.store import open_lake
from launch import run
from paths import EXAMPLES
from s3_proxy import count_by_kind
from s3_server import ENVIRONMENT, new_bucket
from schemas.tables import TABLES

LEASE = {"LEASE_SECONDS": 2.0, "POLL_SECONDS": 0.1}


@pytest.fixture(scope="module")
def loaded(_s3_server):
    """Return the example posts, loaded once into a lake in a bucket; tests must not change it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (ENVIRONMENT | {"AWS_ENDPOINT_URL": _s3_server}).items():
            patch.setenv(name, value)
        archive = Archive(EXAMPLES, new_bucket(_s3_server) / "湖 1")
        archive.ingest()
        yield archive


def assert_same(archive, other):
    assert_frame_equal(archive.posts(), other.posts())
    assert_frame_equal(archive.files(), other.files())
    assert archive.blobs() == other.blobs()


def test_the_tables_equal_those_of_a_lake_in_a_folder(loaded, examples):
    assert_same(loaded, examples)
