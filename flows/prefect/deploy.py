"""Deployment to a Prefect server: work pool, deployments, one limit for all writers, automations."""

import asyncio
import logging
import re
import time
from collections.abc import Iterable
from pathlib import Path

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import DeploymentFilter
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import DeploymentApplyError, RunnerDeployment
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import get_current_settings
from pydantic import ValidationError

from flows.form import LAKE
from flows.prefect.declaration import declared_automations, declared_deployments
from flows.settings import Settings, settings, variable
from schemas.errors import MisuseError, PostlakeError

logger = logging.getLogger(__name__)

WORK_POOL = "postlake"
# A run is Prefect's own command in the environment of the worker: a user who starts a run cannot set its
# command, folder or variables. Without `additionalProperties` the API accepts variables that the template
# does not contain.
JOB_TEMPLATE = {
    "job_configuration": {"name": "{{ name }}", "labels": "{{ labels }}"},
    "variables": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "name": {
                "type": "string",
                "title": "Name",
                "description": "Name of the run's process in the worker's log.",
            },
            "labels": {
                "type": "object",
                "title": "Labels",
                "description": "Labels of the run's process.",
                "additionalProperties": {"type": "string"},
            },
        },
    },
}
SERVER_FIELDS = {"id", "created", "updated"}
FORBIDDEN_NAME_CHARS = re.compile(r"[/%&><]+")
# the tag of deployments whose runs write to the lake
WRITER_TAG = "writes"
DEPLOYMENTS_FILE, AUTOMATIONS_FILE = Path("prefect.yaml"), Path("automations.yaml")
SECONDS_BETWEEN_LINES = 10
DAILY = "0 3 * * *"


class DeployError(PostlakeError):
    """A deployment that failed: the server does not answer or refuses a request."""


def require_server() -> str:
    """Return the URL of the API.

    Raises MisuseError if none is set: Prefect would start a temporary server in this process.
    """
    url = get_current_settings().api.url
    if not url:
        raise MisuseError("set PREFECT_API_URL to the API of a server, or run `postlake serve`")
    return url


def require_answer(url: str) -> None:
    """Raise MisuseError if no Prefect server answers. Prefect itself would retry for a minute."""
    try:
        httpx.get(f"{url.rstrip('/')}/health", timeout=10)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise MisuseError(
            f"PREFECT_API_URL={url}: no server answers there ({error}); start one with `postlake serve`, or unset it"
        ) from error


def require_schedules() -> None:
    """Raise MisuseError if the environment contains an invalid schedule or time zone."""
    now = settings()
    for field in [name for name in Settings.model_fields if name.endswith("_cron")]:
        cron = getattr(now, field)
        if cron is not None and not _is_schedule(cron, "UTC"):
            raise MisuseError(f"{variable(field)}: {cron!r} is no cron expression, such as {DAILY!r}")
    if now.timezone is not None and not _is_schedule(DAILY, now.timezone):
        raise MisuseError(
            f"{variable('timezone')}: {now.timezone!r} is no time zone, such as 'UTC' or 'Asia/Taipei'"
        )


def _is_schedule(cron: str, timezone: str) -> bool:
    try:
        CronSchedule(cron=cron, timezone=timezone)
    except (ValidationError, ValueError):
        return False
    return bool(timezone)


def deploy(wait_seconds: float) -> list[str]:
    """Create or update everything on the server, and return the sorted names of the deployments.

    The current folder must contain prefect.yaml. A second call changes nothing. A server that does not answer
    yet is waited for, at most `wait_seconds`. Raises MisuseError and DeployError.
    """
    missing_files = [str(file) for file in (DEPLOYMENTS_FILE, AUTOMATIONS_FILE) if not file.exists()]
    if missing_files:
        raise MisuseError(f"{', '.join(missing_files)}: not in this folder; deploy from a clone of postlake")
    url = require_server()
    require_schedules()
    if not wait_seconds:
        require_answer(url)
    return asyncio.run(_deploy(wait_seconds))


