"""What each cleaning rule removed from the posts of a lake, with passages as examples."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from flows.pipeline.lake_settings.apply import load_parse_settings
from flows.pipeline.lake_settings.load import load_settings
from flows.pipeline.learning.learn import load_templates
from lake.query.info import resolve_source_ids
from lake.query.rules import count_posts, rule_totals
from lake.query.sql import connect
from lake.storage.location import Location
from lake.store import Lake, open_lake
from lake.tables import files
from posts.cleaning.registry import RULE_REASONS
from posts.explain import explain
from posts.post import NotAPost
from posts.rules.own_rules import OWN_REASON
from posts.sources.files import RawFile
from schemas.enums import DEFAULT_PARSER


@dataclass(frozen=True, slots=True)
class Example:
    """The longest passage that a rule removes from a post."""

    post_id: str
    text: str


@dataclass(frozen=True, slots=True)
class RuleUse:
    """What a rule removed: from how many posts, how many cuts and characters, and its share of all characters.

    `reason` is None for a rule that this version of postlake does not have. There are up to two `examples`: of
    a post with large cuts, and of the latest post. There are fewer where they are the same, where `raw` lacks the bytes,
    or where the rule of today removes nothing.
    """

    rule: str
    reason: str | None
    posts: int
    cuts: int
    chars: int
    share: float
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class RulesReport:
    """The number of posts, of those cleaned by an older postlake that did not count, and the use of each rule."""

    posts: int
    uncounted: int
    rules: tuple[RuleUse, ...]


def report_rules(root: Location, sources: Iterable[str]) -> RulesReport:
    """Return what each rule removed from the posts of some sources (default: all), most characters first.

    Raises LakeError for a source without current posts.
    """
    lake = open_lake(root)
    source_ids, connection = resolve_source_ids(lake, sources), connect(lake)
    totals = rule_totals(connection, source_ids)
    passages = _longest_passages(lake, pl.concat([totals["large"], totals["latest"]]))
    own_rules = {each.name for each in load_settings(root).pattern}
    reasons = dict(RULE_REASONS) | dict.fromkeys(own_rules, OWN_REASON)
    uses = [
        RuleUse(rule, reasons.get(rule), posts, cuts, chars, share, _examples(rule, post_ids, passages))
        for rule, posts, cuts, chars, share, *post_ids in totals.iter_rows()
    ]
    return RulesReport(*count_posts(connection, source_ids), tuple(uses))


def _examples(
    rule: str, post_ids: Iterable[str], passages: Mapping[tuple[str, str], str]
) -> tuple[Example, ...]:
    return tuple(
        Example(post_id, passages[post_id, rule])
        for post_id in dict.fromkeys(post_ids)
        if (post_id, rule) in passages
    )


def _longest_passages(lake: Lake, post_ids: pl.Series) -> dict[tuple[str, str], str]:
    """Return the longest passage that each rule removes from some posts: (post_id, rule) -> text."""
    posts = lake.scan("posts").filter(pl.col("post_id").is_in(post_ids.unique().implode()))
    rows = posts.select("post_id", "origin", "path", "blob").collect()
    contents, templates = files.contents(lake, rows["blob"]), load_templates(lake)
    settings = load_parse_settings(lake)
    longest = defaultdict[tuple[str, str], str](str)
    for post_id, origin, path, blob in rows.filter(pl.col("blob").is_in(list(contents))).iter_rows():
        explanation = explain(
            RawFile(origin, path, contents[blob], blob), DEFAULT_PARSER, templates, settings=settings
        )
        for passage in () if isinstance(explanation, NotAPost) else explanation.passages:
            if passage.rule is not None:
                key = (post_id, passage.rule)
                longest[key] = max(longest[key], passage.text, key=len)
    return dict(longest)
