"""What postlake.toml may say: one class for each of its tables. Its JSON schema is in docs/reference."""

import os
import re
from collections.abc import Collection
from dataclasses import MISSING
from difflib import get_close_matches
from enum import StrEnum, auto
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from flows.pipeline.declared import Declared, declared_fields
from flows.pipeline.lake_settings.backtracking import MAX_CPU_SECONDS, TEXT_CHARS, is_slow
from flows.pipeline.options import IngestOptions
from flows.pipeline.sources.credentials import raise_if_credentials
from lake.object_store import is_store_url
from posts.rules.own_rules import NO_OWN_RULES, OwnPattern, OwnRules, Where
from posts.settings import ParseSettings, Place
from schemas.errors import MisuseError
from schemas.keys import normalize_source, source_id_of
from schemas.source_names import SourceNaming


class Drafts(StrEnum):
    """What becomes of drafts."""

    IGNORE = auto()
    KEEP = auto()


def nearest(word: str, words: Any) -> str:
    """Return words that a fault ends with: the nearest of some words, or nothing."""
    close = get_close_matches(word, list(words), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _time_zone(name: str) -> str:
    zones = available_timezones()
    if name not in zones:
        raise ValueError(
            f'"{name}" is no time zone of the IANA database, as Asia/Shanghai is{nearest(name, zones)}'
        )
    return name


def _source(name: str) -> str:
    if not normalize_source(name):
        raise ValueError("a name has at least one letter")
    return normalize_source(name)


def _place(path: str) -> str:
    """Return a place as origins are named: links resolved, no slash at the end."""
    try:
        raise_if_credentials([path])
    except MisuseError as error:
        raise ValueError(str(error)) from error
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
            f'"{name}" is no cleaning rule; `postlake rules` prints those that cut{nearest(name, rules)}'
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


def _pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    if is_slow(pattern):
        raise ValueError(
            f"takes over {MAX_CPU_SECONDS} s on a text of {TEXT_CHARS} characters that it almost matches: repetitions such "
            "as (a+)+ and .*a.*b.* can divide it in too many ways"
        )
    return pattern


RuleName = Annotated[str, AfterValidator(_rule_name)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
SourceName = Annotated[str, AfterValidator(_source)]
Order = Annotated[
    tuple[SourceNaming, ...],
    BeforeValidator(lambda order: (order,) if isinstance(order, str) else order),
    Field(min_length=1),
]
TIME_ZONE = "Time zone of dates that have none: a name of the IANA database, as Asia/Shanghai. Default: UTC."
DRAFTS = "What becomes of drafts: ignore, or keep as posts."
SOURCE_NAME = (
    "Where the name of a source is looked for if the front matter has no field for it (source, publisher, site): "
    "author, category, site (the host of the URL), folder (the first one within the archive that says something), "
    "repository (the name of the repository, archive, bucket or folder). The first that there is counts."
)


class Strict(BaseModel):
    """A table without other keys than those that are declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlaceSettings(Strict):
    """Settings of all files of a place. Of several places that hold a file, the last that sets a value counts."""

    path: Annotated[str, AfterValidator(_place)] = Field(
        description="A folder, repository, archive or bucket as `ingest` names it, or a folder within one.",
        examples=["/data/posts/bbc"],
    )
    name: SourceName | None = Field(
        default=None, description="Name of the source of all its posts.", examples=["BBC"]
    )
    time_zone: TimeZone | None = Field(default=None, description=TIME_ZONE, examples=["Asia/Shanghai"])
    drafts: Drafts | None = Field(default=None, description=DRAFTS, examples=["keep"])
    source_name: Order | None = Field(
        default=None, description=SOURCE_NAME, examples=[["folder", "repository"]]
    )
    url_identifies_post: Annotated[bool, Field(strict=True)] | None = Field(
        default=None,
        examples=[False],
        description="false where several posts have one URL, as tables of each month: their path identifies them.",
    )

    def as_place(self) -> Place:
        fields = {
            "source": self.name,
            "time_zone": self.time_zone,
            "keep_drafts": None if self.drafts is None else self.drafts is Drafts.KEEP,
            "source_order": self.source_name,
            "url_identifies_post": self.url_identifies_post,
        }
        return Place(self.path, tuple((name, value) for name, value in fields.items() if value is not None))


class SourceSettings(Strict):
    """Settings of a source, by the name that its files give it."""

    show_as: SourceName | None = Field(
        default=None,
        description="Name that is shown. No id and no partition changes by it.",
        examples=["BBC News"],
    )
    rules_off: tuple[RuleName, ...] = Field(
        default=(),
        description="Cleaning rules that drop nothing of its posts: names as `postlake rules` prints them.",
        examples=[["hashtag"]],
    )


def _run_field(declared: Declared) -> tuple[Any, Any]:
    option = declared.option
    # a number is no text and no truth value
    strict = True if declared.type in (int, float) else None
    constraints: list[Any] = [Field(ge=option.minimum, le=option.maximum, strict=strict)]
    if declared.is_list:
        constraints.append(AfterValidator(_sources))
    default = None if declared.default is MISSING else declared.default
    examples = [["/data/posts"] if declared.is_list else default if default != "" else "tcp://host:8786"]
    field = Field(default=None, description=option.help, examples=examples)
    return Annotated[declared.type, *constraints] | None, field


def _sources(sources: tuple[str, ...]) -> tuple[str, ...]:
    try:
        raise_if_credentials(sources)
    except MisuseError as error:
        raise ValueError(str(error)) from error
    return sources


class PatternSettings(Strict):
    """A cleaning rule of one's own: blocks that match are dropped, whatever share of the post they are."""

    name: Annotated[str, AfterValidator(_own_name)] = Field(
        description="Name of the rule, as `explain`, `rules` and the column `cuts` have it.",
        examples=["newsletter"],
    )
    matches: Annotated[str, AfterValidator(_pattern)] = Field(
        description="A regular expression of Python; capitals and small letters are the same to it, and . is any character.",
        examples=["Sign up for .* newsletter.*"],
    )
    where: Where = Field(
        default=Where.WHOLE,
        description="What it is matched against: the whole block, or its start or end. The whole block is dropped.",
    )
    sources: tuple[SourceName, ...] = Field(
        default=(),
        description="Names of the sources it is for, as their files give them; none: all.",
        examples=[["BBC"]],
    )


# its fields are those of the options of an ingest
RunSettings: Any = create_model(  # type: ignore[call-overload]  # fields that are known at run time
    "RunSettings",
    __base__=Strict,
    __doc__="Defaults of runs, where neither the command line nor the environment says otherwise.",
    **{each.name: _run_field(each) for each in declared_fields(IngestOptions) if each.option.in_lake},
)


class LakeSettings(Strict):
    """The settings of a lake. Each has a default, and the file need not exist."""

    time_zone: TimeZone | None = Field(default=None, description=TIME_ZONE, examples=["Asia/Shanghai"])
    drafts: Drafts = Field(default=Drafts.IGNORE, description=DRAFTS)
    source_name: Order = Field(default=ParseSettings().source_order, description=SOURCE_NAME)
    run: RunSettings = Field(default_factory=RunSettings, description="Defaults of runs.")
    place: tuple[PlaceSettings, ...] = Field(default=(), description="Places: `[[place]]` for each.")
    source: dict[SourceName, SourceSettings] = Field(
        default_factory=dict,
        description='Sources, by the names that their files give: `[source."NAME"]` for each.',
    )
    pattern: tuple[PatternSettings, ...] = Field(
        default=(), description="Cleaning rules of one's own: `[[pattern]]` for each."
    )

    def parse_settings(self) -> ParseSettings:
        """Return what the parser needs to know."""
        return ParseSettings(
            time_zone=self.time_zone,
            keep_drafts=self.drafts is Drafts.KEEP,
            source_order=self.source_name,
            places=tuple(each.as_place() for each in self.place),
            own_rules=self.own_rules(),
        )

    def own_rules(self) -> dict[str, OwnRules]:
        """Return the rules for bodies of those sources that have any of their own, by source_id; "" for all others."""
        named = {name for name, each in self.source.items() if each.rules_off}
        named |= {name for each in self.pattern for name in each.sources}
        rules = {source_id_of(name): self._rules_of(name) for name in named}
        return rules | {"": others} if (others := self._rules_of("")) != NO_OWN_RULES else rules

    def _rules_of(self, name: str) -> OwnRules:
        own = self.source.get(name, SourceSettings())
        patterns = (each for each in self.pattern if not each.sources or name in each.sources)
        return OwnRules(
            frozenset(own.rules_off),
            tuple(OwnPattern(each.name, each.matches, each.where) for each in patterns),
        )

    @property
    def shown_names(self) -> dict[str, str]:
        """Return the names to show of those sources that have one."""
        return {name: each.show_as for name, each in self.source.items() if each.show_as}
