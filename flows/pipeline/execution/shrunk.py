"""An origin that has lost most of its posts at once is more likely not all there, as an unmounted disk, than meant so."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from flows.pipeline.execution.heads import sightings
from flows.pipeline.planning.plan import Plan, Shrunk
from flows.pipeline.sources.base import Source
from flows.pipeline.workers.pool import workshop
from lake.batch import KEY, Run
from lake.store import Lake
from lake.tables import files
from schemas.enums import HtmlParser

# An archive that a person cuts down by hand loses fewer posts, or less than half.
MIN_LOST, MAX_SHARE = 20, 0.5
Planning = Callable[[Lake, Run, Sequence[Source]], Plan]


def without_shrinking(lake: Lake, run: Run, sources: Sequence[Source], *, planning: Planning) -> Plan:
    """Plan, and keep back what went of the origins that would lose most of their posts: their files stay as they were.

    New and changed files of such an origin are read all the same.
    """
    planned = planning(lake, run, sources)
    found = _shrunk(lake, run, planned)
    if not found:
        return planned
    is_kept = pl.col("origin").is_in([each.origin for each in found])
    kept = planned.gone.filter(is_kept).height
    return replace(
        planned, gone=planned.gone.filter(~is_kept), kept_back=planned.kept_back + kept, shrunk=tuple(found)
    )


def _shrunk(lake: Lake, run: Run, plan: Plan) -> list[Shrunk]:
    """Find the origins that shrink. The heads of new files are read only where some would, but for posts told there anew."""
    counts = plan.gone["origin"].value_counts()
    suspects = counts.filter(pl.col("count") >= MIN_LOST)["origin"].sort().to_list()
    if not suspects:
        return []
    telling = files.files_with_post(lake)
    found = _losing(suspects, telling, plan, _told_at_hand(lake, plan))
    if not found or plan.todo.is_empty():
        return found
    read = sightings(lake, plan, run, workshop(0, HtmlParser.LEXBOR))["post_id"]
    told = pl.concat([_told_at_hand(lake, plan), read.drop_nulls()])
    return _losing([each.origin for each in found], telling, plan, told)


def _told_at_hand(lake: Lake, plan: Plan) -> pl.Series:
    """Name the posts of the files whose content the lake knows: what moved, within an origin or across."""
    return files.post_ids_of_blobs(lake, plan.known["blob"].drop_nulls())


def _losing(suspects: Sequence[str], telling: pl.DataFrame, plan: Plan, told: pl.Series) -> list[Shrunk]:
    staying = telling.join(plan.gone, on=KEY, how="anti")["post_id"]
    safe = pl.concat([staying, told]).unique().implode()
    found = list[Shrunk]()
    for origin in suspects:
        posts = telling.filter(pl.col("origin") == origin)["post_id"].unique()
        lost = len(posts.filter(~posts.is_in(safe)))
        if lost >= MIN_LOST and lost > MAX_SHARE * len(posts):
            found.append(Shrunk(origin, lost, len(posts)))
    return found
