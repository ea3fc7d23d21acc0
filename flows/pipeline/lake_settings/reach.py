"""Which files a change of the settings of a lake concerns: those of which it may change the head."""

from dataclasses import dataclass, replace

import polars as pl

from lake.batch import FOLDER, KEY
from lake.store import Lake
from lake.tables.files import locate_contents
from posts.settings import ParseSettings
from schemas.enums import Reason
from schemas.keys import source_id_of

_PLACE = ["origin", "folder"]
# what a folder has of a change: nothing, the drafts that are kept by now, all files
_NOTHING, _DRAFTS, _ALL = range(3)


@dataclass(frozen=True, slots=True)
class Reach:
    """`folders` are those with files of a lake: origin, folder, files (their number), reached (which of them).

    `source_ids` are sources of which all files are reached.
    """

    folders: pl.DataFrame
    source_ids: list[str]

    @property
    def share(self) -> float:
        """Return the share of the files of the lake that are in folders of which all are reached."""
        counts = self.folders.select("files", reached=pl.col("files") * (pl.col("reached") == _ALL)).sum()
        return int(counts["reached"].item()) / max(int(counts["files"].item()), 1)

    def find_files(self, lake: Lake, unrecorded: pl.DataFrame) -> pl.DataFrame:
        """Return the files (KEY) that are reached.

        `unrecorded` are the past contents of files of which no table tells the source: KEY, source_id.
        """
        ledger = lake.scan("files").select(*KEY, FOLDER, "blob", "reason", "source_id")
        reached = [ledger.join(self._places(_ALL), on=_PLACE, how="semi").select(KEY)]
        others = unrecorded.lazy().with_columns(FOLDER)
        if not (places := self._places(_DRAFTS)).collect().is_empty():
            is_draft = pl.col("reason") == Reason.DRAFT.value
            drafts = ledger.filter(is_draft).join(places, on=_PLACE, how="semi").collect()
            # the others are read again from their source
            stored = locate_contents(lake, drafts["blob"])
            reached.append(drafts.join(stored, on="blob", how="semi").select(KEY).lazy())
            reached.append(others.join(places, on=_PLACE, how="semi").select(KEY))
        if self.source_ids:
            is_of_source = pl.col("source_id").is_in(self.source_ids)
            # that of a file which is no post may not be known
            is_of_any = pl.col("source_id").is_null() & pl.col("reason").is_not_null()
            reached.append(ledger.filter(is_of_source | is_of_any).select(KEY))
            versions = [lake.scan_stored(name).select(*KEY, "source_id") for name in ("posts", "revisions")]
            reached += [rows.filter(is_of_source).select(KEY) for rows in versions]
            reached.append(others.filter(is_of_source | pl.col("source_id").is_null()).select(KEY))
        return pl.concat(reached).unique().collect(engine="streaming")

    def _places(self, reached: int) -> pl.LazyFrame:
        return self.folders.lazy().filter(reached=reached).select(_PLACE)


def find_reach(lake: Lake, old: ParseSettings, new: ParseSettings) -> Reach:
    """Return which files of a lake are concerned if its settings change."""
    files = lake.scan("files").group_by("origin", FOLDER).agg(files=pl.len().cast(pl.Int64))
    folders = files.collect(engine="streaming")
    reached = [_reached(old, new, *place) for place in folders.select(_PLACE).iter_rows()]
    old_zones, new_zones = dict(old.source_zones), dict(new.source_zones)
    names = sorted(
        name for name in old_zones.keys() | new_zones if old_zones.get(name) != new_zones.get(name)
    )
    return Reach(
        folders.with_columns(reached=pl.Series(reached, dtype=pl.Int8)),
        [source_id_of(name) for name in names],
    )


def _reached(old: ParseSettings, new: ParseSettings, origin: str, folder: str) -> int:
    before, after = (_of_folder(settings, origin, folder) for settings in (old, new))
    if before == after:
        return _NOTHING
    return _DRAFTS if after.keep_drafts and replace(before, keep_drafts=True) == after else _ALL


def _of_folder(settings: ParseSettings, origin: str, folder: str) -> ParseSettings:
    """Return the settings on which heads in a folder depend, but for the time zones of sources."""
    return replace(settings.at(origin, f"{folder}/"), endings=(), source_zones=())
