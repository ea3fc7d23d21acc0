"""docker-compose.yml as a file: checked against the compose specification, and for rules that no schema contains."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from prefect.settings import Settings
from prefect.settings.legacy import _get_settings_fields

from live_stack import compose
from paths import ROOT

TEXT = compose.COMPOSE.read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
# all variables set, with special characters in the password
VARIABLES = {"POSTGRES_PASSWORD": "a b%2F#:@/", "POSTLAKE_UI_PORT": "4300", "POSTLAKE_TIMEZONE": "Asia/Taipei",
             "PREFECT_SERVER_API_AUTH_STRING": "admin:secret"}  # fmt: skip
SERVICES = compose.read(VARIABLES)["services"]
LONG_RUNNING = [name for name, service in SERVICES.items() if service["restart"] != "no"]
each_service = pytest.mark.parametrize("name", SERVICES)


def check_against_schema(file):
    """Check a file against the schema of the compose specification, and return the completed process."""
    command = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", file)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_file_keeps_the_compose_specification():
    assert check_against_schema(compose.COMPOSE).returncode == 0


def test_the_specification_refuses_a_misspelt_key(tmp_path):
    (tmp_path / "compose.yml").write_text(TEXT.replace("healthcheck:", "helthcheck:"), encoding="utf-8")
    process = check_against_schema(tmp_path / "compose.yml")
    assert process.returncode != 0
    assert "helthcheck" in process.stdout


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "PREFECT_SERVER_API_AUTH_STRING"])
@pytest.mark.parametrize("unset_or_empty", [{}, {"": ""}], ids=["not set", "empty"])
def test_without_a_password_compose_says_where_to_set_one(name, unset_or_empty):
    others = {key: value for key, value in VARIABLES.items() if key != name}
    with pytest.raises(compose.MissingVariableError, match=rf"{name}: set a .*password of the .* in \.env"):
        compose.read(others | dict.fromkeys([name] * len(unset_or_empty), ""))


def test_server_and_clients_have_one_password():
    passwords = {value for service in SERVICES.values() for key, value in service["environment"].items()
                 if key.endswith("API_AUTH_STRING")}  # fmt: skip
    assert passwords == {"admin:secret"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${SET}", "x"),
        ("a${SET}b${SET}", "axbx"),
        ("${NOT}", ""),
        ("${NOT:-y}", "y"),
        ("${EMPTY:-y}", "y"),
        ("${EMPTY-y}", ""),
        ("${SET:+z}${NOT:+z}", "z"),
        ("${NOT:-http://h:${NOT:-1}/${SET}}", "http://h:1/x"),
        ("$${SET}", "${SET}"),
    ],
)
def test_variables_are_put_in_as_docker_compose_does(text, value):
    assert compose.interpolate(text, {"SET": "x", "EMPTY": ""}) == value


def test_every_image_is_pinned():
    images = [
        *re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE),
        *(each["image"] for each in SERVICES.values()),
    ]
    assert [image for image in images if not re.search(r":\d+\.\d+[\w.-]*$", image)] == []


def test_no_secret_has_a_default():
    secrets = re.findall(r"\$\{\w*(?:PASSWORD|AUTH)\w*[^}]*\}", TEXT)
    assert secrets
    assert [each for each in secrets if ":?" not in each] == []


def test_ports_are_open_to_this_machine_alone():
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:4300:4200"]


@each_service
def test_a_service_can_do_no_more_than_it_needs(name):
    restrictions = {
        "init": True,
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }
    assert SERVICES[name] | restrictions == SERVICES[name]
    assert SERVICES[name]["logging"]["options"].keys() == {"max-size", "max-file"}


def test_nothing_runs_as_root():
    user = re.findall(r"^USER (\d+)", DOCKERFILE, re.MULTILINE)[-1]
    assert (SERVICES["database"]["user"], int(user) > 0) == ("postgres", True)
    assert [name for name in SERVICES if name != "database" and "user" in SERVICES[name]] == []


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_a_service_that_goes_on_has_a_health_check(name):
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_only_the_server_reaches_the_database():
    compose_file = compose.read(VARIABLES)
    assert compose_file["networks"]["storage"]["internal"]
    assert {name for name in SERVICES if "storage" in SERVICES[name].get("networks", [])} == {
        "database",
        "server",
    }


def test_only_runs_and_dask_workers_reach_the_scheduler():
    """Whoever reaches it can run code on the workers."""
    assert compose.read(VARIABLES)["networks"]["cluster"]["internal"]
    networks = {name: service.get("networks", ["default"]) for name, service in SERVICES.items()}
    assert networks["dask-scheduler"] == networks["dask-worker"] == ["cluster"]
    reaching = {name for name, each in networks.items() if "cluster" in each}
    assert reaching == {"worker", "dask-scheduler", "dask-worker"}
    assert SERVICES["worker"]["environment"]["POSTLAKE_SCHEDULER"] == "tcp://dask-scheduler:8786"


def test_a_dask_worker_sees_lake_sources_and_clones_where_a_run_does():
    run, worker = (compose.mounts(SERVICES[name]) for name in ("worker", "dask-worker"))
    assert {path: source for path, source in run.items() if source} == {
        path: source for path, source in worker.items() if source
    }


def test_every_variable_is_told_in_the_example_and_no_other():
    passed_on = {key for service in yaml.safe_load(TEXT)["services"].values()
                 for key, value in service["environment"].items() if value is None}  # fmt: skip
    assert set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE)) == compose.names_in(TEXT) | passed_on


@each_service
def test_prefect_knows_every_setting(name):
    """Prefect ignores settings that it does not know, without an error."""
    names = {key for key in SERVICES[name]["environment"] if key.startswith("PREFECT_")}
    assert names - set(_get_settings_fields(Settings)) == set()


def test_the_image_holds_every_room():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    copy_lines = set(re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE))
    copied_paths = {path for line in copy_lines for path in line.split()}
    not_ignored = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert copied_paths >= {*wheel["packages"], "prefect.yaml", "automations.yaml"}
    assert copied_paths == not_ignored
