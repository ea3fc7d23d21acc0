"""Parse the heads of a sample of files, and a few files whole, and write nothing."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from flows.pipeline.execution import sizes
from flows.pipeline.execution.sample_worker import SampleChunk, SampleTask, read_sample
from flows.pipeline.execution.undated import IS_UNDATED, add_first_commits
from flows.pipeline.sources.base import GitSource, Source
from flows.pipeline.sources.content import VanishedError
from flows.pipeline.workers.context import ParseContext
from flows.pipeline.workers.executor import MAX_IN_PROCESS_BYTES, LazyExecutor, chunk_tasks, run_ahead


def parse_sample(
    source: Source, tasks: Sequence[SampleTask], context: ParseContext
) -> Iterator[tuple[int, SampleChunk]]:
    """Yield chunks of files of a source, each with the number of files that it adds.

    Files of a repository that tell no date of publication are parsed again when their first commits are known, which are added to
    the settings of the context. Raises VanishedError.
    """
    undated, settings = list[str](), context.config.settings
    for chunk in _parse(source, tasks, context):
        is_undated = IS_UNDATED & isinstance(source, GitSource)
        undated += chunk.rows.filter(is_undated)["path"].to_list()
        yield chunk.rows.height, replace(chunk, rows=chunk.rows.filter(~is_undated))
    if undated and isinstance(source, GitSource):
        add_first_commits(source, undated, settings)
        again = {*undated}
        for chunk in _parse(source, [task for task in tasks if task.file.path in again], context):
            yield 0, chunk


def _parse(source: Source, tasks: Sequence[SampleTask], context: ParseContext) -> Iterator[SampleChunk]:
    chunk_bytes = sizes.chunk_bytes(sum(task.file.size for task in tasks), context.workers)
    # the large ones last: they are parsed in worker processes, and all that come after them
    by_size = (
        [task for task in tasks if (task.file.size > MAX_IN_PROCESS_BYTES) == is_large]
        for is_large in (False, True)
    )
    with ExitStack() as stack:
        executor = LazyExecutor(context, stack, "survey")
        submitted = (
            executor.submit(partial(read_sample, source.restricted_to([task.file for task in chunk])), chunk)
            for part in by_size
            for chunk in chunk_tasks(part, chunk_bytes, sizes.MAX_CHUNK_FILES)
        )
        for results in run_ahead(submitted, context.workers):
            for chunk in results:
                if chunk.vanished:
                    raise VanishedError(*chunk.vanished)
                yield chunk
