"""The settings on which the heads of files depend: a lake records by which of them it is resolved."""

import json
from hashlib import blake2b

from pydantic import ValidationError

from flows.pipeline.lake_settings.schema import LakeSettings
from lake.commit.commit import recorded_number, recorded_settings
from lake.store import Lake
from posts.settings import DEFAULT_SETTINGS, ParseSettings

# settings as the file names them, and as the parser does
HEAD_SETTINGS = {
    "time_zone": "time_zone",
    "source.time_zone": "source_zones",
    "drafts": "keep_drafts",
    "source_name": "source_order",
    "place": "places",
}
MAX_NAMED_PLACES = 3


def numbers(settings: ParseSettings) -> dict[str, int]:
    """Return a number for the value of each of these settings: 0 for the default."""
    values = {name: getattr(settings, field) for name, field in HEAD_SETTINGS.items()}
    return {
        name: 0 if value == getattr(DEFAULT_SETTINGS, HEAD_SETTINGS[name]) else _number(value)
        for name, value in values.items()
    }


def _number(value: object) -> int:
    return int.from_bytes(blake2b(repr(value).encode(), digest_size=6).digest())


def dump(settings: LakeSettings) -> str:
    """Return these settings as JSON; "" if all are the default ones."""
    # of a source, heads depend on its time zone alone
    tables = settings.model_dump(
        mode="json",
        include={
            "time_zone": True,
            "drafts": True,
            "source_name": True,
            "place": True,
            "source": {"__all__": {"time_zone"}},
        },
        exclude_defaults=True,
    )
    sources = {name: each for name, each in tables.pop("source", {}).items() if each}
    if sources:
        tables["source"] = sources
    return json.dumps(tables, ensure_ascii=False, sort_keys=True) if tables else ""


def describe_change(lake: Lake, names: list[str]) -> str:
    """Return the names of the settings that have changed since a lake was resolved; of places, where they are."""
    old, new = load_recorded(lake), _load(lake.settings_text)
    if old is None or new is None:
        return ", ".join(names)
    changed = (
        place for place in (*old.places, *new.places) if (place in old.places) != (place in new.places)
    )
    paths = list(dict.fromkeys(f'"{place.path}"' for place in changed))
    if len(paths) > MAX_NAMED_PLACES:
        paths = [*paths[:MAX_NAMED_PLACES], f"{len(paths) - MAX_NAMED_PLACES} more"]
    return ", ".join(f"place {' and '.join(paths)}" if name == "place" and paths else name for name in names)


def load_recorded(lake: Lake) -> ParseSettings | None:
    """Return the settings by which a lake is resolved; None if its log does not have them."""
    settings = _load(recorded_settings(lake))
    if settings is None:
        return None
    is_recorded = all(number == recorded_number(lake, name) for name, number in numbers(settings).items())
    return settings if is_recorded else None


def _load(text: str) -> ParseSettings | None:
    try:
        return LakeSettings.model_validate_json(text or "{}").parse_settings()
    except ValidationError:
        # of another version of postlake
        return None
