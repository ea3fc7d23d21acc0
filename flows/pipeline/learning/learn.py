"""Learn the boilerplate of sources: from a sample of files before the first ingest, later from the lake."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack

import polars as pl

from flows.pipeline.execution.read import read_contents
from flows.pipeline.learning.alarms import layout_alarm, one_text_alarm
from flows.pipeline.planning.diff import FILE_SCHEMA
from flows.pipeline.planning.plan import Plan
from flows.pipeline.progress import report_progress
from flows.pipeline.reporting.results import LearnedTemplate
from flows.pipeline.sources.base import VanishedError
from flows.pipeline.workers.executor import LazyExecutor, ParseContext, chunk_tasks
from lake.batch import Run, chunk_by_total
from lake.store import Lake
from lake.tables import files as files_table
from lake.tables import templates
from posts.boilerplate.learn import MIN_POSTS, Pattern, TrainingSample, learn
from posts.boilerplate.template import EMPTY, PATTERN_KINDS, Template
from posts.parse import Templates
from posts.sources.files import SourceFile
from posts.worker import ParseTask, parse_training_samples

# A first ingest of fewer files learns nothing before it parses them; `postlake learn` does that later.
MIN_FILES_TO_LEARN = 200
# The most files sampled before a first ingest, and the most posts sampled per source: enough to find what one
# post in a hundred shares.
MAX_SAMPLE_FILES, MAX_SAMPLE_POSTS = 8_000, 2_000
# A template learned from fewer posts of a source than this is learned again once all posts are loaded.
MIN_TRAINED_POSTS = 100
MAX_SAMPLE_BYTES = 96 * 1024 * 1024
# files or posts whose bytes are in memory at a time
CHUNK_POSTS = 4_000
PATTERN_SCHEMA = {
    "source_id": pl.String, "version": pl.Int32, "kind": pl.String, "pattern": pl.String, "posts": pl.Int64,
    "learned_from": pl.Int64,
}  # fmt: skip


def load_templates(lake: Lake) -> Templates:
    """Return the templates of a lake by source_id."""
    versions = templates.newest_templates(lake).partition_by("source_id", "version", as_dict=True)
    return {
        str(source_id): Template.from_patterns(int(version), rows.select("kind", "pattern").iter_rows())
        for (source_id, version), rows in versions.items()
    }


def learn_from_sample(lake: Lake, run: Run, plan: Plan, context: ParseContext) -> list[LearnedTemplate]:
    """Learn templates from a sample of a plan's files, for sources without a template, and return them."""
    if plan.todo.height < MIN_FILES_TO_LEARN:
        return []
    sampling_steps = (
        plan.todo.height / MAX_SAMPLE_FILES,
        float(plan.todo["size"].sum()) / MAX_SAMPLE_BYTES,
        1.0,
    )
    files = [
        SourceFile(*row)
        for row in plan.todo.gather_every(math.ceil(max(sampling_steps))).select(*FILE_SCHEMA).iter_rows()
    ]
    learned_source_ids = set(templates.newest_templates(lake)["source_id"])
    samples_by_source = defaultdict[str, list[TrainingSample]](list)
    for sample in _training_samples(_read_tasks(plan, files), context, sum(file.size for file in files)):
        if sample.source_id not in learned_source_ids:
            samples_by_source[sample.source_id].append(sample)
    learnable = {
        source: posts for source, posts in sorted(samples_by_source.items()) if len(posts) >= MIN_POSTS
    }
    learned_versions = [_learn_source(source_id, None, posts, []) for source_id, posts in learnable.items()]
    return _write_versions(lake, run, learned_versions)


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
    known_templates, learned_versions = load_templates(lake), list[tuple[LearnedTemplate, pl.DataFrame]]()
    for chunk in _chunk_sources(rows):
        samples_by_source = _sample_posts(lake, context, chunk)
        for source_id in chunk["source_id"]:
            learned_versions.append(
                _learn_source(
                    source_id,
                    known_templates.get(source_id),
                    *samples_by_source[source_id],
                    from_scratch=from_scratch,
                )
            )
            report_progress("learn", len(learned_versions), rows.height)
    return _write_versions(lake, run, learned_versions)


def relearn_undertrained(
    lake: Lake, run: Run, context: ParseContext, *, is_large: bool
) -> list[LearnedTemplate]:
    """Learn again the sources whose template was learned in an older way.

    After a large load, learn also those without a template, or with one learned from few of their posts.
    """
    undertrained = templates.undertrained_sources(lake, MIN_TRAINED_POSTS if is_large else 0, PATTERN_KINDS)
    return learn_lake(lake, run, context, undertrained) if undertrained else []


