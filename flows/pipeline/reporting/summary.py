"""The summary of a run as Markdown, for the Prefect UI."""

import shlex
from collections.abc import Iterable, Mapping

from flows.pipeline.reporting.account import COUNT_COLUMNS, Summary, outcome_counts
from flows.pipeline.reporting.alarm import Alarm
from flows.pipeline.reporting.freshness import freshness_table
from flows.pipeline.reporting.markdown import code_block, escape, section, table
from flows.pipeline.reporting.passed_over import passed_over_line
from flows.pipeline.reporting.rates import SHARE_RATES, Rate, run_rates
from flows.pipeline.reporting.results import LearnResult
from flows.pipeline.reporting.work import work_markdown
from flows.pipeline.workers.context import ParseContext
from lake.storage.location import full_name
from lake.store import Lake
from schemas.tables import OUTCOME_COLUMNS

MAX_REASONS = 10
BAR_CHARS = 20
RATE_HEADER = ("rate", "now", "median", "lowest", "highest", "of runs", "")
SHARES_NOTE = "Shares are of the files read, that of boilerplate is of characters."
COMPARISON_NOTE = "Beside the last 30 runs of this kind over the same sources; what lies outside all of five or more is marked."
# title -> address
Links = Mapping[str, str]


def run_markdown(summary: Summary, lake: Lake, links: Links, context: ParseContext) -> str:
    """Return the result of a run as Markdown: outcomes of files, alarms, comparison with earlier runs, tasks."""
    measured_rates = run_rates(lake, summary.run_id, summary.kind, summary.origins)
    parts = [
        f"# {summary.kind.capitalize()} {escape(summary.run_id)}",
        f"{_balance_text(summary)} {_read_text(summary)}",
        table(COUNT_COLUMNS, [outcome_counts(summary).values()], numbers=COUNT_COLUMNS),
        f"{escape(summary_line(summary))}.",
        f"{escape(passed_over_line(summary.passed_over))}." if summary.passed_over else "",
        f"{escape(summary.period_note)}." if summary.period_note else "",
        section("To look at", _alarm_list(summary.alarms)),
        section(
            "Reasons",
            table(("reason", "files"), summary.reasons.items(), numbers=("files",), max_rows=MAX_REASONS),
        ),
        section("Rates", _rates_table(measured_rates)),
        section("Sources", freshness_table(lake, summary)),
        section("Seconds", _stages_table(summary.stage_seconds, measured_rates)),
        section("Tasks", work_markdown(context)),
        section("Look further", _links_and_commands(summary.run_id, lake, links, rejected=summary.rejected)),
        section("Table versions", table(summary.versions, [summary.versions.values()])),
    ]
    return "\n\n".join(filter(None, parts))


def learn_markdown(result: LearnResult, lake: Lake, links: Links, context: ParseContext) -> str:
    """Return the learned templates and recleaned posts of a run as Markdown."""
    reclean_result = result.recleaned
    template_columns = ("source_id", "version", "patterns", "new", "learned_from")
    new_templates = [
        [getattr(each, name) for name in template_columns] for each in result.learned if each.is_new
    ]
    measured_rates = run_rates(lake, result.run_id, result.kind, [])
    parts = [
        f"# {result.kind.capitalize()} {escape(result.run_id)}",
        f"{len(result.learned)} sources examined. {reclean_result.posts} posts cleaned again, {reclean_result.changed} with another text.",
        section("To look at", _alarm_list(result.alarms)),
        section("New templates", table(template_columns, new_templates, numbers=template_columns[1:])),
        section("Seconds", _stages_table(result.stage_seconds, measured_rates)),
        section("Tasks", work_markdown(context)),
        section("Look further", _links_and_commands(result.run_id, lake, links, rejected=0)),
        section("Table versions", table(result.versions, [result.versions.values()])),
    ]
    return "\n\n".join(filter(None, parts))


