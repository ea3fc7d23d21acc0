"""The table of cleaning rules on a terminal."""

from cli.output.tables import ELLIPSIS, print_cut_table
from cli.output.terminal import echo, print_note
from flows.pipeline.learning.rules import RulesReport, RuleUse

COLUMNS = ("rule", "posts", "cuts", "characters", "share", "example", "latest")
# enough of a passage to recognize it
MAX_EXAMPLE_CHARS = 60


def print_rules(report: RulesReport) -> None:
    """Print one line per rule, and notes about what is cut or not counted."""
    chars = sum(use.chars for use in report.rules)
    echo(f"{chars:,} characters removed from {report.posts - report.uncounted:,} posts")
    cut_note = print_cut_table(COLUMNS, [_row(use) for use in report.rules])
    if cut_note:
        print_note(f"{cut_note}; --json gives all")
    if report.uncounted:
        print_note(
            f"{report.uncounted:,} posts do not count, since an older postlake cleaned them; `postlake reclean` counts them"
        )


def _row(use: RuleUse) -> tuple[str | int, ...]:
    texts = [_shorten(example.text) for example in use.examples]
    return (use.rule, use.posts, use.cuts, use.chars, f"{use.share:.1%}", *(*texts, "", "")[:2])


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_EXAMPLE_CHARS else line[:MAX_EXAMPLE_CHARS] + ELLIPSIS
