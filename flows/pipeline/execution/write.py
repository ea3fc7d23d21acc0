"""The write stage: workers clean the posts of whole partitions and write them; the coordinator commits."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import polars as pl

from flows.pipeline.execution import sizes
from flows.pipeline.execution.head_files import head_files_of
from flows.pipeline.execution.parse import FAILURE_SCHEMA
from flows.pipeline.execution.reader import Reader, read_tasks
from flows.pipeline.execution.worker import ContentCheck, PartitionWriter, WriteResult
from flows.pipeline.progress import report_progress
from flows.pipeline.workers.context import ParseContext
from flows.pipeline.workers.executor import LazyExecutor, run_ahead
from lake.batch import CONTENT_KEY, CONTENT_NAME, KEY, Batch, Checkpoint, Run
from lake.commit.commit import Committer, WrittenTask
from lake.commit.resolve import Resolution, resolve
from lake.commit.tasks import PartitionTask, plan_tasks
from lake.store import Lake


@dataclass(frozen=True, slots=True)
class Writer:
    """A writer of the batches of a run."""

    lake: Lake
    run: Run
    context: ParseContext
    # whether posts with contents that this run has read are parsed again
    parses_again: bool = False
    # for progress: the files of batches written before, and of all batches
    files_before: int = 0
    files_total: int = 0

    def write(
        self,
        batch: Batch,
        resolution: Resolution,
        contents: pl.DataFrame,
        checkpoints: Mapping[str, Checkpoint],
        number: int,
        *,
        is_atomic: bool = False,
    ) -> int:
        """Write a resolved batch and commit it; return the number of the next commit.

        `contents` are those that this run has read. `checkpoints` are recorded with every commit. The commits
        are numbered from `number` on. An atomic batch is one commit. A content that turns out to be no post is
        a reject: what it belongs to is resolved and written again without it, after all else.
        """
        total_bytes = int(contents["size"].sum())
        tasks, other_rows = plan_tasks(
            self.lake,
            resolution,
            contents,
            sizes.task_bytes(total_bytes, self.context.workers),
            parses_again=self.parses_again,
        )
        committer = Committer(self.lake, self.run, resolution.events, checkpoints)
        pending, pending_bytes = [WrittenTask(None, other_rows)], 0
        failed_keys, failures = [batch.deleted.select(KEY).clear()], [pl.DataFrame(schema=FAILURE_SCHEMA)]
        files_done = other_rows.height
        for task, result in self._run(tasks):
            if result.merged is None:
                failed_keys.append(task.keys)
                failures.append(result.failures)
                continue
            assert result.merged.unparsed.is_empty(), result.merged.unparsed
            pending.append(WrittenTask(result.merged, task.file_rows))
            pending_bytes += task.bytes
            files_done += task.file_rows.height
            done = self.files_before + files_done
            report_progress("write", done, max(done, self.files_total))
            if pending_bytes >= sizes.commit_bytes(total_bytes) and not is_atomic:
                committer.commit(number, pending)
                pending, pending_bytes, number = [], 0, number + 1
        if len(failures) == 1 or not is_atomic:
            committer.commit(number, pending)
            number += 1
        if len(failures) == 1:
            return number
        all_keys = [batch.deleted.select(KEY), resolution.rows.select(KEY)]
        keys = pl.concat(all_keys if is_atomic else failed_keys).unique()
        rest = self._without_failures(batch, resolution, keys, pl.concat(failures))
        return self.write(rest, resolve(self.lake, rest), contents, checkpoints, number, is_atomic=is_atomic)

    def _without_failures(
        self, batch: Batch, resolution: Resolution, keys: pl.DataFrame, failures: pl.DataFrame
    ) -> Batch:
        """Return the part of a batch with some files, in which the contents of failures are no posts.

        A file of the ledger that the batch leaves as it is, for a time or altogether, may have such a content
        too: it was never cleaned while it was a duplicate, or an older version parsed it as a post. Then the
        file is a reject from the first time of this part on, so that it is never elected.
        """
        deleted = _of_keys(batch.deleted, keys)
        own_rows = _of_keys(batch.file_rows, keys)
        events = pl.concat(
            [own_rows.select(*KEY, at="first_seen_at"), deleted.select(*KEY, at=pl.col("gone_at"))]
        )
        first_time = events["at"].min()
        ledger_rows = resolution.rows.head(resolution.rows.height - batch.file_rows.height)
        other_rows = _of_keys(ledger_rows, keys).join(events.filter(at=first_time), on=KEY, how="anti")
        other_rows = (
            other_rows.with_columns(self.lake.content_name)
            .join(failures, on=CONTENT_KEY, how="semi")
            .drop("name")
        )
        other_rows = other_rows.with_columns(
            first_seen_at=pl.lit(first_time, other_rows.schema["first_seen_at"])
        )
        rows = pl.concat([own_rows, other_rows])
        return Batch(_with_failures(rows, failures, self.run, self.lake.content_name), deleted)

    def _run(self, tasks: list[PartitionTask]) -> Iterator[tuple[PartitionTask, WriteResult]]:
        reader = Reader({}, self.lake.folder("raw"), head_files_of(self.lake, self.run))
        with ExitStack() as stack:
            executor = LazyExecutor(self.context, stack, "write")
            executor.ensure_capacity(sum(int(task.contents["size"].sum()) for task in tasks))
            submitted = (self._submit(executor, reader, task) for task in tasks)
            yield from zip(tasks, run_ahead(submitted, self.context.workers), strict=True)

    def _submit(
        self, executor: LazyExecutor, reader: Reader, task: PartitionTask
    ) -> Callable[[], WriteResult]:
        return executor.submit_whole(
            PartitionWriter(reader, task.merge, self.run),
            read_tasks(task.contents),
            check=ContentCheck(reader, self.run),
            as_failed=lambda parts: (
                WriteResult(None, failures) if not (failures := pl.concat(parts)).is_empty() else None
            ),
        )


def _of_keys(rows: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    return rows.join(keys, on=KEY, how="semi", maintain_order="left")


def _with_failures(
    file_rows: pl.DataFrame, failures: pl.DataFrame, run: Run, content_name: pl.Expr = CONTENT_NAME
) -> pl.DataFrame:
    """Return file rows in which those with the contents of failures are no posts, as a run has found.

    An earlier run may have read the file, at this path or another.
    """
    # several tasks can fail at one content
    failures = failures.unique(CONTENT_KEY, keep="first", maintain_order=True)
    joined = (
        file_rows.with_columns(content_name)
        .join(failures, on=CONTENT_KEY, how="left", suffix="_failed", maintain_order="left")
        .with_columns(is_failed=pl.col("outcome_failed").is_not_null())
    )
    failed_columns = ("outcome", "reason", "field", "detail")
    run_columns = {
        "run_id": pl.lit(run.run_id),
        "read_at": pl.lit(run.started_at, file_rows.schema["read_at"]),
    }
    return joined.with_columns(
        *(pl.when("is_failed").then(f"{name}_failed").otherwise(name).alias(name) for name in failed_columns),
        *(
            pl.when(~pl.col("is_failed")).then(name).alias(name)
            for name in ("post_id", "published_at", "body_bytes")
        ),
        **{name: pl.when("is_failed").then(value).otherwise(name) for name, value in run_columns.items()},
    ).select(file_rows.columns)
