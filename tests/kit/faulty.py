"""Code that fails on one file; imported by test_boundary.py and by the processes that it starts."""

from flows.pipeline.workers import pool
from posts.metadata import publication

INIT_WORKER = pool.init_worker


def break_dates():
    def failing_resolve_date(witnesses):
        if witnesses.path.rpartition("/")[2] == "b.md":
            raise OverflowError("int too large")
        return resolve_date(witnesses)

    resolve_date, publication.resolve_date = publication.resolve_date, failing_resolve_date


def init_worker(folder):
    break_dates()
    INIT_WORKER(folder)
