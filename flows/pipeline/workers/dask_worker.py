"""What runs in a worker of a Dask cluster. Imports neither Polars nor storage, before `refusal` has been called."""

import logging
import os
import pickle
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.metadata import version
from logging.handlers import QueueHandler
from queue import SimpleQueue
from typing import Any, NamedTuple

from flows.pipeline.code import worker_code_version
from flows.pipeline.memory import collect_garbage_rarely
from flows.pipeline.workers.config_file import load_config
from flows.pipeline.workers.cpu_limit import with_cpu_limit
from flows.pipeline.workers.timing import Timed, run_timed
from lake.storage.location import Location
from lake.storage.object_store import StoreError

# the packages whose version an error names; the version of our code covers all but the last
NAMED_PACKAGES = ("polars", "deltalake", "distributed")
# of the records of a task that reach the log of the run
MAX_LOG_LINES = 100


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a worker must have in common with the run that it works for.

    `buckets` are pickled sources. `probe` is a file of the lake with the text `probe_text`.
    """

    versions: tuple[tuple[str, str], ...]
    source_paths: tuple[bytes, ...]
    buckets: tuple[bytes, ...]
    probe: Location
    probe_text: str


class LogLine(NamedTuple):
    """What a worker logged during a task."""

    level: int
    text: str


def own_versions() -> tuple[tuple[str, str], ...]:
    """Return the versions that must be equal in all processes of a run, the most telling first."""
    packages = ((name, version(name)) for name in NAMED_PACKAGES)
    return ("Python", platform.python_version()), *packages, ("postlake", worker_code_version())


def refusal(requirements: Requirements, dask_worker: Any) -> str | None:
    """Return why a worker cannot work for a run; None if it can.

    `dask_worker` is the worker of this process, which `Client.run` puts in. The process is prepared for the work.
    """
    _prepare_process()
    return _process_fault(dask_worker) or _find_fault(requirements)


def run_task(seconds: float, config_file: Location, payload: bytes) -> tuple[Timed[Any], list[LogLine]]:
    """Return the result of a task with what was logged meanwhile.

    `seconds` is the limit of CPU time for each item. `payload` is the pickled function and its items, which the
    scheduler need not know.
    """
    # a nanny may have started this worker again under its old address
    _prepare_process()
    function, items = pickle.loads(payload)  # noqa: S301 - sent by the run
    guard = partial(with_cpu_limit, seconds=seconds)
    with _captured_log() as lines:
        timed = run_timed(function, items, guard, load_config(config_file))
    return timed, lines


@lru_cache(maxsize=1)
def _prepare_process() -> None:
    # each process of a worker has one thread, and its frames are small
    os.environ["POLARS_MAX_THREADS"] = "1"
    collect_garbage_rarely()


def _process_fault(worker: Any) -> str | None:
    """Return why this process cannot end at the limit of CPU time, which is one of a whole process."""
    if worker.state.nthreads != 1:
        return f"has {worker.state.nthreads} threads; start it with --nthreads 1"
    return None if worker.nanny else "has no nanny that starts it again; start it without --no-nanny"


@lru_cache(maxsize=4)
def _find_fault(requirements: Requirements) -> str | None:
    return _version_fault(requirements) or _place_fault(requirements)


def _version_fault(requirements: Requirements) -> str | None:
    for (name, own), (_, wanted) in zip(own_versions(), requirements.versions, strict=True):
        if own != wanted:
            return f"has {name} {own}, and this run has {wanted}"
    return None


def _place_fault(requirements: Requirements) -> str | None:
    for path in requirements.source_paths:
        if not os.path.exists(path):  # noqa: PTH110 - a path of any bytes
            return f"does not see the source {os.fsdecode(path)}"
    for bucket in map(pickle.loads, requirements.buckets):
        if problem := bucket.find_problem():
            return f"cannot read the source {bucket.origin}: {problem}"
    try:
        is_same = requirements.probe.read_bytes() == requirements.probe_text.encode()
    except (OSError, StoreError):
        is_same = False
    return None if is_same else f"does not see the lake: {requirements.probe} is not there, or another file"


@contextmanager
def _captured_log() -> Iterator[list[LogLine]]:
    """Yield a list, which has what this process has logged as a warning or worse when the block ends."""
    records, lines = SimpleQueue[logging.LogRecord](), list[LogLine]()
    handler = QueueHandler(records)
    handler.setLevel(logging.WARNING)
    # Dask's loggers do not pass records on to the root
    loggers = [logging.getLogger(), logging.getLogger("distributed")]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield lines
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        while not records.empty() and len(lines) < MAX_LOG_LINES:
            record = records.get()
            lines.append(LogLine(record.levelno, f"{record.name}: {record.getMessage()}"))
