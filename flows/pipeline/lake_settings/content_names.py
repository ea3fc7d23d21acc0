"""What the settings of a lake say of files: names of contents (see `lake.batch.content_name`), whether drafts are kept."""

from hashlib import blake2b

import polars as pl

from lake.batch import CONTENT_NAME, FOLDER, content_name
from posts.settings import ParseSettings


def content_name_of(settings: ParseSettings) -> pl.Expr:
    """Return the expression that names the contents of files: equal ones have the same result of parsing."""
    name = CONTENT_NAME if not settings.depends_on_folder else _name_by_folder(settings)
    return _with_first_commits(name, settings) if settings.first_commits else name


def keeps_drafts(settings: ParseSettings) -> pl.Expr:
    """Return the expression that is true for files whose drafts are posts. No function of Python: rows are filtered by it."""
    is_kept = pl.lit(settings.keep_drafts)
    file = pl.concat_str("origin", "path", separator="/")
    for place in settings.places:
        if (own := dict(place.values).get("keep_drafts")) is not None:
            is_inside = file.str.starts_with(f"{place.path}/")
            is_kept = pl.when(is_inside).then(pl.lit(own)).otherwise(is_kept)
    return is_kept


def _with_first_commits(name: pl.Expr, settings: ParseSettings) -> pl.Expr:
    """Return names that tell files apart which were committed at another time, where that is their date."""

    def times(keys: pl.Series) -> pl.Series:
        found = [settings.first_commit(key["origin"], key["path"]) for key in keys]
        return pl.Series([time.isoformat() if time else "" for time in found], dtype=pl.String)

    time = pl.struct("origin", "path").map_batches(times, return_dtype=pl.String, is_elementwise=True)
    return pl.concat_str(time, name).alias("name")


def _name_by_folder(settings: ParseSettings) -> pl.Expr:

    def contexts(places: pl.Series) -> pl.Series:
        distinct = places.unique()
        digests = [_digest(settings.at(place["origin"], f"{place['folder']}/")) for place in distinct]
        known = pl.DataFrame({"place": distinct, "context": digests})
        return places.to_frame("place").join(known, on="place", how="left", maintain_order="left")["context"]

    return content_name(
        pl.struct("origin", FOLDER).map_batches(contexts, return_dtype=pl.String, is_elementwise=True)
    )


def _digest(settings: ParseSettings) -> str:
    return blake2b(repr(settings).encode(), digest_size=6).hexdigest()
