"""The summary of a run as Markdown, for people who look at it in Prefect's UI."""

import shlex
from collections.abc import Iterable, Mapping

from flows.pipeline.reporting.account import ACCOUNTED, Summary, counts
from flows.pipeline.reporting.alarms import Alarm
from flows.pipeline.reporting.freshness import fresh
from flows.pipeline.reporting.markdown import code, first, plain, section, table
from flows.pipeline.reporting.rates import SHARES, Rate, rates
from flows.pipeline.reporting.results import Kept
from lake.store import Lake

COUNTS = ("found", *ACCOUNTED)
REASONS = 10
BAR = 20
RATE = ("rate", "now", "median", "lowest", "highest", "of runs", "")
SHARES_OF = "Shares are of the files read, that of boilerplate is of characters."
BESIDE = "Beside the last 30 runs of this kind over the same sources; what lies outside all of five or more is marked."
# title -> address
Links = Mapping[str, str]


def as_markdown(summary: Summary, lake: Lake, links: Links) -> str:
    """Tell what a run did: what its files became, what to look at, and how it compares with the runs before it."""
    told = rates(lake, summary.run_id, summary.kind, summary.origins)
    parts = [
        f"# {summary.kind.capitalize()} {plain(summary.run_id)}",
        f"{_verdict(summary)} {_read(summary)}",
        table(COUNTS, [counts(summary).values()], numbers=COUNTS),
        f"{plain(in_words(summary))}.",
        section("To look at", _listed(summary.alarms)),
        section("Reasons", _reasons(summary)),
        section("Rates", _rates(told)),
        section("Sources", fresh(lake, summary)),
        section("Seconds", _stages(summary.stage_seconds, told)),
        section("Look further", _further(summary.run_id, lake, links, rejected=summary.rejected)),
        section("Table versions", table(summary.versions, [summary.versions.values()])),
    ]
    return "\n\n".join(filter(None, parts))


def upkeep_as_markdown(done: Kept, lake: Lake, links: Links) -> str:
    """Tell what was learned and cleaned anew."""
    posts = done.recleaned
    columns = ("source_id", "version", "patterns", "new", "learned_from")
    learned = [[getattr(each, name) for name in columns] for each in done.learned if each.is_new]
    told = rates(lake, done.run_id, done.kind, [])
    parts = [
        f"# {done.kind.capitalize()} {plain(done.run_id)}",
        f"{len(done.learned)} sources looked at. {posts.posts} posts cleaned again, {posts.changed} with another text.",
        section("To look at", _listed(done.alarms)),
        section("New templates", table(columns, learned, numbers=columns[1:]) if learned else ""),
        section("Seconds", _stages(done.stage_seconds, told)),
        section("Look further", _further(done.run_id, lake, links, rejected=0)),
        section("Table versions", table(done.versions, [done.versions.values()])),
    ]
    return "\n\n".join(filter(None, parts))


def in_words(summary: Summary) -> str:
    """Tell the accounting equation and what else happened, on one line."""
    parts = " + ".join(f"{getattr(summary, name)} {name}" for name in ACCOUNTED)
    balance = "balanced" if summary.balanced else "NOT balanced"
    went = f"{summary.moved} moved; {summary.gone} gone"
    return f"{summary.found} found = {parts} ({balance}); {went}; {summary.seconds:.1f} s"


def _verdict(summary: Summary) -> str:
    if summary.balanced:
        return "**It balanced: every file found is accounted for.**"
    return "**It did NOT balance: some file is not accounted for. What was committed stays; run `postlake verify`.**"


def _read(summary: Summary) -> str:
    read = f"{summary.bytes_read / 1e6:,.2f} MB read" if summary.bytes_read else "Nothing had to be read"
    resumed = " It took up what a run that was killed had left." if summary.resumed else ""
    return f"{read}. {len(summary.alarms) or 'Nothing'} to look at.{resumed}"


def _listed(alarms: Iterable[Alarm]) -> str:
    return "\n".join(f"- **{plain(alarm.kind)}** {plain(alarm)}" for alarm in alarms)


def _reasons(summary: Summary) -> str:
    rows = [[reason, number] for reason, number in summary.reasons.items()]
    return table(("reason", "files"), first(rows, REASONS), numbers=("files",)) if rows else ""


def _rates(told: Iterable[Rate]) -> str:
    shown = [each for each in told if not each.name.startswith("seconds: ")]
    if not any(each.runs for each in shown):
        rows = [[each.name, _spelled(each.name, each.now)] for each in shown]
        return f"{SHARES_OF} No run of this kind over the same sources came before.\n\n{table(RATE[:2], rows, numbers=RATE[1:])}"
    return f"{SHARES_OF} {BESIDE}\n\n{table(RATE, map(_rate, shown), numbers=RATE[1:6])}"


def _rate(each: Rate) -> list[object]:
    beside = (each.median, each.lowest, each.highest) if each.runs else ()
    spelled = [_spelled(each.name, value) for value in (each.now, *beside)]
    return [each.name, *spelled, *[""] * (4 - len(spelled)), each.runs, "outside" if each.is_outside else ""]


def _spelled(name: str, value: float) -> str:
    return f"{value:.1%}" if name in SHARES else f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"  # noqa: PLR2004


def _stages(seconds: Mapping[str, float], told: Iterable[Rate]) -> str:
    """Draw the seconds of each stage as bars, beside their usual."""
    longest = max(seconds.values(), default=0) or 1
    usual = {each.name: f"{each.median:,.2f}" for each in told if each.runs}
    rows = [
        [stage, f"{number:,.2f}", "█" * round(BAR * number / longest), usual.get(f"seconds: {stage}", "")]
        for stage, number in seconds.items()
    ]
    return table(("stage", "seconds", "", "usually"), rows, numbers=("seconds", "usually")) if rows else ""


def _further(run_id: str, lake: Lake, links: Links, *, rejected: int) -> str:
    """Return links, and commands to copy."""
    root = shlex.quote(str(lake.root.absolute()))
    asked = f"SELECT path, outcome, reason, detail FROM files WHERE run_id = '{run_id}'"  # noqa: S608 - an id of ours
    commands = [
        f"postlake sql {shlex.quote(asked)} --lake {root}",
        *([f"postlake rejects --lake {root}", f"postlake replay --lake {root}"] if rejected else []),
        f"postlake info --lake {root}",
    ]
    pages = "\n".join(f"- [{plain(title)}]({address})" for title, address in links.items())
    return f"{pages}\n- the lake: {plain(lake.root.absolute())}\n\n{code(commands)}"
