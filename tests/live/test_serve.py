"""`postlake serve`: server, worker and UI on one machine, with one command."""

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
from live_stack.runs import create_run, deployment, wait_until
from live_stack.stack import free_ports
from paths import EXAMPLES, ROOT

pytestmark = pytest.mark.slow

SECONDS = 180


@dataclass
class RunningServer:
    """A running `postlake serve --password`; `output` is what it printed until it was ready."""

    process: subprocess.Popen[str]
    port: str
    home: Path
    output: str

    @property
    def password(self):
        return (self.home / "password").read_text(encoding="ascii").strip()

    def client(self):
        """Return a client of the API, as tests/kit/live_stack/runs.py needs it."""
        auth = tuple(self.password.split(":"))
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api", timeout=30, auth=auth)


@pytest.fixture(scope="module")
def running_server(tmp_path_factory):
    """Yield the running server once it is ready."""
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
    lines = [process.stderr.readline()]
    while lines[-1] and "Ctrl-C" not in lines[-1]:
        lines.append(process.stderr.readline())
    yield RunningServer(process, port, home, "".join(lines))
    process.terminate()
    process.communicate()


def environment(**variables):
    other_variables = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return other_variables | variables


def run_refused_command(*arguments, **variables):
    """Run a command that is refused, and return its exit code and stderr."""
    command = [sys.executable, "-m", "cli", *arguments]
    process = subprocess.run(
        command,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        cwd=ROOT,
    )
    return process.returncode, process.stderr


def run_to_completion(running_server, name, **parameters):
    """Run a deployment until it is completed, and return the id of the run."""
    run_id = create_run(running_server, name, **parameters)
    with running_server.client() as client:
        ended_run = wait_until(
            lambda: client.get(f"/flow_runs/{run_id}").json()["end_time"] and run_id, SECONDS
        )
        assert client.get(f"/flow_runs/{ended_run}").json()["state_type"] == "COMPLETED"
    return run_id


def test_it_says_where_the_ui_is_which_answers_there(running_server):
    url = f"http://127.0.0.1:{running_server.port}/v2/"
    assert f"open {url}" in running_server.output
    assert "<title>" in httpx.get(url).text


def test_the_password_is_shown_and_kept_for_its_owner_alone_and_asked_for(running_server):
    password_file = running_server.home / "password"
    assert (
        password_file.stat().st_mode & 0o777,
        f"log in as {running_server.password} " in running_server.output,
    ) == (0o600, True)
    assert httpx.get(f"http://127.0.0.1:{running_server.port}/api/admin/version").status_code == 401
    assert running_server.client().get("/admin/version").status_code == 200


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
def test_a_foreign_page_is_refused(running_server, headers):
    assert running_server.client().get("/health", headers=headers).status_code == 403


def test_a_run_that_is_started_there_completes_and_its_report_is_a_link_that_opens(running_server):
    run_to_completion(running_server, "ingest", sources=[str(EXAMPLES / "blog")])
    run_id = run_to_completion(running_server, "report")
    query = {"artifacts": {"key": {"any_": ["report-page"]}, "flow_run_id": {"any_": [run_id]}}}
    (link,) = running_server.client().post("/artifacts/filter", json=query).json()
    url = re.search(r"http://127\.0\.0\.1:\d+/[0-9a-f-]+\.html", link["data"])[0]
    page = httpx.get(url)
    assert (page.status_code, "<title>" in page.text) == (200, True)
    assert page.headers["content-security-policy"].startswith("sandbox ")
    assert f":{running_server.port}/" not in url
    assert httpx.get(url, headers={"Host": "evil.example"}).status_code == 403


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "source", ["https://ida:s3cretpw@lamp.example/x.git", "https://lamp.example/x.git?private_token=s3cretpw"]
)
def test_a_password_in_a_url_reaches_neither_the_database_nor_a_log(running_server, source):
    path = f"/deployments/{deployment(running_server, 'ingest')['id']}/create_flow_run"
    assert running_server.client().post(path, json={"parameters": {"sources": [source]}}).status_code == 409
    api_settings = {
        "PREFECT_API_URL": f"http://127.0.0.1:{running_server.port}/api",
        "PREFECT_API_AUTH_STRING": running_server.password,
    }
    ingest_result = run_refused_command(
        "ingest", source, "--lake", str(running_server.home / "lake"), **api_settings
    )
    deploy_result = run_refused_command("deploy", POSTLAKE_SOURCES=source, **api_settings)
    assert (ingest_result[0], CREDENTIALS_ADVICE in ingest_result[1]) == (2, True)
    assert deploy_result == (2, f"postlake: POSTLAKE_SOURCES is {CREDENTIALS_ADVICE}\n")
    files_with_password = [
        file.name
        for file in running_server.home.rglob("*")
        if file.is_file() and b"s3cretpw" in file.read_bytes()
    ]
    assert (files_with_password, (running_server.home / "prefect.db").exists()) == ([], True)


def test_requests_that_write_at_one_time_wait_for_each_other(running_server):
    """With Prefect's own transactions on SQLite some would end in 503, since they read before they write."""
    with running_server.client() as client:
        flow_id = client.post("/flows/", json={"name": "many"}).json()["id"]

    def create_and_complete_run(_):
        with running_server.client() as client:
            client.timeout = SECONDS
            created = client.post("/flow_runs/", json={"flow_id": flow_id, "state": {"type": "SCHEDULED"}})
            path = f"/flow_runs/{created.json().get('id')}/set_state"
            states = [client.post(path, json={"state": {"type": name}}) for name in ("RUNNING", "COMPLETED")]
            return [response.status_code for response in (created, *states)]

    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(create_and_complete_run, range(24)))
    assert codes == [[201, 201, 201]] * 24


def test_a_taken_port_is_told_in_one_line(running_server):
    code, stderr = run_refused_command("serve", "--port", running_server.port)
    assert (code, stderr.count("\n")) == (2, 1)
    assert f"port {running_server.port} is taken" in stderr


def test_a_second_one_on_the_same_folder_is_refused_in_one_line(running_server):
    code, stderr = run_refused_command(
        "serve", "--port", free_ports(["1"])["1"], PREFECT_HOME=str(running_server.home)
    )
    assert (code, stderr.count("\n")) == (2, 1)
    assert (
        f"{running_server.home}: another `postlake serve` runs on this folder (processes {running_server.process.pid}, "
        in stderr
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
    code, stderr = run_refused_command("serve", "--port", port, PREFECT_HOME=str(tmp_path), **{name: value})
    assert (code, stderr.count("\n"), stderr.startswith(f"postlake: {name}: ")) == (2, 1, True)
    assert not (tmp_path / "server.log").exists()


def test_who_dies_is_told_with_the_end_of_its_log_and_all_ends(running_server):
    processes = psutil.Process(running_server.process.pid).children(recursive=True)
    (server,) = [each for each in processes if "server" in each.cmdline()]
    server.kill()
    stderr = running_server.process.stderr.read()
    log = running_server.home / "server.log"
    assert running_server.process.wait(60) == 1
    lines = log.read_text(encoding="utf-8").splitlines()
    log_end = f"ends:\n  {lines[-10:][0]}\n" if lines else "is empty\n"
    assert f"the server was killed by SIGKILL; its log is {log}, which {log_end}" in stderr
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert (len(processes) >= 2, alive) == (True, [])


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
    processes = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    process.communicate()
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert (len(processes) >= 2, alive) == (True, [])
