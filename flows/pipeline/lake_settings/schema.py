"""What postlake.toml may say: one class for each of its tables. Its JSON schema is in docs/reference."""

from dataclasses import MISSING
from enum import StrEnum, auto
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from flows.pipeline.declared import Declared, declared_fields
from flows.pipeline.lake_settings.fields import (
    Ending,
    Key,
    Order,
    OwnRuleName,
    Pattern,
    PlacePath,
    RuleName,
    RunSources,
    SourceName,
    TimeZone,
)
from flows.pipeline.options import IngestOptions
from posts.formats import Markup
from posts.rules.own_rules import NO_OWN_RULES, OwnPattern, OwnRules, Where
from posts.settings import FieldMapping, ParseSettings, Place
from schemas.keys import source_id_of


class Drafts(StrEnum):
    """What becomes of drafts."""

    IGNORE = auto()
    KEEP = auto()


TIME_ZONE = "Time zone of dates that have none: a name of the IANA database, as Asia/Shanghai. Default: UTC."
SOURCE_TIME_ZONE = (
    "Time zone of its dates that have none. It goes before that of a place and that of the lake."
)
DRAFTS = "What becomes of drafts: ignore, or keep as posts."
SOURCE_NAME = (
    "Where the name of a source is looked for if the front matter has no field for it (source, publisher, site): "
    "author, category, site (the host of the URL), folder (the first one within the archive that says something), "
    "repository (the name of the repository, archive, bucket or folder). The first that there is counts."
)


class Strict(BaseModel):
    """A table without other keys than those that are declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _key(description: str, example: str) -> Any:
    return Field(default=None, description=description, examples=[example])


class FieldSettings(Strict):
    """The keys of lines of JSON that have their fields, where these are not the usual ones. Dots lead into objects."""

    id: Key | None = _key("What tells lines apart, and names their files.", "doc_id")
    title: Key | None = _key("The title.", "headline")
    date: Key | None = _key("The date of publication.", "crawled.published")
    text: Key | None = _key("The body.", "content_html")
    url: Key | None = _key("The URL.", "page.href")
    author: Key | None = _key("The author, or a list of them.", "writers.name")
    source: Key | None = _key("The name of the source.", "outlet")
    tags: Key | None = _key("The tags.", "keywords")
    categories: Key | None = _key("The categories.", "section")

    def as_mapping(self) -> FieldMapping:
        return tuple((name, key) for name in type(self).model_fields if (key := getattr(self, name)))


class PlaceSettings(Strict):
    """Settings of all files of a place. Of several places that hold a file, the last that sets a value counts."""

    path: PlacePath = Field(
        description="A folder, repository, archive or bucket as `ingest` names it, or a folder within one.",
        examples=["/data/posts/bbc"],
    )
    name: SourceName | None = Field(
        default=None, description="Name of the source of all its posts.", examples=["BBC"]
    )
    time_zone: TimeZone | None = Field(default=None, description=TIME_ZONE, examples=["Asia/Shanghai"])
    drafts: Drafts | None = Field(default=None, description=DRAFTS, examples=["keep"])
    format: Markup | None = Field(
        default=None,
        description="Markup of its bodies, whatever the names of its files end with.",
        examples=["html"],
    )
    source_name: Order | None = Field(
        default=None, description=SOURCE_NAME, examples=[["folder", "repository"]]
    )
    url_identifies_post: Annotated[bool, Field(strict=True)] | None = Field(
        default=None,
        examples=[False],
        description="false where several posts have one URL, as tables of each month: their path identifies them.",
    )

    fields: FieldSettings | None = Field(
        default=None,
        examples=[{"id": "doc_id", "title": "headline", "date": "crawled.published", "text": "content_html"}],
        description="Keys of lines of JSON, for fields that they name in a way of their own: id, title, date, text, url, author, "
        "source, tags, categories. Dots lead into objects.",
    )

    def as_place(self) -> Place:
        fields = {
            "source": self.name,
            "time_zone": self.time_zone,
            "keep_drafts": None if self.drafts is None else self.drafts is Drafts.KEEP,
            "source_order": self.source_name,
            "url_identifies_post": self.url_identifies_post,
            "markup": self.format,
            "fields": self.fields and self.fields.as_mapping(),
        }
        return Place(self.path, tuple((name, value) for name, value in fields.items() if value is not None))


class SourceSettings(Strict):
    """Settings of a source, by the name that its files give it."""

    show_as: SourceName | None = Field(
        default=None,
        description="Name that is shown. No id and no partition changes by it.",
        examples=["BBC News"],
    )
    time_zone: TimeZone | None = Field(default=None, description=SOURCE_TIME_ZONE, examples=["Asia/Shanghai"])
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
        constraints.append(RunSources)
    default = None if declared.default is MISSING else declared.default
    examples = [["/data/posts"] if declared.is_list else default if default != "" else "tcp://host:8786"]
    field = Field(default=None, description=option.help, examples=examples)
    return Annotated[declared.type, *constraints] | None, field


class PatternSettings(Strict):
    """A cleaning rule of one's own: blocks that match are dropped, whatever share of the post they are."""

    name: OwnRuleName = Field(
        description="Name of the rule, as `explain`, `rules` and the column `cuts` have it.",
        examples=["newsletter"],
    )
    matches: Pattern = Field(
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
    endings: tuple[Ending, ...] = Field(
        default=(),
        description="Endings of post files beside those of the known formats. A repository that the lake has read gives older "
        "files with a new ending to `postlake backfill`.",
        examples=[[".txt"]],
    )
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
            source_zones=tuple(
                (name, each.time_zone) for name, each in sorted(self.source.items()) if each.time_zone
            ),
            keep_drafts=self.drafts is Drafts.KEEP,
            source_order=self.source_name,
            endings=self.endings,
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
