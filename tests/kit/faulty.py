"""Code that fails on one file; imported by test_boundary.py and by the processes that it starts."""

from posts import metadata
from posts import worker as posts


def break_dates():
    def failing_resolve_date(written, epoch, name, raw=None):
        if name == "b.md":
            raise OverflowError("int too large")
        return resolve_date(written, epoch, name, raw)

    resolve_date, metadata.resolve_date = metadata.resolve_date, failing_resolve_date


def parse_tasks(tasks, config):
    break_dates()
    return posts.parse_tasks(tasks, config)
