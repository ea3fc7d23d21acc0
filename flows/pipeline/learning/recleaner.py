"""Clean the posts of whole partitions again. This is the work of a worker process."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from flows.pipeline.execution.parse import FAILURE_SCHEMA, parse_posts
from flows.pipeline.execution.reader import Reader, ReadTask
from flows.pipeline.lake_settings.content_names import content_name_of
from flows.pipeline.reporting.alarm import Failure
from flows.pipeline.reporting.results import RecleanResult
from flows.pipeline.workers.pool import Guard
from lake.batch import CONTENT_KEY, Run
from lake.layout import SORT_KEYS, period_of_date
from lake.parquet import TableFiles, WrittenFile
from posts.worker import ParseConfig
from schemas.enums import PARSER_FAULTS, Granularity, ParseWarning

# A post to which this version of postlake gives another id, source or date waits for an ingest of its file.
MATCH_COLUMNS = ["post_id", "source_id", "date", "blob"]
# Columns that a cleaned post keeps from its stored row: where its file is, and when its version began or was
# withdrawn.
PRESERVED_COLUMNS = ["origin", "path", "version_at", "withdrawn_at"]


@dataclass(frozen=True, slots=True)
class CleanedPartitions:
    """The partitions that were written, and the stored files that they replace."""

    written: list[WrittenFile]
    replaced: pl.DataFrame
    result: RecleanResult


@dataclass(frozen=True, slots=True)
class Recleaner:
    """Clean the stale posts of some partitions (post_id) again, and write the partitions anew.

    `lost` are contents at which a process ended (FAILURE_SCHEMA); they are not among the tasks.
    """

    reader: Reader
    partitions: TableFiles
    granularity: Granularity
    stale_ids: pl.Series
    run: Run
    lost: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FAILURE_SCHEMA))

    def __call__(self, tasks: Sequence[ReadTask], guard: Guard, config: ParseConfig) -> CleanedPartitions:
        parsed_posts, failures = parse_posts(self.reader, self.run, tasks, guard, config)
        stored_posts = self.partitions.read()
        stale_posts = stored_posts.filter(pl.col("post_id").is_in(self.stale_ids.implode()))
        cleaned_posts = stale_posts.select(*MATCH_COLUMNS, *PRESERVED_COLUMNS, old="content_hash").join(
            parsed_posts.drop(PRESERVED_COLUMNS), on=MATCH_COLUMNS
        )
        changed_count = cleaned_posts.filter(pl.col("old") != pl.col("content_hash")).height
        period = period_of_date(self.granularity).alias(self.granularity)
        cleaned_rows = self.partitions.conform(cleaned_posts.with_columns(period))
        unchanged_rows = self._with_skipped_warnings(
            stored_posts.join(cleaned_rows, on="post_id", how="anti")
        )
        rows = pl.concat([unchanged_rows, cleaned_rows])
        stale_count = len(self.stale_ids)
        named_posts = stale_posts.with_columns(content_name_of(config.settings))
        failed = _failed_posts(named_posts, pl.concat([failures, self.lost]))
        return CleanedPartitions(
            list(self.partitions.write(rows.sort(*self.partitions.partition_columns, *SORT_KEYS["posts"]))),
            self.partitions.files,
            RecleanResult(
                stale_count, changed_count, stale_count - cleaned_rows.height - len(failed), failed
            ),
        )

    def _with_skipped_warnings(self, unchanged_posts: pl.DataFrame) -> pl.DataFrame:
        """Return the unchanged posts; only those that could not be cleaned again get a warning."""
        is_skipped = pl.col("post_id").is_in(self.stale_ids.implode())
        warning = pl.lit([ParseWarning.NOT_CLEANED_AGAIN.value], pl.List(pl.String))
        return unchanged_posts.with_columns(
            warnings=pl.when(is_skipped)
            .then(pl.col("warnings").list.set_union(warning))
            .otherwise("warnings")
        )


def _failed_posts(stale_posts: pl.DataFrame, failures: pl.DataFrame) -> tuple[Failure, ...]:
    faults = failures.filter(pl.col("reason").is_in(list(PARSER_FAULTS)))
    failed = stale_posts.join(faults, on=CONTENT_KEY, maintain_order="left")
    return tuple(failed.select("path", "reason", "detail").iter_rows())
