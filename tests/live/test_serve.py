"""`postlake serve`: everything on a laptop, with one command."""

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from flows.pipeline.sources.credentials import CREDENTIALS_ADVICE
from live_stack.runs import deployment, made, until
from live_stack.stack import free_ports
from paths import EXAMPLES, ROOT

pytestmark = pytest.mark.slow

SECONDS = 180


@dataclass
class Served:
    """A `postlake serve --password` that is ready."""

    process: subprocess.Popen[str]
    port: str
    home: Path
    said: str

    @property
    def password(self):
        return (self.home / "password").read_text(encoding="ascii").strip()

    def client(self):
        """Return a client of the API; what tests/kit/live_stack/runs.py asks of a stack."""
        auth = tuple(self.password.split(":"))
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api", timeout=30, auth=auth)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Yield the running process, and the lines that it has said until it was ready."""
    folder = tmp_path_factory.mktemp("serve")
    port, home = free_ports(["4200"])["4200"], folder / "prefect"
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "--port", port, "--password"],
        env=environment(PREFECT_HOME=str(home), POSTLAKE_LAKE=str(folder / "lake")),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    said = [process.stderr.readline()]
    while said[-1] and "Ctrl-C" not in said[-1]:
        said.append(process.stderr.readline())
    yield Served(process, port, home, "".join(said))
    process.terminate()
    process.communicate()


def environment(**variables):
    without = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return without | variables


def refused(*words, **variables):
    """Run a command that is refused; give its exit code and what it says."""
    command = [sys.executable, "-m", "cli", *words]
    done = subprocess.run(
        command,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        cwd=ROOT,
    )
    return done.returncode, done.stderr


def completed(served, name, **parameters):
    """Run a deployment to its good end; give the id of the run."""
    run_id = made(served, name, **parameters)
    with served.client() as client:
        ended = until(lambda: client.get(f"/flow_runs/{run_id}").json()["end_time"] and run_id, SECONDS)
        assert client.get(f"/flow_runs/{ended}").json()["state_type"] == "COMPLETED"
    return run_id


def test_it_says_where_the_ui_is_which_answers_there(served):
    url = f"http://127.0.0.1:{served.port}/v2/"
    assert f"open {url}" in served.said
    assert "<title>" in httpx.get(url).text


def test_the_password_is_shown_and_kept_for_its_owner_alone_and_asked_for(served):
    kept = served.home / "password"
    assert (kept.stat().st_mode & 0o777, f"log in as {served.password} " in served.said) == (0o600, True)
    assert httpx.get(f"http://127.0.0.1:{served.port}/api/admin/version").status_code == 401
    assert served.client().get("/admin/version").status_code == 200


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
def test_a_foreign_page_is_refused(served, headers):
    assert served.client().get("/health", headers=headers).status_code == 403


def test_a_run_that_is_started_there_completes_and_its_report_is_a_link_that_opens(served):
    completed(served, "ingest", sources=[str(EXAMPLES / "blog")])
    run_id = completed(served, "report")
    asked = {"artifacts": {"key": {"any_": ["report-page"]}, "flow_run_id": {"any_": [run_id]}}}
    (link,) = served.client().post("/artifacts/filter", json=asked).json()
    url = re.search(r"http://127\.0\.0\.1:\d+/[0-9a-f-]+\.html", link["data"])[0]
    page = httpx.get(url)
    assert (page.status_code, "<title>" in page.text) == (200, True)
    assert page.headers["content-security-policy"].startswith("sandbox ")
    assert f":{served.port}/" not in url
    assert httpx.get(url, headers={"Host": "evil.example"}).status_code == 403


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "source", ["https://ida:s3cretpw@lamp.example/x.git", "https://lamp.example/x.git?private_token=s3cretpw"]
)
def test_a_password_in_a_url_reaches_neither_the_database_nor_a_log(served, source):
    path = f"/deployments/{deployment(served, 'ingest')['id']}/create_flow_run"
    assert served.client().post(path, json={"parameters": {"sources": [source]}}).status_code == 409
    api = {
        "PREFECT_API_URL": f"http://127.0.0.1:{served.port}/api",
        "PREFECT_API_AUTH_STRING": served.password,
    }
    by_hand = refused("ingest", source, "--lake", str(served.home / "lake"), **api)
    by_default = refused("deploy", POSTLAKE_SOURCES=source, **api)
    assert (by_hand[0], CREDENTIALS_ADVICE in by_hand[1]) == (2, True)
    assert by_default == (2, f"postlake: POSTLAKE_SOURCES is {CREDENTIALS_ADVICE}\n")
    held = [
        file.name for file in served.home.rglob("*") if file.is_file() and b"s3cretpw" in file.read_bytes()
    ]
    assert (held, (served.home / "prefect.db").exists()) == ([], True)


