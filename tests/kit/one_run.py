"""Run one ingest in this process, which can kill itself at a given point.

The one argument is JSON: source, lake, wait_seconds, history, period, constants (to set in
flows.pipeline.execution.sizes, flows.pipeline.workers.executor or lake.lease), batch_files (see use_small_batches), scheduler (of a Dask
cluster), and kill: [when, what, nth], or stop, which pauses it until it gets SIGCONT. `when` is "before"
or "after". `what` is the table that is written, "any" table, "batch" for the end of a task that writes, or "release" for the end of git. Before
the process kills itself, it prints the ids of its child processes.
"""

import json
import logging
import os
import signal
import sys
from itertools import count

import psutil

from archive import default_period
from flows.pipeline import row_store
from flows.pipeline.direct import ingest
from flows.pipeline.execution import sizes
from flows.pipeline.execution import write as write_stage
from flows.pipeline.options import IngestOptions
from flows.pipeline.sources.base import GitSource
from flows.pipeline.workers import executor
from lake import lease
from lake.storage.location import parse_location
from lake.store import Lake
from schemas.enums import Executor, PeriodOption

WRITES = ("append", "commit")


class SimulatedKill(BaseException):
    """A simulated kill of a run, in a process that continues."""


def kill_this_process():
    print(*(child.pid for child in psutil.Process().children(recursive=True)), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def stop_this_process():
    os.kill(os.getpid(), signal.SIGSTOP)


def raise_simulated_kill():
    raise SimulatedKill


def end_run_at(patch, point, end):
    """Make the next run call `end` at a point [when, what, nth]; `patch` is setattr or the like."""
    when, what, nth = point
    calls = count(1)

    def ending_run(function, subject):
        def wrapper(*args, **options):
            is_last = what in {subject(args), "any"} and next(calls) == nth
            if is_last and when == "before":
                end()
            result = function(*args, **options)
            if is_last and when == "after":
                end()
            return result

        return wrapper

    for write in WRITES:
        patch(Lake, write, ending_run(getattr(Lake, write), lambda args: args[1]))
    if what == "release":
        patch(GitSource, "release", ending_run(GitSource.release, lambda _: "release"))
    if what == "batch":
        patch(write_stage, "WrittenTask", ending_run(write_stage.WrittenTask, lambda _: "batch"))


def use_small_batches(patch, files):
    """Make runs read chunks of so many files, keep no more rows in memory, and write each partition alone.

    Each partition is a batch that is resolved and committed by itself.

    A large number changes nothing.
    """
    if files > sizes.MAX_CHUNK_FILES:
        return
    patch(sizes, "MAX_CHUNK_FILES", files)
    patch(sizes, "MAX_SLICE_EVENTS", files)
    patch(row_store, "MAX_ROWS_IN_MEMORY", files)
    patch(sizes, "MIN_BATCH_FILES", files)
    patch(sizes, "BATCH_FILES_PER_WORKER", 0)
    patch(sizes, "MIN_TASK_BYTES", 1)
    patch(sizes, "MAX_TASK_BYTES", 1)
    patch(sizes, "MIN_COMMIT_BYTES", 1)
    patch(sizes, "COMMITS_PER_RUN", 1_000_000)


def main():
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    arguments = json.loads(sys.argv[1])
    for name, value in arguments.get("constants", {}).items():
        for module in (sizes, executor, lease):
            if hasattr(module, name):
                setattr(module, name, value)
    if "batch_files" in arguments:
        use_small_batches(setattr, arguments["batch_files"])
    if "kill" in arguments:
        end_run_at(setattr, arguments["kill"], kill_this_process)
    if "stop" in arguments:
        end_run_at(setattr, arguments["stop"], stop_this_process)
    lake = parse_location(arguments["lake"])
    options = IngestOptions(
        sources=(arguments["source"],),
        lake=lake,
        period=PeriodOption(arguments.get("period", default_period(lake))),
        workers=2,
        wait_seconds=arguments["wait_seconds"],
        history=arguments.get("history", False),
        executor=Executor.DASK if "scheduler" in arguments else Executor.LOCAL,
        scheduler=arguments.get("scheduler", ""),
    )
    print(ingest(options).run_id, flush=True)


if __name__ == "__main__":
    main()
