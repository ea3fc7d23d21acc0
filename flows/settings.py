"""Settings from the environment: all POSTLAKE_ variables are read and checked here. Does not use Prefect."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from lake.storage.location import DEFAULT_LOCATION, Location, parse_location
from schemas.enums import Executor
from schemas.errors import MisuseError, invalid_value_text

T = TypeVar("T")
R = TypeVar("R")
PREFIX = "POSTLAKE_"


def _known_user(expand: Callable[[T], R]) -> Callable[[T], R]:
    """Return a function that expands `~`, and raises ValueError for `~name` if there is no such user."""

    def expand_known(path: T) -> R:
        try:
            return expand(path)
        except RuntimeError as error:
            raise ValueError("no such user") from error

    return expand_known


Folder = Annotated[Path, AfterValidator(_known_user(Path.expanduser))]


class Settings(BaseSettings):
    """The values of the environment variables; an empty variable counts as not set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore")

    lake: Annotated[Location, BeforeValidator(_known_user(parse_location))] = Field(
        default=DEFAULT_LOCATION,
        validate_default=False,
        description="Folder of the lake, or its URL in an object store.",
    )
    sources: Annotated[tuple[str, ...], NoDecode, BeforeValidator(shlex.split)] = Field(
        default=("examples/posts",),
        validate_default=False,
        description="Sources of the scheduled ingest; several as a shell parts them.",
    )
    cache: Folder | None = Field(default=None, description="Folder for copies of remote repositories.")
    # the slowest of 50,000 real posts takes one second
    file_seconds: float = Field(
        default=30.0, gt=0, allow_inf_nan=False, description="CPU seconds that one file may take to parse."
    )
    executor: Executor = Field(
        default=Executor.LOCAL, description="What runs the tasks of a run where nothing else is asked for."
    )
    scheduler: str = Field(
        default="", description="Address of the scheduler of a Dask cluster, as in tcp://host:8786."
    )
    allowed_hosts: str = Field(
        default="", description="Hosts by whose names the server may be reached, between commas."
    )
    ui_api_url: str | None = Field(default=None, description="URL of the API as a browser reaches it.")
    ingest_cron: str | None = Field(
        default=None, description="When the ingest runs, in place of prefect.yaml's schedule."
    )
    maintain_cron: str | None = Field(
        default=None, description="When maintenance runs, in place of prefect.yaml's."
    )
    timezone: str | None = Field(default=None, description="Time zone of the schedules.")
    reports: Path | None = Field(default=None, description="Folder of the pages that `postlake serve` shows.")
    reports_url: str | None = Field(default=None, description="URL of that folder.")


def settings() -> Settings:
    """Return the settings of the current environment. Raises MisuseError for an invalid value."""
    try:
        return Settings()
    except ValidationError as error:
        name = variable(str(error.errors()[0]["loc"][0]))
        raise MisuseError(f"{name}: {invalid_value_text(error)}") from error


def variable(field: str) -> str:
    """Return the name of the environment variable of a setting."""
    return PREFIX + field.upper()
