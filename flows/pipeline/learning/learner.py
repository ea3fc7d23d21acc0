"""Learn the templates of sources from samples of their posts. This is the work of a worker process."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import polars as pl

from flows.pipeline.execution.parse import find_heads, guarded, read_contents, with_context
from flows.pipeline.execution.reader import Reader, ReadTask
from flows.pipeline.learning.alarms import layout_alarm, one_text_alarm
from flows.pipeline.reporting.results import LearnedTemplate
from flows.pipeline.workers.pool import Guard
from posts.boilerplate.learn import Pattern, TrainingSample, learn
from posts.boilerplate.template import EMPTY, Template
from posts.post import BodyContext, NotAPost
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
    """Learn the next versions of the templates of sources. `previous` has the present template of each, if any.

    The patterns of the version before stay in the next one, unless it is learned `from_scratch`.
    """

    reader: Reader
    previous: Mapping[str, Template | None]
    from_scratch: bool = False

    def __call__(self, tasks: Sequence[SampleTask], guard: Guard, config: ParseConfig) -> list[Learned]:
        return self.learn_parts([self.read_samples(tasks, guard, config)])

    def read_samples(self, tasks: Sequence[SampleTask], guard: Guard, config: ParseConfig) -> Samples:
        parse_tasks = read_contents(self.reader, tasks)
        heads, _ = find_heads(self.reader, tasks, parse_tasks, guard, config, BodyContext._fields)
        # a post to which this version of postlake gives another source waits for an ingest of its file
        source_ids = pl.Series([task.source_id for task in tasks], dtype=pl.String)
        heads = heads.filter(pl.col("source_id") == source_ids[heads["index"]])
        chosen = with_context(parse_tasks, heads)
        indexes = list(chosen)
        samples = parse_training_samples(guarded(tasks, guard, chosen), config)
        return [
            (tasks[index].is_new, sample)
            for index, sample in zip(indexes, samples, strict=True)
            if not isinstance(sample, NotAPost)
        ]

    def learn_parts(self, parts: Sequence[Samples]) -> list[Learned]:
        by_source = defaultdict[tuple[str, bool], list[TrainingSample]](list)
        for is_new, sample in chain.from_iterable(parts):
            by_source[sample.source_id, is_new].append(sample)
        return [
            self._learn_source(each, by_source[each, False], by_source[each, True]) for each in self.previous
        ]

    def _learn_source(
        self, source_id: str, seen_samples: list[TrainingSample], new_samples: list[TrainingSample]
    ) -> Learned:
        samples, previous = [*seen_samples, *new_samples], self.previous[source_id]
        patterns = learn(samples)
        known_patterns = set(previous.patterns) if previous is not None else set[tuple[str, str]]()
        found_patterns = {(each.kind, each.pattern) for each in patterns}
        kept_patterns = set[tuple[str, str]]() if self.from_scratch else known_patterns - found_patterns
        possible_alarms = [one_text_alarm(source_id, samples)]
        if previous is not None:
            possible_alarms.append(layout_alarm(source_id, previous, seen_samples, new_samples))
        is_new = previous is None or previous.is_older or found_patterns | kept_patterns != known_patterns
        version = (previous.version if previous is not None else 0) + is_new
        learned_template = LearnedTemplate(
            source_id,
            version,
            len(found_patterns | kept_patterns),
            len(found_patterns - known_patterns),
            len(samples),
            tuple(filter(None, possible_alarms)),
            is_new,
        )
        patterns = [*patterns, *(Pattern(*each, 0) for each in sorted(kept_patterns))]
        rows = [
            (source_id, version, each.kind, each.pattern, each.posts, len(samples))
            for each in patterns or [Pattern(EMPTY, "", 0)]
            if is_new
        ]
        return learned_template, pl.DataFrame(rows, schema=PATTERN_SCHEMA, orient="row")
