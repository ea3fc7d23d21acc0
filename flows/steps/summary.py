"""The summary of a run as Markdown, for the Prefect UI."""

from collections.abc import Iterable

from flows.steps.pipeline import ACCOUNTED, Summary
from flows.steps.upkeep import Kept
from lake.info import posts_by_source
from lake.store import Lake

COUNTS = ("found", *ACCOUNTED)


def as_markdown(summary: Summary, lake: Lake) -> str:
    """Tell what a run did: counts, reasons, posts per source, seconds per stage, versions."""
    parts = [
        f"# Run {summary.run_id}",
        _table(COUNTS, [[getattr(summary, name) for name in COUNTS]]),
        f"{in_words(summary)}.",
        _section("To look at", ("alarm",), [[alarm] for alarm in summary.alarms]),
        _section("Reasons", ("reason", "files"), summary.reasons.items()),
        _section(
            "Posts in the lake", ("source", "posts", "first", "last"), posts_by_source(lake).iter_rows()
        ),
        _section("Seconds", ("stage", "seconds"), summary.stage_seconds.items()),
        _section("Table versions", ("table", "version"), summary.versions.items()),
    ]
    return "\n\n".join(filter(None, parts))


def upkeep_as_markdown(done: Kept) -> str:
    """Tell what was learned and cleaned anew."""
    posts = done.recleaned
    columns = ("source_id", "version", "patterns", "new", "learned_from")
    learned = [[getattr(each, name) for name in columns] for each in done.learned if each.is_new]
    parts = [
        f"# Run {done.run_id}",
        f"{len(done.learned)} sources looked at. {posts.posts} posts cleaned again, {posts.changed} with another text.",
        _section("To look at", ("alarm",), [[alarm] for alarm in done.alarms]),
        _section("New templates", columns, learned),
        _section("Seconds", ("stage", "seconds"), done.stage_seconds.items()),
        _section("Table versions", ("table", "version"), done.versions.items()),
    ]
    return "\n\n".join(filter(None, parts))


def in_words(summary: Summary) -> str:
    """Tell the accounting equation and what else happened, on one line."""
    parts = " + ".join(f"{getattr(summary, name)} {name}" for name in ACCOUNTED)
    balance = "balanced" if summary.balanced else "NOT balanced"
    went = f"{summary.moved} moved; {summary.gone} gone"
    return f"{summary.found} found = {parts} ({balance}); {went}; {summary.seconds:.1f} s"


def _section(title: str, header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    table = _table(header, rows)
    return f"## {title}\n\n{table}" if table.count("\n") > 1 else ""


def _table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    names = list(header)
    lines = [names, ["---"] * len(names), *([str(cell).replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
