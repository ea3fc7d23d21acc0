"""The contents of prefect.yaml and automations.yaml as Prefect objects. Nothing is sent to a server here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.events.schemas.automations import AutomationCore
from prefect.runner.storage import LocalStorage
from prefect.schedules import Schedule

from flows.settings import Settings


async def declared_deployments(file: Path, settings: Settings) -> list[RunnerDeployment]:
    """Return the deployments of a prefect.yaml; the settings take precedence over its schedules.

    Their runs use the current folder as working directory, as with `prefect deploy --all`.
    """
    return [await _deployment(each, settings) for each in _read(file)["deployments"]]


def declared_automations(file: Path) -> list[AutomationCore]:
    """Return the automations of an automations.yaml."""
    return [AutomationCore.model_validate(each) for each in _read(file)["automations"]]


async def _deployment(declared: Mapping[str, Any], settings: Settings) -> RunnerDeployment:
    name, pool = declared["name"], declared["work_pool"]
    schedules = [Schedule(**each | _changes(name, settings)) for each in declared.get("schedules", [])]
    return await RunnerDeployment.afrom_storage(
        storage=LocalStorage(str(Path.cwd())),
        entrypoint=declared["entrypoint"],
        name=name,
        parameters=declared.get("parameters", {}),
        schedules=schedules,
        concurrency_limit=ConcurrencyLimitConfig.model_validate(declared["concurrency_limit"]),
        tags=declared["tags"],
        work_pool_name=pool["name"],
        job_variables=pool["job_variables"],
    )


def _changes(deployment: str, settings: Settings) -> dict[str, str]:
    """Return the schedule fields of a deployment that the settings override."""
    values = {"cron": getattr(settings, f"{deployment}_cron", None), "timezone": settings.timezone}
    return {key: value for key, value in values.items() if value is not None}


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))