def test_requests_that_write_at_one_time_wait_for_each_other(served):
    """Prefect's own transactions on SQLite end in 503 then, as they read first and then write."""
    with served.client() as client:
        flow_id = client.post("/flows/", json={"name": "many"}).json()["id"]

    def run(_):
        with served.client() as client:
            client.timeout = SECONDS
            made = client.post("/flow_runs/", json={"flow_id": flow_id, "state": {"type": "SCHEDULED"}})
            path = f"/flow_runs/{made.json().get('id')}/set_state"
            states = [client.post(path, json={"state": {"type": name}}) for name in ("RUNNING", "COMPLETED")]
            return [answer.status_code for answer in (made, *states)]

    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(run, range(24)))
    assert codes == [[201, 201, 201]] * 24


def test_a_taken_port_is_told_in_one_line(served):
    code, said = refused("serve", "--port", served.port)
    assert (code, said.count("\n")) == (2, 1)
    assert f"port {served.port} is taken" in said


def test_a_second_one_on_the_same_folder_is_refused_in_one_line(served):
    code, said = refused("serve", "--port", free_ports(["1"])["1"], PREFECT_HOME=str(served.home))
    assert (code, said.count("\n")) == (2, 1)
    assert (
        f"{served.home}: another `postlake serve` runs on this folder (processes {served.process.pid}, "
        in said
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTLAKE_INGEST_CRON", "61 3 * * *"),
        ("POSTLAKE_TIMEZONE", "Asia/Taipeh"),
        ("POSTLAKE_ALLOWED_HOSTS", "a b/c"),
    ],
)
def test_a_variable_that_is_wrong_is_told_before_anything_starts(tmp_path, name, value):
    port = free_ports(["1"])["1"]
    code, said = refused("serve", "--port", port, PREFECT_HOME=str(tmp_path), **{name: value})
    assert (code, said.count("\n"), said.startswith(f"postlake: {name}: ")) == (2, 1, True)
    assert not (tmp_path / "server.log").exists()


def test_who_dies_is_told_with_the_end_of_its_log_and_all_ends(served):
    started = psutil.Process(served.process.pid).children(recursive=True)
    (server,) = [each for each in started if "server" in each.cmdline()]
    server.kill()
    said = served.process.stderr.read()
    log = served.home / "server.log"
    assert served.process.wait(60) == 1
    lines = log.read_text(encoding="utf-8").splitlines()
    how = f"ends:\n  {lines[-10:][0]}\n" if lines else "is empty\n"
    assert f"the server was killed by SIGKILL; its log is {log}, which {how}" in said
    _, alive = psutil.wait_procs(started, timeout=10)
    assert (len(started) >= 2, alive) == (True, [])


@pytest.mark.matrix
def test_control_c_ends_all_that_it_started(tmp_path):
    port = free_ports(["1"])["1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "--port", port],
        env=environment(PREFECT_HOME=str(tmp_path), POSTLAKE_LAKE=str(tmp_path / "lake")),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while "Ctrl-C" not in process.stderr.readline():
        assert process.poll() is None
    started = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    process.communicate()
    _, alive = psutil.wait_procs(started, timeout=10)
    assert (len(started) >= 2, alive) == (True, [])
