"""prefect.yaml as deployments, without a server."""

import asyncio

import yaml

from flows.prefect.declaration import declared_deployments
from flows.settings import Settings
from paths import ROOT


def test_a_deployment_has_the_parameters_and_schedules_of_the_file_unless_a_variable_names_others(
    tmp_path, monkeypatch
):
    contents = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    contents["deployments"][0]["parameters"] = {"workers": 2}
    file = tmp_path / "prefect.yaml"
    file.write_text(yaml.safe_dump(contents), encoding="utf-8")
    monkeypatch.setenv("POSTLAKE_MAINTAIN_CRON", "0 6 * * 1")
    # as docker-compose.yml passes a variable that is not set
    for name in ("POSTLAKE_INGEST_CRON", "POSTLAKE_TIMEZONE"):
        monkeypatch.setenv(name, "")
    deployments = {each.name: each for each in asyncio.run(declared_deployments(file, Settings()))}
    assert deployments["ingest"].parameters == {"workers": 2}
    crons = {name: each.schedules[0].schedule.cron for name, each in deployments.items() if each.schedules}
    assert deployments["ingest"].schedules[0].schedule.timezone == "UTC"
    assert crons == {"ingest": "0 3 * * *", "maintain": "0 6 * * 1"}
