"""Protect an origin that loses most of its posts at once: probably files are missing (unmounted disk)."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from flows.pipeline.execution.heads import rows_from_heads
from flows.pipeline.lake_settings.apply import apply_settings
from flows.pipeline.planning.plan import Plan, Planner, ShrunkenSource
from flows.pipeline.sources.base import Source
from flows.pipeline.workers.context import create_parse_context
from lake.batch import KEY, Run
from lake.store import Lake
from lake.tables import files

# A person who deletes files by hand deletes fewer posts, or less than half.
MIN_LOST_POSTS, MAX_LOST_SHARE = 20, 0.5


def plan_without_shrinking(lake: Lake, run: Run, sources: Sequence[Source], *, planner: Planner) -> Plan:
    """Return a plan without the deletions of origins that would lose most of their posts.

    New and changed files of such an origin are read nevertheless.
    """
    plan = planner(lake, run, sources)
    shrunken_sources = _find_shrunken_sources(lake, run, plan)
    if not shrunken_sources:
        return plan
    is_withheld = pl.col("origin").is_in([each.origin for each in shrunken_sources])
    withheld_count = plan.deleted.filter(is_withheld).height
    return replace(
        plan,
        deleted=plan.deleted.filter(~is_withheld),
        withheld_deletions=plan.withheld_deletions + withheld_count,
        shrunken_sources=tuple(shrunken_sources),
    )


def _find_shrunken_sources(lake: Lake, run: Run, plan: Plan) -> list[ShrunkenSource]:
    """Return the origins that would lose most of their posts.

    Heads of new files are parsed only where an origin would shrink: these files may contain its missing
    posts.
    """
    deleted_counts = plan.deleted["origin"].value_counts()
    suspects = deleted_counts.filter(pl.col("count") >= MIN_LOST_POSTS)["origin"].sort().to_list()
    if not suspects:
        return []
    files_with_post = files.files_with_post(lake)
    shrunken_sources = _sources_losing_posts(
        suspects, files_with_post, plan, _already_parsed_post_ids(lake, plan)
    )
    if not shrunken_sources or plan.todo.is_empty():
        return shrunken_sources
    context = apply_settings(lake, create_parse_context())
    parsed_post_ids = rows_from_heads(lake, plan.changes, plan.sources, run, context)["post_id"]
    claimed_post_ids = pl.concat([_already_parsed_post_ids(lake, plan), parsed_post_ids.drop_nulls()])
    return _sources_losing_posts(
        [each.origin for each in shrunken_sources], files_with_post, plan, claimed_post_ids
    )


def _already_parsed_post_ids(lake: Lake, plan: Plan) -> pl.Series:
    """Return the posts of files whose content the lake knows: moved files, within or between origins."""
    return files.post_ids_of_blobs(lake, plan.already_parsed["blob"].drop_nulls())


def _sources_losing_posts(
    suspects: Sequence[str], files_with_post: pl.DataFrame, plan: Plan, claimed_post_ids: pl.Series
) -> list[ShrunkenSource]:
    remaining_post_ids = files_with_post.join(plan.deleted, on=KEY, how="anti")["post_id"]
    safe_post_ids = pl.concat([remaining_post_ids, claimed_post_ids]).unique().implode()
    shrunken_sources = list[ShrunkenSource]()
    for origin in suspects:
        posts = files_with_post.filter(pl.col("origin") == origin)["post_id"].unique()
        lost_posts = len(posts.filter(~posts.is_in(safe_post_ids)))
        if lost_posts >= MIN_LOST_POSTS and lost_posts > MAX_LOST_SHARE * len(posts):
            shrunken_sources.append(ShrunkenSource(origin, lost_posts, len(posts)))
    return shrunken_sources
