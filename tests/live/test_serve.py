"""`postlake serve`: everything on a laptop, with one command."""

import os
import signal
import subprocess
import sys
from urllib.request import urlopen

import psutil
import pytest

from tests.live.compose import ROOT
from tests.live.stack import free_ports

SECONDS = 180


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Give the process, its port and the lines that it has said until it was ready."""
    home = tmp_path_factory.mktemp("serve")
    port = free_ports(["4200"])["4200"]
    without = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "--port", port],
        env=without | {"PREFECT_HOME": str(home / "prefect"), "POSTLAKE_LAKE": str(home / "lake")},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    said = [process.stderr.readline()]
    while said[-1] and "Ctrl-C" not in said[-1]:
        said.append(process.stderr.readline())
    yield process, port, "".join(said)
    process.kill()
    process.communicate()


def test_it_says_where_the_ui_is_which_answers_there(served):
    _, port, said = served
    assert f"open http://127.0.0.1:{port}/v2/" in said
    assert b"<title>" in urlopen(f"http://127.0.0.1:{port}/v2/").read()


def test_a_run_that_is_started_there_completes(served, tmp_path):
    _, port, _ = served
    env = os.environ | {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "PREFECT_HOME": str(tmp_path)}
    run = [sys.executable, "-m", "prefect", "deployment", "run", "ingest/ingest", "--watch"]
    done = subprocess.run(run, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Completed" in done.stdout


def test_a_taken_port_is_told_in_one_line(served):
    _, port, _ = served
    command = [sys.executable, "-m", "cli", "serve", "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"port {port} is taken" in done.stderr


def test_control_c_ends_all_that_it_started(served):
    process, _, _ = served
    started = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    _, alive = psutil.wait_procs(started, timeout=10)
    assert (len(started) > 2, alive) == (True, [])
