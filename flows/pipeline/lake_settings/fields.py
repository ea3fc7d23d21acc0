"""The types of values in postlake.toml, with what is right for each."""

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, ValidationInfo

from flows.pipeline.lake_settings.backtracking import MAX_CPU_SECONDS, TEXT_CHARS, is_slow
from flows.pipeline.sources.credentials import raise_if_credentials
from lake.storage.object_store import is_store_url
from schemas.errors import MisuseError
from schemas.keys import normalize_source
from schemas.reasons import did_you_mean
from schemas.source_names import SourceNaming

# key in the context of a validation: patterns are not tried on long texts
WITHOUT_PROBES = "without_probes"


def _time_zone(name: str) -> str:
    zones = available_timezones()
    if name not in zones:
        raise ValueError(
            f'"{name}" is no time zone of the IANA database, as Asia/Shanghai is{did_you_mean(name, zones)}'
        )
    return name


def _source(name: str) -> str:
    if not normalize_source(name):
        raise ValueError("a name has at least one letter")
    return normalize_source(name)


def _place(path: str) -> str:
    """Return a place as origins are named: links resolved, no slash at the end."""
    _sources((path,))
    if "://" in path or is_store_url(path):
        return path.rstrip("/")
    folder = Path(path).expanduser()
    if not folder.is_absolute() and ":" not in path:
        raise ValueError(
            f'"{path}" is a relative path: runs have other working folders; name it from / or ~ on'
        )
    return path if not folder.is_absolute() else os.path.realpath(folder)


def _rule_name(name: str) -> str:
    rules = _rule_names()
    if name not in rules:
        raise ValueError(
            f'"{name}" is no cleaning rule; `postlake rules` prints those that cut{did_you_mean(name, rules)}'
        )
    return name


def _own_name(name: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise ValueError(f'"{name}": a name has small letters, digits and _')
    if name in _rule_names():
        raise ValueError(f'"{name}" is the name of another rule')
    return name


def _rule_names() -> Collection[str]:
    # imported where rules are named: it needs the parser
    from posts.cleaning.registry import RULE_REASONS

    return RULE_REASONS.keys()


def _pattern(pattern: str, info: ValidationInfo) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    if not (info.context or {}).get(WITHOUT_PROBES) and is_slow(pattern):
        raise ValueError(
            f"takes over {MAX_CPU_SECONDS} s on a text of {TEXT_CHARS} characters that it almost matches: repetitions such "
            "as (a+)+ and .*a.*b.* can divide it in too many ways"
        )
    return pattern


def _ending(ending: str) -> str:
    if not re.fullmatch(r"\.[^./\s]+", ending):
        raise ValueError(f'"{ending}" is no ending of a file name, as .txt is')
    return ending.lower()


def _key(key: str) -> str:
    if not all(part.strip() for part in key.split(".")):
        raise ValueError(f'"{key}" is no key, as title and page.title are')
    return key


def _sources(sources: tuple[str, ...]) -> tuple[str, ...]:
    try:
        raise_if_credentials(sources)
    except MisuseError as error:
        raise ValueError(str(error)) from error
    return sources


RuleName = Annotated[str, AfterValidator(_rule_name)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
SourceName = Annotated[str, AfterValidator(_source)]
Order = Annotated[tuple[SourceNaming, ...], Field(min_length=1)]
Key = Annotated[str, AfterValidator(_key)]
Ending = Annotated[str, AfterValidator(_ending)]
OwnRuleName = Annotated[str, AfterValidator(_own_name)]
Pattern = Annotated[str, AfterValidator(_pattern)]
PlacePath = Annotated[str, AfterValidator(_place)]
RunSources = AfterValidator(_sources)
