"""What all flows and their tasks have in common: how they are described, and how they end."""

import inspect
import logging
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Flow, Task, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.states import Failed

from flows.form import with_parameters
from lake.damage import explaining_damage
from schemas.errors import PostlakeError

P = ParamSpec("P")
R = TypeVar("R")


def lake_flow(
    options: type, *changes: inspect.Parameter, **settings: Any
) -> Callable[[Callable[..., R]], Flow[..., R]]:
    """Return a decorator that makes a flow of a function, by Prefect's `flow` with these settings and what is the same for all.

    The function is called with `options`, an options class with a field `lake`, and its own parameters; `changes` has
    the parameters that the form spells otherwise than the class. A PostlakeError, which a user can mend, ends the run as Failed with
    its one line as the message, and so does damage of the lake; every other exception is a bug and leaves its traceback.
    Whoever calls the flow as a function gets either exception.
    """

    def make(run: Callable[..., R]) -> Flow[..., R]:
        described = flow(
            description=_description(run), validate_parameters=True, persist_result=False, **settings
        )
        return described(_failing_in_one_line(with_parameters(options, run, *changes)))

    return make


def lake_task(name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Return a decorator that makes a task of a function, which damage of the lake of its flow ends in one line."""

    def make(run: Callable[P, R]) -> Task[P, R]:
        return task(name=name, task_run_name=name, cache_policy=NO_CACHE)(_explaining(run))

    return make


def _explaining(run: Callable[P, R]) -> Callable[P, R]:
    @wraps(run)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        with explaining_damage(Path(flow_run.parameters["lake"])):
            return run(*args, **kwargs)

    return told


def _failing_in_one_line(run: Callable[P, R]) -> Callable[P, R]:
    @wraps(run)
    def ending(*args: P.args, **kwargs: P.kwargs) -> R:
        logging.getLogger("prefect.task_runs").addFilter(_is_no_mistake)
        try:
            return _explaining(run)(*args, **kwargs)
        except PostlakeError as error:
            return cast("R", Failed(message=str(error), data=error))

    return ending


def _is_no_mistake(record: logging.LogRecord) -> bool:
    """Leave out the traceback of a task that a PostlakeError ended: the run tells it on one line."""
    return not (record.exc_info and isinstance(record.exc_info[1], PostlakeError))


def _description(run: Callable[..., Any]) -> str:
    """Return the paragraphs of a docstring as Markdown; its arguments are explained in the form."""
    told = (inspect.getdoc(run) or "").partition("\nArgs:")[0]
    return re.sub(r"(?<!\n)\n(?!\n)", " ", told).strip()
