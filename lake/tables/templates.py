"""The learned templates of a lake: read the newest versions, write new ones."""

from collections.abc import Callable, Collection, Mapping

import polars as pl

from lake.batch import KEY, Run
from lake.delta import CommitProperties, Transaction
from lake.rewrite import replace_all
from lake.scope import Scope, other_posts
from lake.store import Lake
from schemas.enums import ParseWarning

# Written with a commit to posts, as Delta app transactions: the version of `templates` with which all posts
# are cleaned, and the number of the code that cleaned them. So a run need not read the posts.
TEMPLATES_KEY, CODE_KEY = "postlake.templates", "postlake.code"
# and for each source the number of the rules of the lake's own with which its posts are cleaned; none: 0
RULES_PREFIX = "postlake.rules."
# If the code parses a post as another post, or as none, the post keeps its text. This warning marks it, so
# that not every run tries it again.
WAS_SKIPPED = pl.col("warnings").list.contains(ParseWarning.NOT_CLEANED_AGAIN.value)


def newest_templates(lake: Lake) -> pl.DataFrame:
    """Return the patterns in force: the rows of the newest version of each source."""
    rows = lake.scan("templates")
    newest_versions = rows.group_by("source_id").agg(pl.col("version").max())
    return rows.join(newest_versions, on=["source_id", "version"], how="semi").collect()


def write(lake: Lake, patterns: pl.DataFrame, run: Run) -> None:
    """Write new versions of the templates of some sources.

    Columns: source_id, version, kind, pattern, posts, learned_from.
    """
    rows = patterns.with_columns(learned_at=pl.lit(run.started_at), run_id=pl.lit(run.run_id))
    lake.append("templates", rows)


def sources_with_new_posts(lake: Lake, *, include_all: bool) -> pl.DataFrame:
    """Return the sources with posts that are newer than their template: source_id, posts, learned_at.

    `posts` counts all posts of a source. `learned_at` is null if it has no template. With `include_all`,
    return all sources.
    """
    posts = lake.scan("posts")
    post_counts = posts.group_by("source_id").agg(posts=pl.len(), ingested_at=pl.col("ingested_at").max())
    sources = post_counts.join(learned_times(lake).lazy(), on="source_id", how="left")
    is_new = pl.col("learned_at").is_null() | (pl.col("ingested_at") > pl.col("learned_at"))
    rows = sources if include_all else sources.filter(is_new)
    return rows.select("source_id", "posts", "learned_at").sort("source_id").collect()


def learned_times(lake: Lake) -> pl.DataFrame:
    """Return when the template of each source was learned: source_id, learned_at."""
    return newest_templates(lake).group_by("source_id").agg(pl.col("learned_at").max())


def remove_orphans(lake: Lake) -> None:
    """Remove the templates of sources that no file and no post is of: they had other names."""
    named = [lake.scan(name).select("source_id") for name in ("files", "posts", "revisions")]
    rows = lake.scan("templates").collect()
    kept = rows.join(pl.concat(named).unique().collect(), on="source_id", how="semi")
    if kept.height < rows.height:
        replace_all(lake, "templates", [kept], CommitProperties())


def training_counts(lake: Lake, kinds: Collection[str]) -> pl.DataFrame:
    """Return from how many posts each template was learned, and whether its patterns are all of other `kinds`.

    Columns: source_id, learned_from, is_old.
    """
    is_old = ~pl.col("kind").is_in(list(kinds)).all()
    return newest_templates(lake).group_by("source_id").agg(pl.col("learned_from").max(), is_old=is_old)


def sample_posts(
    lake: Lake, sources: pl.DataFrame, max_posts: int, replaced: Scope | None = None
) -> pl.DataFrame:
    """Return at most `max_posts` new and `max_posts` other posts of each source, spread over its time.

    None of them is in the part of the lake that is `replaced`. `sources` are rows of `sources_with_new_posts`. Columns: KEY, blob, source_id, post_id, published_at, and
    `is_new`: true if the post is newer than the source's template.
    """
    posts = lake.scan("posts")
    candidates = posts.join(sources.lazy(), on="source_id").select(
        *KEY, "blob", "source_id", "post_id", "published_at",
        is_new=pl.col("learned_at").is_null() | (pl.col("ingested_at") > pl.col("learned_at")),
    ).sort("source_id", "published_at", "post_id").collect()  # fmt: skip
    if replaced:
        candidates = other_posts(candidates, replaced)
    step = (pl.len() + max_posts - 1) // max_posts
    return candidates.filter((pl.int_range(pl.len()) % step == 0).over("source_id", "is_new"))


def stale_posts(
    lake: Lake,
    cleaner_version: int,
    sources: list[str],
    other_rules: Collection[str] = (),
    *,
    include_skipped: bool = True,
) -> pl.DataFrame:
    """Return the posts that another cleaner, template or rule of the lake's own cleaned, in the order of partitions.

    All posts of the sources `other_rules` are such posts (`sources_with_other_rules`).

    `sources` selects some sources; if it is empty, all count. `include_skipped` also returns posts that could
    not be cleaned again before. Columns: KEY, blob, the partition columns, post_id.
    """
    newest_versions = newest_templates(lake).lazy().group_by("source_id").agg(newest=pl.col("version").max())
    posts = lake.scan("posts")
    posts = posts.filter(pl.col("source_id").is_in(sources)) if sources else posts
    posts = posts if include_skipped else posts.filter(~WAS_SKIPPED)
    is_stale = (
        (pl.col("cleaner_version") != cleaner_version)
        | pl.col("newest").ne_missing(pl.col("template_version"))
        | pl.col("source_id").is_in(list(other_rules))
    )
    sort_columns = ["source_id", lake.granularity, "post_id"]
    stale_rows = posts.join(newest_versions, on="source_id", how="left").filter(is_stale)
    return stale_rows.select(*KEY, "blob", *sort_columns).sort(sort_columns).collect()


def is_current(lake: Lake, code: int) -> bool:
    """Return whether no post is stale, according to the logs alone. False if the logs do not say it."""
    return has_tried_skipped(lake, code) and lake.table("posts").transaction_version(
        TEMPLATES_KEY
    ) == _version(lake)


def has_tried_skipped(lake: Lake, code: int) -> bool:
    """Return whether this version of the code has tried the posts that could not be cleaned again."""
    return lake.table("posts").transaction_version(CODE_KEY) == code


def sources_with_other_rules(lake: Lake, numbers: Callable[[str], int]) -> dict[str, int]:
    """Return the sources whose posts were cleaned with other rules of the lake's own, each with the present number.

    `numbers` returns the present number of a source_id.
    """
    files, posts = lake.partition_files("posts"), lake.table("posts")
    source_ids = [] if files.is_empty() else files["source_id"].unique().sort().to_list()
    current = {source_id: numbers(source_id) for source_id in source_ids}
    return {
        source_id: number
        for source_id, number in current.items()
        if number != (posts.transaction_version(f"{RULES_PREFIX}{source_id}") or 0)
    }


def record_current(lake: Lake, code: int, rules: Mapping[str, int]) -> None:
    """Record in the log that no post is stale, except those that could not be cleaned again.

    `rules` are the numbers of the rules of the lake's own, of the sources where they have changed.
    """
    transactions = [
        Transaction(TEMPLATES_KEY, _version(lake)),
        Transaction(CODE_KEY, code),
        *(Transaction(f"{RULES_PREFIX}{source_id}", number) for source_id, number in rules.items()),
    ]
    lake.commit("posts", properties=CommitProperties(app_transactions=transactions))


def _version(lake: Lake) -> int:
    return lake.table("templates").version()
