"""One Prefect server for all tests of this folder; each test checks the runs of its own lake."""

import pytest

from prefect_server import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory, scope_servers):
    server = Server(tmp_path_factory.mktemp("server"))
    scope_servers.callback(server.stop)
    return server
