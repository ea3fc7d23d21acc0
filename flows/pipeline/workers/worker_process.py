"""How a worker process of this machine begins and ends."""

import multiprocessing
import os
import shutil
import signal
import sys
import threading
import types
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from flows.pipeline.memory import collect_garbage_rarely


class _Worker(SpawnProcess):
    """A process that does not import the main module again; under Prefect that module is Prefect itself."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 - multiprocessing's name
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            return SpawnProcess._Popen(process_obj)  # noqa: SLF001
        finally:
            sys.modules["__main__"] = main


class WorkerContext(SpawnContext):
    """How worker processes are started."""

    Process = _Worker


def init_worker(folder: Path) -> None:
    """Prepare a process for parsing; when the run is killed, it ends too, and deletes the folder of the run."""
    # several processes share the machine, and their frames are small
    os.environ["POLARS_MAX_THREADS"] = "1"
    collect_garbage_rarely()
    # Ctrl-C reaches all processes of a terminal; the run ends its workers itself
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # to delete all objects one by one at the end took 0.2 s, for which the run waited
    Finalize(None, _exit_at_once, exitpriority=-1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_with_parent, args=[parent, folder], daemon=True).start()


def _exit_at_once() -> None:
    if sys.exc_info()[0] is None:
        os._exit(0)


def _exit_with_parent(parent: Any, folder: Path) -> None:
    """End this process when the run is killed, and delete the folder of the run.

    Without this, a worker would wait for work forever.
    """
    parent.join()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
