"""Learn the boilerplate of sources: from the posts that a run is about to write, or from those of the lake."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import chain

import polars as pl

from flows.pipeline.execution import sizes
from flows.pipeline.execution.head_files import head_files_of
from flows.pipeline.execution.heads import Heads
from flows.pipeline.execution.reader import CONTENT_COLUMNS, Reader
from flows.pipeline.learning.learner import PATTERN_SCHEMA, Learned, Learner, SampleTask
from flows.pipeline.planning.plan import stored_in_raw
from flows.pipeline.progress import report_progress
from flows.pipeline.reporting.results import LearnedTemplate
from flows.pipeline.workers.context import ParseContext
from flows.pipeline.workers.executor import LazyExecutor, run_ahead
from lake.batch import POST_HASH, Run
from lake.commit.tasks import NO_HEAD
from lake.scope import Scope
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import templates
from posts.boilerplate.learn import MIN_POSTS
from posts.boilerplate.template import PATTERN_KINDS, Template, Templates

# A first ingest of fewer files learns nothing before it parses them; `postlake learn` does that later.
MIN_FILES_TO_LEARN = 200
# The most files sampled before a first ingest, and the most posts sampled per source: enough to find what one
# post in a hundred shares.
MAX_SAMPLE_FILES, MAX_SAMPLE_POSTS = 8_000, 2_000
# A template learned from fewer posts of a source than this is learned again once all posts are loaded.
MIN_TRAINED_POSTS = 100
# The columns of sampled posts: a file, where its content is, its source, and whether its template has not seen it.
SAMPLE_COLUMNS = [*CONTENT_COLUMNS, "source_id", "is_new"]


def load_templates(lake: Lake) -> Templates:
    """Return the templates of a lake by source_id."""
    versions = templates.newest_templates(lake).partition_by("source_id", "version", as_dict=True)
    return {
        str(source_id): Template.from_patterns(int(version), rows.select("kind", "pattern").iter_rows())
        for (source_id, version), rows in versions.items()
    }


def learn_from_heads(lake: Lake, run: Run, heads: Heads, context: ParseContext) -> list[LearnedTemplate]:
    """Learn templates of the sources of which this run has read files, and return them.

    From few files nothing is learned, except for sources whose template is of an older kind. A source is learned
    if it has no template, or one from too few of its posts.
    """
    trained = templates.training_counts(lake, PATTERN_KINDS)
    older = set(trained.filter("is_old")["source_id"])
    source_ids = list[str]()
    other_files = _count_other_files(lake, heads.replaced)
    if heads.index["is_read"].sum() + other_files >= MIN_FILES_TO_LEARN:
        read_posts = heads.current_posts().filter("is_read")
        new_posts = read_posts.select("row", "post", "published_at", pl.col("source_id").cast(pl.String))
        del read_posts
        counts = _posts_by_source(lake, heads, new_posts)
        min_posts = MIN_TRAINED_POSTS if new_posts.height + other_files >= MIN_FILES_TO_LEARN else 0
        source_ids = _undertrained_sources(trained, counts, min_posts)
    others = sorted(older.difference(source_ids))
    learned = learn_lake(lake, run, context, others) if others else []
    if not source_ids:
        return learned
    max_posts = max(MIN_TRAINED_POSTS, min(MAX_SAMPLE_POSTS, MAX_SAMPLE_FILES // len(source_ids)))
    new_samples = _spread(new_posts.filter(pl.col("source_id").is_in(source_ids)), max_posts)
    # of a million files it takes as much memory as a worker
    del new_posts
    order = ["source_id", "published_at", "post_id"]
    new_rows = heads.rows_at(new_samples["row"], [*CONTENT_COLUMNS, *order]).sort(order)
    sample = new_rows.with_columns(is_new=pl.lit(value=True)).select(SAMPLE_COLUMNS)
    del new_rows
    stored_sources = counts.filter(pl.col("source_id").is_in(source_ids) & (pl.col("stored") > 0))
    if not stored_sources.is_empty():
        learned_times = templates.learned_times(lake)
        stored = stored_sources.join(learned_times, on="source_id", how="left")
        stored_sample = _stored_sample(lake, stored, max_posts, heads.replaced)
        sample = pl.concat([sample, stored_sample.select(SAMPLE_COLUMNS)])
    return [*learned, *_learn_sources(lake, run, context, sample)]


def _count_other_files(lake: Lake, replaced: Scope | None) -> int:
    """Return how many files a lake has beside a part of it that is replaced. A run that replaces none counts its own only."""
    if replaced is None:
        return 0
    return files_table.count_files(lake) - replaced.files.height


def _posts_by_source(lake: Lake, heads: Heads, new_posts: pl.DataFrame) -> pl.DataFrame:
    """Return how many posts each source of new posts has, new and stored ones: source_id, posts, stored."""
    new_counts = new_posts.group_by("source_id").agg(new=pl.len())
    excluded = heads.index["post"].drop_nulls()
    if heads.replaced:
        excluded = pl.concat([excluded, heads.replaced.posts.select(POST_HASH).to_series().rename("post")])
    stored_counts = files_table.count_posts_by_source(lake, excluding=excluded)
    return new_counts.join(stored_counts, on="source_id", how="left").select(
        "source_id",
        posts=pl.col("new") + pl.col("stored").fill_null(0),
        stored=pl.col("stored").fill_null(0),
    )


def _undertrained_sources(trained: pl.DataFrame, counts: pl.DataFrame, min_posts: int) -> list[str]:
    """Return the sources whose template was learned from too few of their posts, or in an older way.

    Too few means: fewer than `min_posts`, and fewer than the source has. A source without a template counts
    as learned from 0 posts. `trained` has the columns of `templates.training_counts`.
    """
    learned_from = pl.col("learned_from").fill_null(0)
    is_undertrained = (learned_from < min_posts) & (learned_from < pl.col("posts"))
    rows = counts.filter(pl.col("posts") >= MIN_POSTS).join(trained, on="source_id", how="left")
    rows = rows.filter(is_undertrained | pl.col("is_old").fill_null(value=False))
    return rows["source_id"].sort().to_list()


def _spread(posts: pl.DataFrame, max_posts: int) -> pl.DataFrame:
    """Return at most `max_posts` of each source, spread over its time."""
    step = (pl.len() + max_posts - 1) // max_posts
    ordered = posts.sort("source_id", "published_at", "post")
    return ordered.filter((pl.int_range(pl.len()) % step == 0).over("source_id"))


def learn_lake(
    lake: Lake, run: Run, context: ParseContext, sources: Sequence[str] = (), *, from_scratch: bool = False
) -> list[LearnedTemplate]:
    """Learn templates from the posts of a lake, for sources with posts that their template has not seen.

    If `sources` are named, only these are learned, with or without such posts. The patterns of a source's
    last version stay in the next one, unless it is learned `from_scratch`.
    """
    rows = templates.sources_with_new_posts(lake, include_all=from_scratch or bool(sources)).filter(
        pl.col("posts") >= MIN_POSTS
    )
    rows = rows.filter(pl.col("source_id").is_in(list(sources))) if sources else rows
    sample = _stored_sample(lake, rows, MAX_SAMPLE_POSTS)
    return _learn_sources(lake, run, context, sample, from_scratch=from_scratch)


def _stored_sample(
    lake: Lake, sources: pl.DataFrame, max_posts: int, replaced: Scope | None = None
) -> pl.DataFrame:
    sample = templates.sample_posts(lake, sources, max_posts, replaced)
    return stored_in_raw(lake, sample).with_columns(**NO_HEAD)


def _learn_sources(
    lake: Lake, run: Run, context: ParseContext, sample: pl.DataFrame, *, from_scratch: bool = False
) -> list[LearnedTemplate]:
    """Learn the sources of a sample (SAMPLE_COLUMNS), write the new versions, and return them."""
    known_templates, reader = load_templates(lake), Reader({}, lake.folder("raw"), head_files_of(lake, run))
    total_bytes = int(sample["size"].sum())
    by_task = _divide(sample, sizes.sample_bytes(total_bytes, context.workers))
    learned_templates, new_versions = list[LearnedTemplate](), [pl.DataFrame(schema=PATTERN_SCHEMA)]
    with ExitStack() as stack:
        executor = LazyExecutor(context, stack, "learn")
        executor.ensure_capacity(total_bytes)
        learners = (
            _submit_learner(executor, reader, known_templates, rows, from_scratch=from_scratch)
            for rows in by_task
        )
        source_count = sample["source_id"].n_unique()
        for learned_template, rows in chain.from_iterable(run_ahead(learners, context.workers)):
            learned_templates.append(learned_template)
            new_versions.append(rows)
            report_progress("learn", len(learned_templates), source_count)
    patterns = pl.concat(new_versions)
    if not patterns.is_empty():
        templates.write(lake, patterns, run)
    return learned_templates


def _divide(sample: pl.DataFrame, task_bytes: int) -> list[pl.DataFrame]:
    """Divide a sample into tasks of about this size: all posts of a source are in one, by source."""
    by_source = sample.group_by("source_id").agg(pl.col("size").sum()).sort("source_id")
    tasks = by_source.select(
        "source_id", task=(pl.col("size").cum_sum().shift(1, fill_value=0) // task_bytes)
    )
    rows = sample.join(tasks, on="source_id", maintain_order="left").sort("source_id", maintain_order=True)
    return rows.partition_by("task", maintain_order=True, include_key=False)


def _submit_learner(
    executor: LazyExecutor,
    reader: Reader,
    known_templates: Templates,
    rows: pl.DataFrame,
    *,
    from_scratch: bool,
) -> Callable[[], list[Learned]]:
    source_ids = rows["source_id"].unique(maintain_order=True)
    learner = Learner(reader, {each: known_templates.get(each) for each in source_ids}, from_scratch)
    tasks = [
        SampleTask.of_content(*content, source_id=source_id, is_new=is_new)
        for *content, source_id, is_new in rows.select(*CONTENT_COLUMNS, "source_id", "is_new").iter_rows()
    ]
    return executor.submit_whole(learner, tasks, learner.read_samples, learner.learn_parts)
