"""Run the stages in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows.pipeline.execution.head_files import head_files_of
from flows.pipeline.execution.heads import Heads
from flows.pipeline.planning.changes import Changes
from flows.pipeline.planning.plan import Planner
from flows.pipeline.reporting.account import Summary
from flows.pipeline.reporting.results import RecleanResult
from flows.pipeline.sources.base import Source
from flows.pipeline.stages import load
from flows.pipeline.stages.load import Found, LearnOutput, OpenRun, ReadOutput, WriteOutput
from flows.pipeline.stages.report import Round, report
from flows.pipeline.workers.context import ParseContext
from lake.storage.location import remove_tree


@dataclass(frozen=True, slots=True)
class Stages:
    """The functions that do the work of the stages; under Prefect each is a task."""

    find: Callable[[OpenRun, Sequence[Source], Planner], Found] = load.find
    read: Callable[[OpenRun, Found, Changes], ReadOutput] = load.read
    learn: Callable[[OpenRun, Found, Heads], LearnOutput] = load.learn
    write: Callable[[OpenRun, Found, Heads, ParseContext, int], WriteOutput] = load.write
    reclean: Callable[[OpenRun, Found], RecleanResult] = load.reclean
    report: Callable[[OpenRun, Found, Sequence[Round], RecleanResult], Summary] = report


def run_stages(
    opened: OpenRun, sources: Sequence[Source], planner: Planner, stages: Stages | None = None
) -> Summary:
    """Run all stages, by default in this process and its workers, and return the summary."""
    stages = stages or Stages()
    found = stages.find(opened, sources, planner)
    rounds, commit_number = list[Round](), 1
    for changes in found.changes:
        if changes.is_empty:
            continue
        read = stages.read(opened, found, changes)
        # the files to read are kept no longer than this: there can be millions
        del changes
        learned = stages.learn(opened, found, read.heads)
        commit_number, _ = stages.write(opened, found, read.heads, learned.context, commit_number)
        rounds.append(Round.of(read, learned))
        del read
        remove_tree(head_files_of(opened.lake, opened.run).folder)
    recleaned = stages.reclean(opened, found)
    # the report counts in a whole ledger; no process that is done keeps its memory meanwhile
    opened.context.stop_workers()
    return stages.report(opened, found, rounds, recleaned)
