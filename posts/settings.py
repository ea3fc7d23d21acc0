"""Settings of parsing: what a lake says of its archives, beside what their files say."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from posts.formats import Markup
from posts.rules.own_rules import NO_OWN_RULES, OwnRules
from schemas.source_names import DEFAULT_SOURCE_ORDER, SourceNaming, folder_name, repository_name

MAX_KNOWN_FOLDERS = 65_536
# the fields of lines of JSON that a lake names, each with its key: ID, TEXT, or one of posts.metadata.mapping
FieldMapping = tuple[tuple[str, str], ...]
ID, TEXT = "id", "text"


@dataclass(frozen=True, slots=True)
class ParseSettings:
    """How to parse files: those of a lake, or of one folder (`at`).

    `time_zone` is that of dates without one (an IANA name; None: UTC), `source_zones` are those of some sources, by name. `source` is the name of the source of all
    posts; without it and without a field of the front matter, the first that there is in `source_order` names it.
    With `url_identifies_post` a post is identified by its URL, else by its path. `endings` are those of post files beside
    the known ones. `markup` is that of bodies; without it, their file names say it.
    `fields` are those of lines of JSON that have keys of their own. `repository` and `folder` are the names
    that the place of a file gives. `own_rules` are those for the bodies of sources, by source_id; "" has those for all
    others. No head depends on them. `first_commits` has, by origin and path, when files without a date came into their
    repository; it is filled while they are read.
    """

    time_zone: str | None = None
    source_zones: tuple[tuple[str, str], ...] = ()
    keep_drafts: bool = False
    source: str = ""
    source_order: tuple[SourceNaming, ...] = DEFAULT_SOURCE_ORDER
    url_identifies_post: bool = True
    endings: tuple[str, ...] = ()
    markup: Markup | None = None
    fields: FieldMapping = ()
    places: tuple["Place", ...] = ()
    repository: str = ""
    folder: str = ""
    own_rules: Mapping[str, OwnRules] = field(default_factory=dict, compare=False, repr=False)
    first_commits: dict[str, dict[str, datetime]] = field(default_factory=dict, compare=False, repr=False)
    # the results of `at`: to look them up takes a microsecond for each file
    _known: dict[tuple[str, str], "ParseSettings"] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def rules_of(self, source_id: str) -> OwnRules:
        """Return the rules of the lake's own for the bodies of a source."""
        return self.own_rules.get(source_id) or self.own_rules.get("", NO_OWN_RULES)

    def first_commit(self, origin: str, path: str) -> datetime | None:
        """Return when a file came into its repository, if its date depends on it."""
        files = self.first_commits.get(origin)
        return files.get(path) if files else None

    def zone_of(self, source: str) -> tzinfo | None:
        """Return the time zone of dates of a source that have none; None: UTC."""
        name = dict(self.source_zones).get(source, self.time_zone) if self.source_zones else self.time_zone
        return ZoneInfo(name) if name else None

    def title_name(self, file_name: str) -> str:
        """Return a file name without an ending of `endings`."""
        if not self.endings:
            return file_name
        lowered = file_name.lower()
        ending = next((each for each in self.endings if lowered.endswith(each)), "")
        return file_name[: len(file_name) - len(ending)]

    def id_key_of(self, origin: str, folder: str = "") -> str:
        """Return the key of the id of lines of JSON in a folder; "" for the usual ones."""
        return dict(self.at(origin, f"{folder}/").fields).get(ID, "")

    @property
    def depends_on_folder(self) -> bool:
        """Return whether files of one origin may be parsed differently in different folders."""
        return bool(self.places) or SourceNaming.FOLDER in self.source_order

    def at(self, origin: str, path: str) -> "ParseSettings":
        """Return the settings for a file. The bytes and the name of files with equal settings are parsed alike."""
        folder = path.rpartition("/")[0] if self.depends_on_folder else ""
        known = self._known.get((origin, folder))
        if known is None:
            if len(self._known) >= MAX_KNOWN_FOLDERS:
                self._known.clear()
            known = self._known[origin, folder] = _settings_at(self, origin, folder)
        return known


@dataclass(frozen=True, slots=True)
class Place:
    """The settings of the files of an origin, or of a folder in one: fields of ParseSettings and their values."""

    path: str
    values: tuple[tuple[str, object], ...]

    def holds(self, origin: str, folder: str) -> bool:
        """Return whether a folder of an origin is in this place."""
        return f"{origin}/{folder}/".startswith(f"{self.path}/")


DEFAULT_SETTINGS = ParseSettings()


def _settings_at(settings: ParseSettings, origin: str, folder: str) -> ParseSettings:
    values: dict[str, object] = {}
    for place in settings.places:
        if place.holds(origin, folder):
            values |= dict(place.values)
    own = replace(settings, places=(), own_rules={}, first_commits={}, **values)  # type: ignore[arg-type]  # values of its fields
    in_folder = folder_name(folder) if SourceNaming.FOLDER in own.source_order else ""
    return replace(own, repository=repository_name(origin), folder=in_folder)
