"""Run one ingest, as a process that kills itself if so ordered.

The one argument is JSON: source, lake, wait_seconds, constants (of flows.groups, or flows.batches), and kill: [before or
after, what, nth]. What is a table that is written, or `batch`, the making of one. The ids of the processes
that this one has started are printed first.
"""

import json
import os
import signal
import sys
from pathlib import Path

import psutil

from flows import batches, groups
from flows.pipeline import Order, ingest
from lake.store import Lake


def die():
    print(*(child.pid for child in psutil.Process().children(recursive=True)), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(function, when, nth, is_meant):
    calls = 0

    def wrapped(*args):
        nonlocal calls
        calls += is_meant(args)
        is_last = calls == nth and is_meant(args)
        if is_last and when == "before":
            die()
        answer = function(*args)
        if is_last and when == "after":
            die()
        return answer

    return wrapped


def main():
    told = json.loads(sys.argv[1])
    for name, value in told.get("constants", {}).items():
        setattr(groups if hasattr(groups, name) else batches, name, value)
    if "kill" in told:
        when, what, nth = told["kill"]
        for write in ("append", "replace", "upsert"):
            setattr(Lake, write, deadly(getattr(Lake, write), when, nth, lambda args: args[1] == what))
        batches.batch_of = deadly(batches.batch_of, when, nth, lambda _: what == "batch")
    order = Order((told["source"],), Path(told["lake"]), workers=2, wait_seconds=told["wait_seconds"])
    print(ingest(order, print).run_id, flush=True)


if __name__ == "__main__":
    main()
