"""A launcher that runs each command in a process forked from one that has imported the needed modules.

Each process has files, environment, folder and session of its own, can be killed by signals, and exits with
the code of an interpreter. This saves the second of CPU time that a new interpreter needs to import Polars,
DuckDB, Delta and postlake. Prefect is not imported, since it reads its settings at import.

This file is the launcher; tests use it through launch.py.
"""

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from importlib import import_module
from pathlib import Path

# None of these may run Polars at import: its threads would not exist after a fork.
PRELOADED_MODULES = """deltalake duckdb httpx polars pyarrow pyarrow.dataset pyarrow.parquet psutil rich.console rich.progress rich.table cli
cli.explain.terminal cli.explain.page cli.output.textdiff posts.explain posts.worker lake.create lake.query.info lake.query.sql
lake.tables.files lake.tables.runs lake.tables.templates flows.pipeline.options flows.pipeline.planning.plan
flows.pipeline.workers.executor flows.pipeline.sources.resolve flows.pipeline.execution.frames""".split()
MAX_MESSAGE_BYTES = 1024 * 1024


def serve(listener):
    """Fork a process for each connection. Return its request, in the forked process only."""
    wakeup_read, wakeup_write = os.pipe()
    os.set_blocking(wakeup_write, False)
    signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    connections = dict[int, socket.socket]()
    while True:
        ready, _, _ = select.select([0, listener, wakeup_read], [], [])
        if wakeup_read in ready:
            os.read(wakeup_read, 4096)
            _send_exit_codes(connections)
        if listener in ready:
            connection, _ = listener.accept()
            message, files, _, _ = socket.recv_fds(connection, MAX_MESSAGE_BYTES, 3)
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for each in (listener, connection, *connections.values()):
                    each.close()
                os.close(wakeup_read)
                os.close(wakeup_write)
                _set_up_process(json.loads(message), files)
                return json.loads(message)
            for each in files:
                os.close(each)
            connections[pid] = connection
            connection.sendall(b"%d\n" % pid)
        if 0 in ready and not os.read(0, 1):
            os._exit(0)


def _send_exit_codes(connections):
    """Send the exit code of each process that has ended; it is negative for a signal."""
    while connections:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with connections.pop(pid) as connection:
            try:
                connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
            except OSError:
                continue


def _set_up_process(request, files):
    if request["new_session"]:
        os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = request["arguments"]
    sys.stdin = os.fdopen(0, encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    if os.isatty(1):
        sys.stdout.reconfigure(line_buffering=True)


def main(path):
    for name in PRELOADED_MODULES:
        import_module(name)
    gc.freeze()
    threads = {file.read_text().strip() for file in Path("/proc/self/task").glob("*/comm")}
    assert "polars-0" not in threads, "something works with Polars while it is imported"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)
        return serve(listener)


def run_to_end(request):
    """Run a script or a command, and end the process as the interpreter does, but for freeing its memory.

    To free what was imported takes half a second, since all its pages are shared with the launcher until then.
    """
    code = 0
    try:
        if request["script"]:
            sys.path.insert(0, str(Path(request["script"]).parent))
            runpy.run_path(request["script"], run_name="__main__")
        else:
            cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if code and not isinstance(end.code, int):
            print(end.code, file=sys.stderr)
    except Exception:  # noqa: BLE001 - printed, as the interpreter does
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        code = 120
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    launch_request = main(sys.argv[1])
    import cli

    run_to_end(launch_request)
