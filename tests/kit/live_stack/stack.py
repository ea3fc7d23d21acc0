"""docker-compose.yml as processes of this machine, with each service's command, environment and health check.

with running(folder) as stack:      # or the fixture `stack` of tests/live/conftest.py, one for all tests
    stack.api_url, stack.ui_url     # http://127.0.0.1:PORT/api and http://127.0.0.1:PORT/v2/
    stack.lake, stack.posts         # the worker's folders /lake and /posts; posts: a copy of the examples
    stack.worker                    # a Container, as are stack.server, stack.database, stack.deploy
    stack.worker.kill()             # SIGKILL to all its processes, including runs, as `docker kill`
    stack.worker.stop()             # as `docker stop`: SIGTERM, later SIGKILL; returns the seconds taken
    stack.worker.start()            # start it again, and wait until it is healthy
    stack.worker.is_healthy()       # run its health check
    stack.worker.processes()        # psutil processes, including runs
    stack.worker.log()              # all its output
    stack.worker.run("postlake", "info")    # another command in its environment: the finished process
    stack.another_worker()          # as `--scale worker=2`: a second Container, not yet started
    stack.sql("SELECT 1")           # rows of Prefect's database, each a list of strings
    stack.client()                  # httpx.Client of the API: .post("/flow_runs/filter", json={}).json()
"""

import shutil
import socket
from contextlib import contextmanager
from dataclasses import replace

import httpx

from live_stack import compose
from live_stack.container import Container
from paths import EXAMPLES

# shorter waits than in the file; tests/live/test_compose_file.py and tests/flows/prefect check its own values
SHORTER_WAITS = {
    "server": {"PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "2"},
}
CONTAINER_PORTS = ("5432", "4200", "8080")
# difficult passwords: these characters have a meaning in a URL, in YAML, in a shell or in ConfigParser
AUTH = "admin:p@ss word$"
PASSWORD = "p@ss:w/ord %2F%(x)s #$'\"é"


class Stack:
    """All services of docker-compose.yml; see the module docstring."""

    def __init__(self, folder, **variables):
        self.posts, self.lake = folder / "posts", folder / "volumes" / "lake"
        self._ports = free_ports(CONTAINER_PORTS)
        stack_variables = {
            "POSTGRES_PASSWORD": PASSWORD,
            "PREFECT_SERVER_API_AUTH_STRING": AUTH,
            "POSTLAKE_UI_PORT": self._ports["4200"],
            "POSTLAKE_POSTS": str(self.posts),
        }
        services = compose.services(stack_variables | variables)
        for name, environment in SHORTER_WAITS.items():
            services[name]["environment"] |= environment
        self.containers = {
            name: Container(name, service, folder, self._ports) for name, service in services.items()
        }
        self.api_url = f"http://127.0.0.1:{self._ports['4200']}/api"
        self.ui_url = f"http://127.0.0.1:{self._ports['4200']}/v2/"

    def __getattr__(self, name):
        if name not in self.__dict__.get("containers", {}):
            raise AttributeError(name)
        return self.containers[name]

    def up(self):
        """Start all services, each after its dependencies."""
        shutil.copytree(EXAMPLES, self.posts, dirs_exist_ok=True)
        for name in compose.start_order({name: each.service for name, each in self.containers.items()}):
            self.containers[name].start()

    def down(self):
        """Kill all services but stop the database. A killed database would leave its shared memory behind."""
        for name, container in reversed(self.containers.items()):
            if name == "database" and container.main:
                container.stop()
            container.kill()

    def another_worker(self):
        """Return a second worker, not yet started, with the volumes of the first one and its own port."""
        ports = self._ports | free_ports(["8080"])
        self.containers["worker2"] = replace(self.worker, name="worker2", ports=ports, main=None)
        return self.containers["worker2"]

    def client(self):
        return httpx.Client(base_url=self.api_url, timeout=30, auth=tuple(AUTH.split(":")))

    def sql(self, statement):
        """Return the rows that a statement selects from Prefect's database."""
        password = self.database.environment["POSTGRES_PASSWORD"]
        command = (
            "psql",
            "-X",
            "-A",
            "-t",
            "-h",
            "127.0.0.1",
            "-p",
            "5432",
            "-U",
            "prefect",
            "-c",
            statement,
        )
        process = self.database.run(*command, PGPASSWORD=password)
        assert process.returncode == 0, process.stderr
        return [line.split("|") for line in process.stdout.splitlines()]


def free_ports(ports):
    """Return a free port of this machine for each of some container ports."""
    probes = {port: socket.socket() for port in ports}
    for probe in probes.values():
        probe.bind(("127.0.0.1", 0))
    free = {port: str(probe.getsockname()[1]) for port, probe in probes.items()}
    for probe in probes.values():
        probe.close()
    return free


@contextmanager
def running(folder, **variables):
    """Run the stack in a folder, with variables of docker-compose.yml, until the end of the block."""
    stack = Stack(folder, **variables)
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
