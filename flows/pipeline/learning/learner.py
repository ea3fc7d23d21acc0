"""Learn the template of one source from a sample of its posts. This is the work of a worker process."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from flows.pipeline.execution.worker import Reader, ReadTask
from flows.pipeline.learning.alarms import layout_alarm, one_text_alarm
from flows.pipeline.reporting.results import LearnedTemplate
from flows.pipeline.workers.pool import Guard
from posts.boilerplate.learn import Pattern, TrainingSample, learn
from posts.boilerplate.template import EMPTY, Template
from posts.worker import ParseConfig, ParseTask, parse_training_samples

PATTERN_SCHEMA = {
    "source_id": pl.String, "version": pl.Int32, "kind": pl.String, "pattern": pl.String, "posts": pl.Int64,
    "learned_from": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SampleTask(ReadTask):
    """A post to learn from; `is_new` if the present template of its source has not seen it."""

    is_new: bool = True


Samples = list[tuple[bool, TrainingSample]]


@dataclass(frozen=True, slots=True)
class SourceLearner:
    """Learn the next version of the template of a source.

    The patterns of the version before stay in it, unless it is learned `from_scratch`.
    """

    reader: Reader
    source_id: str
    previous: Template | None
    from_scratch: bool = False

    def __call__(
        self, tasks: Sequence[SampleTask], guard: Guard, config: ParseConfig
    ) -> tuple[LearnedTemplate, pl.DataFrame]:
        return self.learn_parts([self.read_samples(tasks, guard, config)])

    def read_samples(self, tasks: Sequence[SampleTask], guard: Guard, config: ParseConfig) -> Samples:
        contents = self.reader.read(tasks)
        samples = Samples()
        for task, content in zip(guard(tasks), contents, strict=True):
            if isinstance(content, bytes) and task.refused is None:
                parsed = parse_training_samples([ParseTask(task.file, content)], config)
                samples += [(task.is_new, sample) for sample in parsed]
        return samples

    def learn_parts(self, parts: Sequence[Samples]) -> tuple[LearnedTemplate, pl.DataFrame]:
        """Return what was learned, and the rows of the next version, if any."""
        # a post to which this version of postlake gives another source waits for an ingest of its file
        samples = [
            (is_new, sample)
            for part in parts
            for is_new, sample in part
            if sample.source_id == self.source_id
        ]
        return _learn_source(
            self.source_id,
            self.previous,
            [sample for is_new, sample in samples if not is_new],
            [sample for is_new, sample in samples if is_new],
            from_scratch=self.from_scratch,
        )


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
