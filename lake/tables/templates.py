"""The learned templates of a lake: read in their newest versions, written in new ones."""

from collections.abc import Collection

import polars as pl

from lake.batch import KEY, Run
from lake.delta import CommitProperties, Transaction
from lake.store import Lake
from schemas.enums import ParseWarning

# Written with a commit to posts, as Delta app transactions: the version of `templates` that all posts are cleaned with,
# and a number of the code that has done so, so that a run need not look at them.
TEMPLATES_KEY, CODE_KEY = "postlake.templates", "postlake.code"
# A post that the code reads as another one, or as none, keeps the text that it has; this tells, so that it is not tried
# by every run.
WAS_SKIPPED = pl.col("warnings").list.contains(ParseWarning.NOT_CLEANED_AGAIN.value)

# a stored post as the file that tells it
FILE_COLUMNS = [
    *KEY,
    pl.lit(0).alias("size"),
    pl.lit(None, pl.Int64).alias("mtime_ns"),
    pl.lit(None, pl.String).alias("problem"),
    "blob",
]


def newest_templates(lake: Lake) -> pl.DataFrame:
    """Return the patterns in force: of each source, the rows of its newest version."""
    rows = lake.scan("templates")
    newest_versions = rows.group_by("source_id").agg(pl.col("version").max())
    return rows.join(newest_versions, on=["source_id", "version"], how="semi").collect()


def write(lake: Lake, patterns: pl.DataFrame, run: Run) -> None:
    """Write new versions of some sources: source_id, version, kind, pattern, posts, learned_from."""
    rows = patterns.with_columns(learned_at=pl.lit(run.started_at), run_id=pl.lit(run.run_id))
    lake.append("templates", rows)


def sources_with_new_posts(lake: Lake, *, include_all: bool) -> pl.DataFrame:
    """Return the sources with posts that their template has not seen: source_id, posts, learned_at (null: no template).

    `include_all` gives all sources.
    """
    posts = lake.scan("posts")
    post_counts = posts.group_by("source_id").agg(posts=pl.len(), ingested_at=pl.col("ingested_at").max())
    learned_times = newest_templates(lake).lazy().group_by("source_id").agg(pl.col("learned_at").max())
    sources = post_counts.join(learned_times, on="source_id", how="left")
    is_new = pl.col("learned_at").is_null() | (pl.col("ingested_at") > pl.col("learned_at"))
    rows = sources if include_all else sources.filter(is_new)
    return rows.select("source_id", "posts", "learned_at").sort("source_id").collect()


def undertrained_sources(lake: Lake, min_posts: int, kinds: Collection[str]) -> list[str]:
    """Return the sources whose template was learned from fewer posts than `min_posts`, or none, and than they have.

    Also those whose template has patterns of other than the `kinds` that are learned.
    """
    posts = lake.scan("posts").group_by("source_id").len()
    trained = (
        newest_templates(lake)
        .lazy()
        .group_by("source_id")
        .agg(pl.col("learned_from").max(), is_old=~pl.col("kind").is_in(list(kinds)).all())
    )
    learned_from = pl.col("learned_from").fill_null(0)
    is_undertrained = (learned_from < min_posts) & (learned_from < pl.col("len"))
    return (
        posts.join(trained, on="source_id", how="left")
        .filter(is_undertrained | pl.col("is_old").fill_null(value=False))
        .collect()["source_id"]
        .sort()
        .to_list()
    )


def sample_posts(lake: Lake, sources: pl.DataFrame, max_posts: int) -> pl.DataFrame:
    """Return at most so many posts of each source (rows of `sources_with_new_posts`), spread over its time, unseen ones first.

    Columns of FILE, and `is_new` where the source's template has not seen it.
    """
    posts = lake.scan("posts")
    candidates = posts.join(sources.lazy(), on="source_id").select(
        *KEY, "blob", "source_id", "post_id", "published_at",
        is_new=pl.col("learned_at").is_null() | (pl.col("ingested_at") > pl.col("learned_at")),
    ).sort("source_id", "published_at", "post_id").collect()  # fmt: skip
    step = (pl.len() + max_posts - 1) // max_posts
    return candidates.filter((pl.int_range(pl.len()) % step == 0).over("source_id", "is_new"))


def stale_posts(
    lake: Lake, cleaner_version: int, sources: list[str], *, include_skipped: bool = True
) -> pl.DataFrame:
    """Return the posts that another cleaner or template cleaned, in the order of partitions; of all sources, or some.

    Columns of FILE, post_id and the partition's. `include_skipped` gives those too that were left as they are before.
    """
    newest_versions = newest_templates(lake).lazy().group_by("source_id").agg(newest=pl.col("version").max())
    posts = lake.scan("posts")
    posts = posts.filter(pl.col("source_id").is_in(sources)) if sources else posts
    posts = posts if include_skipped else posts.filter(~WAS_SKIPPED)
    is_stale = (pl.col("cleaner_version") != cleaner_version) | pl.col("newest").ne_missing(
        pl.col("template_version")
    )
    sort_columns = ["source_id", lake.granularity, "post_id"]
    stale_rows = posts.join(newest_versions, on="source_id", how="left").filter(is_stale)
    return stale_rows.select(*KEY, "blob", *sort_columns).sort(sort_columns).collect()


def is_current(lake: Lake, code: int) -> bool:
    """Return whether no post is outdated, by the logs alone; False where that is not known."""
    return has_tried_skipped(lake, code) and lake.table("posts").transaction_version(
        TEMPLATES_KEY
    ) == _version(lake)


def has_tried_skipped(lake: Lake, code: int) -> bool:
    """Return whether the posts that were left as they are were so by this version of the code."""
    return lake.table("posts").transaction_version(CODE_KEY) == code


def record_current(lake: Lake, code: int) -> None:
    """Record that no post is outdated but those that are left as they are."""
    transactions = [Transaction(TEMPLATES_KEY, _version(lake)), Transaction(CODE_KEY, code)]
    lake.commit("posts", [], lake.partition_columns("posts"), CommitProperties(app_transactions=transactions))


def _version(lake: Lake) -> int:
    return lake.table("templates").version()
