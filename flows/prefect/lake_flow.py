"""Decorators of all flows and tasks: their description, and their state after an error."""

import inspect
import logging
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Flow, Task, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from prefect.states import Failed
from prefect.utilities.annotations import quote

from flows.form import with_parameters
from lake.damage import explaining_damage
from lake.storage.location import parse_location
from schemas.errors import PostlakeError

P = ParamSpec("P")
R = TypeVar("R")


def lake_flow(
    options: type, *changes: inspect.Parameter, **settings: Any
) -> Callable[[Callable[..., R]], Flow[..., R]]:
    """Return a decorator that makes a flow from a function, with common and given settings of `prefect.flow`.

    The function is called with an object of the class `options`, which has a field `lake`, and its own
    parameters. `changes` are parameters that replace those made from fields of the same name. A
    PostlakeError, which a user can fix, or damage of the lake sets the run to Failed, with one line as the
    message. Every other exception is a bug and keeps its traceback. A caller of the flow as a function gets
    either exception.
    """

    def decorate(function: Callable[..., R]) -> Flow[..., R]:
        decorator = flow(
            description=_description(function), validate_parameters=True, persist_result=False, **settings
        )
        return decorator(_with_failed_state(with_parameters(options, function, *changes)))

    return decorate


def lake_task(name: str, **settings: Any) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Return a decorator that makes a task from a function, with common and given settings of `prefect.task`.

    Damage of the lake becomes a one-line error.
    """

    def decorate(function: Callable[P, R]) -> Task[P, R]:
        decorator = task(name=name, task_run_name=name, cache_policy=NO_CACHE, **settings)
        return decorator(_with_damage_explained(function))

    return decorate


def quoted(value: object) -> Any:
    """Return a value as an argument of a task that Prefect passes on without inspecting it."""
    return quote(value)


def _with_damage_explained(function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with explaining_damage(parse_location(flow_run.parameters["lake"])):
            return function(*args, **kwargs)

    return wrapper


def _with_failed_state(function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        logging.getLogger("prefect.task_runs").addFilter(_is_not_postlake_error)
        try:
            return _with_damage_explained(function)(*args, **kwargs)
        except PostlakeError as error:
            return cast("R", Failed(message=str(error), data=error))

    return wrapper


def _is_not_postlake_error(record: logging.LogRecord) -> bool:
    """Check whether to log a record: not the traceback of a PostlakeError, nor that a task failed.

    The run reports such an error on one line, and Prefect logs any other with its traceback.
    """
    is_traceback = record.exc_info and isinstance(record.exc_info[1], PostlakeError)
    return not (is_traceback or record.getMessage().startswith("Finished in state Failed("))


def _description(function: Callable[..., Any]) -> str:
    """Return a docstring as Markdown, without its `Args` section, which the form shows."""
    paragraphs = (inspect.getdoc(function) or "").partition("\nArgs:")[0]
    return re.sub(r"(?<!\n)\n(?!\n)", " ", paragraphs).strip()