async def _deploy(wait_seconds: float) -> list[str]:
    deployments = await declared_deployments(DEPLOYMENTS_FILE, settings())
    automations = declared_automations(AUTOMATIONS_FILE)
    async with get_client() as client:
        await wait_until_healthy(client, wait_seconds)
        await _ensure_work_pool(client)
        for deployment in deployments:
            await _apply(deployment)
        logger.info(f"deployed {', '.join(each.name for each in deployments)}")
        is_own = DeploymentFilter.model_validate({"tags": {"all_": ["postlake"]}})
        created = await client.read_deployments(deployment_filter=is_own)
        await _share_one_limit(client, [each for each in created if WRITER_TAG in each.tags])
        for automation in automations:
            await _ensure_automation(client, automation)
    return sorted(each.name for each in created)


async def wait_until_healthy(client: PrefectClient, wait_seconds: float) -> None:
    """Wait until a server answers, and log this at once and then every ten seconds.

    Raises DeployError if there is no answer within `wait_seconds`.
    """
    next_log_at = time.monotonic()
    deadline = next_log_at + wait_seconds
    while (error := await client.api_healthcheck()) is not None:
        now = time.monotonic()
        if now > deadline:
            raise DeployError(f"{client.api_url}: no answer for {wait_seconds:.0f} seconds: {error}")
        if now >= next_log_at:
            logger.info(f"waiting for {client.api_url}, {deadline - now:.0f} seconds at most: {error}")
            next_log_at = now + SECONDS_BETWEEN_LINES
        await asyncio.sleep(1)


async def _ensure_work_pool(client: PrefectClient) -> None:
    """Create the work pool, or update the job template of an existing one; other settings are not changed."""
    try:
        pool = await client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        await client.create_work_pool(
            WorkPoolCreate(name=WORK_POOL, type="process", base_job_template=JOB_TEMPLATE)
        )
        return
    if pool.base_job_template != JOB_TEMPLATE:
        await client.update_work_pool(WORK_POOL, WorkPoolUpdate(base_job_template=JOB_TEMPLATE))


async def _share_one_limit(client: PrefectClient, writers: Iterable[DeploymentResponse]) -> None:
    """Set one concurrency limit for all deployments that write to the lake, so that their runs take turns.

    Prefect creates a limit for each deployment. It keeps a limit that replaces it, as long as both allow the
    same number of runs.
    """
    name = f"lake {FORBIDDEN_NAME_CHARS.sub(' ', LAKE).strip()}"
    try:
        shared_limit = await client.read_global_concurrency_limit_by_name(name)
    except ObjectNotFound:
        await client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
        shared_limit = await client.read_global_concurrency_limit_by_name(name)
    for deployment in writers:
        own_limit = deployment.global_concurrency_limit
        if own_limit is None or own_limit.id != shared_limit.id:
            payload = {"global_concurrency_limit_id": str(shared_limit.id)}
            await client.request(
                "PATCH", "/deployments/{id}", path_params={"id": deployment.id}, json=payload
            )
        if own_limit is not None and own_limit.name == f"deployment:{deployment.id}":
            await client.delete_global_concurrency_limit_by_name(own_limit.name)


async def _apply(deployment: RunnerDeployment) -> None:
    """Create or update a deployment; a schedule that a user has paused stays paused. Raises DeployError."""
    schedules = [
        each.model_dump(exclude_unset=True, exclude={"active"}) for each in deployment.schedules or []
    ]
    try:
        await deployment.aapply(schedules=schedules)
    except (DeploymentApplyError, httpx.HTTPError, PrefectHTTPStatusError) as error:
        raise DeployError(f"deployment {deployment.name}: {error}") from error


async def _ensure_automation(client: PrefectClient, automation: AutomationCore) -> None:
    """Create an automation, or update it if it differs: an update resets the events that it waits for."""
    existing = await client.read_automations_by_name(automation.name)
    if not existing:
        await client.create_automation(automation)
    elif has_changed(existing[0], automation):
        await client.update_automation(existing[0].id, automation)


def has_changed(existing: AutomationCore, automation: AutomationCore) -> bool:
    """Check whether an automation differs from the wanted one, ignoring the fields that the server adds.

    Both are dumped as Python objects: the events of a trigger are sets, and as JSON they are lists in any
    order.
    """
    return _without_server_fields(existing.model_dump()) != _without_server_fields(automation.model_dump())


def _without_server_fields(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_server_fields(each) for key, each in value.items() if key not in SERVER_FIELDS}
    return [_without_server_fields(each) for each in value] if isinstance(value, list) else value