def _chunk_sources(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """Return chunks of sources whose posts are sampled together."""
    sampled_count = pl.col("posts").clip(upper_bound=MAX_SAMPLE_POSTS)
    return chunk_by_total(rows, sampled_count, CHUNK_POSTS)


def _sample_posts(
    lake: Lake, context: ParseContext, rows: pl.DataFrame
) -> dict[str, tuple[list[TrainingSample], list[TrainingSample]]]:
    """Return sampled posts of some sources: those that their templates have seen, and the others."""
    sampled_posts = templates.sample_posts(lake, rows, MAX_SAMPLE_POSTS)
    contents = files_table.contents(lake, sampled_posts["blob"])
    samples_by_source: dict[str, tuple[list[TrainingSample], list[TrainingSample]]] = {
        source_id: ([], []) for source_id in rows["source_id"]
    }
    for is_new, files in sampled_posts.partition_by("is_new", as_dict=True).items():
        source_files = [SourceFile(*row) for row in files.select(templates.FILE_COLUMNS).iter_rows()]
        tasks = [ParseTask(file, contents[str(file.blob)]) for file in source_files if file.blob in contents]
        for training_sample in _training_samples(
            tasks, context, sum(len(content) for content in contents.values())
        ):
            # a post to which this version of postlake gives another source waits for an ingest of its file
            if training_sample.source_id in samples_by_source:
                samples_by_source[training_sample.source_id][is_new[0]].append(training_sample)
    return samples_by_source


def _learn_source(
    source_id: str,
    previous: Template | None,
    seen_samples: list[TrainingSample],
    new_samples: list[TrainingSample],
    *,
    from_scratch: bool = False,
) -> tuple[LearnedTemplate, pl.DataFrame]:
    """Return what was learned from the posts of a source, and the rows of its next version, if any."""
    samples = [*seen_samples, *new_samples]
    patterns = learn(samples)
    known_patterns = set(previous.patterns) if previous is not None else set[tuple[str, str]]()
    found_patterns = {(each.kind, each.pattern) for each in patterns}
    kept_patterns = set[tuple[str, str]]() if from_scratch else known_patterns - found_patterns
    possible_alarms = [one_text_alarm(source_id, samples)]
    if previous is not None:
        possible_alarms.append(layout_alarm(source_id, previous, seen_samples, new_samples))
    alarms = tuple(filter(None, possible_alarms))
    pattern_count, new_count = len(found_patterns | kept_patterns), len(found_patterns - known_patterns)
    if previous is not None and found_patterns | kept_patterns == known_patterns and not previous.is_older:
        return LearnedTemplate(
            source_id, previous.version, pattern_count, 0, len(samples), alarms
        ), _pattern_rows([])
    version = previous.version + 1 if previous is not None else 1
    all_patterns = [*patterns, *(Pattern(*each, 0) for each in sorted(kept_patterns))] or [
        Pattern(EMPTY, "", 0)
    ]
    rows = [(source_id, version, each.kind, each.pattern, each.posts, len(samples)) for each in all_patterns]
    return LearnedTemplate(
        source_id, version, pattern_count, new_count, len(samples), alarms, is_new=True
    ), _pattern_rows(rows)


def _pattern_rows(rows: list[tuple[str, int, str, str, int, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=PATTERN_SCHEMA, orient="row")


def _write_versions(
    lake: Lake, run: Run, learned_versions: list[tuple[LearnedTemplate, pl.DataFrame]]
) -> list[LearnedTemplate]:
    """Write all new versions in one commit, and return what was learned."""
    rows = pl.concat([_pattern_rows([]), *(rows for _, rows in learned_versions)])
    if not rows.is_empty():
        templates.write(lake, rows, run)
    return [learned_template for learned_template, _ in learned_versions]


def _read_tasks(plan: Plan, files: list[SourceFile]) -> Iterator[ParseTask]:
    for start in range(0, len(files), CHUNK_POSTS):
        chunk = files[start : start + CHUNK_POSTS]
        for file, content in zip(chunk, read_contents(plan, chunk, {}), strict=True):
            # a vanished folder is reported by the stage that reads all files of it
            if not isinstance(content, VanishedError):
                yield ParseTask(file, content)


def _training_samples(
    tasks: Iterable[ParseTask], context: ParseContext, size_bytes: int
) -> Iterator[TrainingSample]:
    with ExitStack() as stack:
        executor = LazyExecutor(context, stack)
        executor.ensure_capacity(size_bytes)
        for result in [executor.submit(parse_training_samples, chunk) for chunk in chunk_tasks(tasks)]:
            for samples in result():
                yield from samples
