"""The tasks of a run as Markdown: what did them, how many of each stage, and the slowest."""

from collections.abc import Mapping

from flows.pipeline.reporting.markdown import escape, table
from flows.pipeline.workers.context import ParseContext
from flows.pipeline.workers.timing import StageWork

HEADER = ("stage", "tasks", "seconds of tasks", "slowest", "its files", "its MB", "on")
NUMBERS = HEADER[1:-1]


def work_markdown(context: ParseContext) -> str:
    """Return the executor, its workers, and a table of the tasks of each stage; empty if there were no tasks."""
    if not context.work.stages:
        return ""
    return f"{_executor_text(context)}\n\n{_stages_table(context.work.stages)}"


def _executor_text(context: ParseContext) -> str:
    if context.cluster:
        return f"Executor dask: {context.workers} workers of {escape(context.cluster.scheduler)}."
    return f"Executor local: up to {context.workers} processes of this machine."


def _stages_table(stages: Mapping[str, StageWork]) -> str:
    rows = [
        (
            stage,
            work.tasks,
            f"{work.seconds:,.2f}",
            f"{work.slowest_seconds:,.2f}",
            f"{work.slowest_files:,}",
            f"{work.slowest_bytes / 1e6:,.2f}",
            work.slowest_machine,
        )
        for stage, work in stages.items()
    ]
    return table(HEADER, rows, numbers=NUMBERS)
