"""Learn the templates of sources from samples of their posts. This is the work of a worker process."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import polars as pl

from flows.pipeline.execution.worker import (
    Reader,
    ReadTask,
    find_heads,
    guarded,
    read_parse_tasks,
    with_context,
)
from flows.pipeline.learning.alarms import layout_alarm, one_text_alarm
from flows.pipeline.reporting.results import LearnedTemplate
from flows.pipeline.workers.pool import Guard
from posts.boilerplate.learn import Pattern, TrainingSample, learn
from posts.boilerplate.template import EMPTY, Template
from posts.post import NotAPost
from posts.worker import ParseConfig, parse_training_samples

PATTERN_SCHEMA = {
    "source_id": pl.String, "version": pl.Int32, "kind": pl.String, "pattern": pl.String, "posts": pl.Int64,
    "learned_from": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SampleTask(ReadTask):
    """A post to learn from; `is_new` if the present template of its source has not seen it."""

    source_id: str = ""
    is_new: bool = True


Samples = list[tuple[bool, TrainingSample]]
# what was learned from a source, and the rows of the next version of its template, if any
Learned = tuple[LearnedTemplate, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Learner:
    """Learn the next versions of the templates of sources. `previous` has the present templates of these.

    The patterns of the version before stay in the next one, unless it is learned `from_scratch`.
    """

    reader: Reader
    source_ids: Sequence[str]
    previous: Mapping[str, Template]
    from_scratch: bool = False

    def __call__(self, tasks: Sequence[SampleTask], guard: Guard, config: ParseConfig) -> list[Learned]:
        return self.learn_parts([self.read_samples(tasks, guard, config)])

    def read_samples(self, tasks: Sequence[SampleTask], guard: Guard, config: ParseConfig) -> Samples:
        parse_tasks = read_parse_tasks(self.reader, tasks)
        heads, _ = find_heads(self.reader, tasks, parse_tasks, guard, config)
        # a post to which this version of postlake gives another source waits for an ingest of its file
        source_ids = pl.Series([task.source_id for task in tasks], dtype=pl.String)
        heads = heads.filter(pl.col("source_id") == source_ids[heads["index"]])
        chosen = with_context(parse_tasks, heads)
        samples = parse_training_samples(guarded(tasks, guard, chosen), config)
        return [
            (tasks[index].is_new, sample)
            for index, sample in zip(chosen, samples, strict=True)
            if not isinstance(sample, NotAPost)
        ]

    def learn_parts(self, parts: Sequence[Samples]) -> list[Learned]:
        by_source = defaultdict[tuple[str, bool], list[TrainingSample]](list)
        for is_new, sample in chain.from_iterable(parts):
            by_source[sample.source_id, is_new].append(sample)
        return [
            _learn_source(
                source_id,
                self.previous.get(source_id),
                by_source[source_id, False],
                by_source[source_id, True],
                from_scratch=self.from_scratch,
            )
            for source_id in self.source_ids
        ]


def _learn_source(
    source_id: str,
    previous: Template | None,
    seen_samples: list[TrainingSample],
    new_samples: list[TrainingSample],
    *,
    from_scratch: bool = False,
) -> Learned:
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
