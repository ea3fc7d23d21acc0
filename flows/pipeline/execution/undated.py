"""Date the files that tell no date of publication by the first commit of their repository that has them."""

import logging
from collections.abc import Collection, Iterable, Mapping

import polars as pl

from flows.pipeline.row_store import RowStore
from flows.pipeline.sources.base import GitSource, Source
from lake.batch import KEY
from posts.settings import ParseSettings
from posts.sources.git import GitError
from schemas.enums import ParseWarning, Reason

logger = logging.getLogger(__name__)

# of rows of files with the warnings of their posts
IS_UNDATED = pl.col("reason").eq_missing(pl.lit(Reason.NO_DATE.value)) | (
    pl.col("warnings").list.contains(ParseWarning.DATE_OF_CHANGE.value).fill_null(value=False)
)


def find_undated(rows: RowStore, sources: Mapping[str, Source], settings: ParseSettings) -> pl.Series:
    """Return which rows are files without a date of publication (`is_undated`) whose first commit is known: a mask.

    The history of a repository is walked once, if a file of it has no date. What is found is added to
    `settings.first_commits`; what these have of a file stays.
    """
    origins = [origin for origin, source in sources.items() if isinstance(source, GitSource)]
    may_have_one = pl.col("is_undated") & pl.col("origin").is_in(origins) & pl.col("blob").is_not_null()
    mask = _concat(frame.select(may_have_one).to_series() for frame in rows)
    if not mask.any():
        return mask
    keys = pl.concat([frame.select(KEY) for frame in rows.filter(mask)])
    for (origin,), own_keys in keys.partition_by("origin", as_dict=True).items():
        source = sources[str(origin)]
        assert isinstance(source, GitSource)
        add_first_commits(source, own_keys["path"].to_list(), settings)
    is_known = [settings.first_commit(*key) is not None for key in keys.iter_rows()]
    return _narrow(mask, is_known)


def add_first_commits(source: GitSource, paths: Collection[str], settings: ParseSettings) -> None:
    """Add to settings when files of a repository came into it, unless that is known."""
    known = settings.first_commits.setdefault(source.origin, {})
    unknown = {*paths} - known.keys()
    try:
        found = source.first_commits(unknown) if unknown else {}
    except GitError as error:
        # a clone without older commits, or without their trees
        logger.warning(
            f"{error}; {len(unknown)} files that tell no date of publication get none from this history. "
            "With all of it, `postlake backfill --mode failed` reads those that were rejected"
        )
        found = {}
    known.update(found)
    if not known:
        del settings.first_commits[source.origin]


def _narrow(mask: pl.Series, chosen: list[bool]) -> pl.Series:
    """Return a mask of which only some of the true values are true: one of `chosen` for each."""
    positions = mask.arg_true().filter(pl.Series(chosen, dtype=pl.Boolean))
    return pl.int_range(len(mask), eager=True).is_in(positions.implode())


def _concat(masks: Iterable[pl.Series]) -> pl.Series:
    return pl.concat([pl.Series(dtype=pl.Boolean), *(mask.alias("") for mask in masks)])