def summary_line(summary: Summary) -> str:
    """Return the equation of the counts, and moved and deleted files, on one line."""
    parts = " + ".join(f"{getattr(summary, name)} {name}" for name in OUTCOME_COLUMNS)
    balance = "balanced" if summary.balanced else "NOT balanced"
    moves_and_deletions = f"{summary.moved} moved; {summary.gone} gone"
    return f"{summary.found} found = {parts} ({balance}); {moves_and_deletions}; {summary.seconds:.1f} s"


def _balance_text(summary: Summary) -> str:
    if summary.balanced:
        return "**It balanced: every file found is accounted for.**"
    return "**It did NOT balance: some file is not accounted for. What was committed stays; run `postlake verify`.**"


def _read_text(summary: Summary) -> str:
    read_text = f"{summary.bytes_read / 1e6:,.2f} MB read" if summary.bytes_read else "Nothing had to be read"
    resumed_text = " It took up what a run that was killed had left." if summary.resumed else ""
    return f"{read_text}. {len(summary.alarms) or 'Nothing'} to look at.{resumed_text}"


def _alarm_list(alarms: Iterable[Alarm]) -> str:
    return "\n".join(f"- **{escape(alarm.kind)}** {escape(alarm)}" for alarm in alarms)


def _rates_table(measured_rates: Iterable[Rate]) -> str:
    shown_rates = [each for each in measured_rates if not each.name.startswith("seconds: ")]
    if not any(each.runs for each in shown_rates):
        rows = [[each.name, _format_rate(each.name, each.now)] for each in shown_rates]
        return f"{SHARES_NOTE} No run of this kind over the same sources came before.\n\n{table(RATE_HEADER[:2], rows, numbers=RATE_HEADER[1:])}"
    return f"{SHARES_NOTE} {COMPARISON_NOTE}\n\n{table(RATE_HEADER, map(_rate_cells, shown_rates), numbers=RATE_HEADER[1:6])}"


def _rate_cells(rate: Rate) -> list[object]:
    past_values = (rate.median, rate.lowest, rate.highest) if rate.runs else ()
    value_texts = [_format_rate(rate.name, value) for value in (rate.now, *past_values)]
    return [
        rate.name,
        *value_texts,
        *[""] * (4 - len(value_texts)),
        rate.runs,
        "outside" if rate.is_outlier else "",
    ]


def _format_rate(name: str, value: float) -> str:
    return f"{value:.1%}" if name in SHARE_RATES else f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"  # noqa: PLR2004


def _stages_table(seconds: Mapping[str, float], measured_rates: Iterable[Rate]) -> str:
    """Return a table of the seconds of each stage with bars, next to their usual seconds."""
    max_seconds = max(seconds.values(), default=0) or 1
    usual_seconds = {each.name: f"{each.median:,.2f}" for each in measured_rates if each.runs}
    rows = [
        [
            stage,
            f"{number:,.2f}",
            "█" * round(BAR_CHARS * number / max_seconds),
            usual_seconds.get(f"seconds: {stage}", ""),
        ]
        for stage, number in seconds.items()
    ]
    return table(("stage", "seconds", "", "usually"), rows, numbers=("seconds", "usually"))


def _links_and_commands(run_id: str, lake: Lake, links: Links, *, rejected: int) -> str:
    """Return links, and commands to copy."""
    root = shlex.quote(full_name(lake.root))
    query = f"SELECT path, outcome, reason, detail FROM files WHERE run_id = '{run_id}'"  # noqa: S608 - an id of ours
    commands = [
        f"postlake sql {shlex.quote(query)} --lake {root}",
        *([f"postlake rejects --lake {root}", f"postlake replay --lake {root}"] if rejected else []),
        f"postlake info --lake {root}",
    ]
    pages = "\n".join(f"- [{escape(title)}]({address})" for title, address in links.items())
    return f"{pages}\n- the lake: {escape(full_name(lake.root))}\n\n{code_block(commands)}"
