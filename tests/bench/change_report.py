"""Table and verdicts about the cost of changes over time, as Markdown."""

from collections.abc import Iterator

from report import FIRST, RERUN, Case, Figures, Medians, count_notes, heading, median_usage, ratio, verdict

INCREMENT, EDIT = "postlake, commits since", "postlake, one edited post"
HISTORY, GIT = "postlake, whole history", "git's own read of the history"
FULL, NOTHING = Case(FIRST, 1), Case(RERUN, 1)


def table_row(case: Case, medians: Medians) -> str:
    """Return one row of the table."""
    usage = medians[case]
    cells = [
        str(case),
        f"{usage.cpu_seconds:.2f}",
        f"{usage.wall_seconds:.2f}",
        f"{usage.peak_mb:.0f}",
        ratio(usage.cpu_seconds, medians[FULL].cpu_seconds),
    ]
    return f"| {' | '.join(cells)} |"


def table(medians: Medians) -> Iterator[str]:
    """Yield the table of all cases, in a fixed order."""
    yield "| what | CPU s | wall s | peak MB (PSS) | CPU vs full load |"
    yield "|---|--:|--:|--:|--:|"
    order = [FIRST, RERUN, INCREMENT, HISTORY, GIT, EDIT]
    start_cases = [case for case in medians if case.what not in order]
    other_cases = [case for case in medians if case.what in order]
    for case in [*start_cases, *sorted(other_cases, key=lambda case: (order.index(case.what), case.times))]:
        yield table_row(case, medians)


def cpu_ratio(medians: Medians, case: Case, reference: Case) -> float:
    """Return the CPU time of one case as a multiple of that of another."""
    return medians[case].cpu_seconds / medians[reference].cpu_seconds


def increment_verdicts(medians: Medians) -> Iterator[str]:
    """Yield the verdicts about an increment: as a whole, and minus the cost of a run without changes."""
    total = cpu_ratio(medians, Case(INCREMENT, 0), FULL)
    beyond = total - cpu_ratio(medians, NOTHING, FULL)
    yield verdict(total <= 0.05, f"an increment takes {total:.1%} of a full load's CPU (at most 5 %)")
    yield verdict(beyond <= 0.05, f"beyond what no change costs, it takes {beyond:.1%} (at most 5 %)")


def history_verdicts(medians: Medians) -> Iterator[str]:
    """Yield the verdicts about a replayed history."""
    history, max_seconds = medians[Case(HISTORY, 0)], 4 * medians[FULL].cpu_seconds
    max_seconds += medians[Case(GIT, 0)].cpu_seconds
    yield verdict(
        history.cpu_seconds <= max_seconds,
        f"the history takes {history.cpu_seconds:.1f} s of CPU (at most {max_seconds:.1f}: 4 full loads and git's read)",
    )
    yield verdict(history.peak_mb < 700, f"its peak is {history.peak_mb:.0f} MB (below 700)")


def edit_verdicts(medians: Medians) -> Iterator[str]:
    """Yield the verdict about one edit, if sizes were measured: its cost must not grow with the lake."""
    smallest, *larger = sorted(case for case in medians if case.what == EDIT)
    for largest in larger[-1:]:
        growth = cpu_ratio(medians, largest, smallest)
        sizes = f"{largest.times}x takes {growth:.2f} times the CPU of {smallest.times}x"
        yield verdict(growth <= 2, f"one edit in a lake of {sizes} (at most 2)")


def markdown(figures: Figures, commits: int) -> str:
    """Return the whole report."""
    medians = {case: median_usage(usages) for case, usages in figures.items()}
    lines = [
        *heading(figures),
        f"- increment: {commits} commits",
        "",
        *table(medians),
        "",
        *count_notes(medians),
        "",
    ]
    return "\n".join(
        [*lines, *increment_verdicts(medians), *history_verdicts(medians), *edit_verdicts(medians)]
    )
