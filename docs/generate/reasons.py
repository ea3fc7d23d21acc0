"""The page about reasons, warnings, alarms and rules."""

import ast
import inspect
from collections.abc import Iterable, Iterator

from docs.generate.markdown import NOTICE, page, table
from posts.cleaning.registry import RULE_REASONS
from schemas import enums
from schemas.posts import PostHeads, Posts
from schemas.validation import dy

RULES_NOTE = (
    "A post that breaks a rule of its schema is rejected too. The reason is the name of the rule: one of the following, "
    "or a column and a check such as `language|check`."
)


def reasons_page() -> str:
    """Return the page about reasons, warnings and alarms."""
    ignored = [reason for reason in enums.Reason if reason in enums.IGNORED_REASONS]
    rejected = [reason for reason in enums.Reason if reason not in enums.IGNORED_REASONS]
    lines = ["# Reasons, warnings, alarms", NOTICE]
    lines += ["## Outcomes", "Column `files.outcome`. Each file that is found has one."]
    lines += [_words(enums.Outcome)]
    lines += ["## Reasons of ignored files", "Column `files.reason`.", _words(ignored)]
    lines += ["## Reasons of rejected files", "Column `files.reason`.", _words(rejected)]
    lines += [
        RULES_NOTE,
        table(
            ("rule", "meaning"),
            [(f"`{name}`", doc) for name, doc in (*_row_rules(PostHeads), *_row_rules(Posts))],
        ),
    ]
    lines += ["## Warnings", "Column `posts.warnings`. The post was read; this was guessed or repaired."]
    lines += [_words(enums.ParseWarning)]
    lines += [
        "## Alarms",
        "Column `runs.alarms` has the text of each. The Prefect event is `postlake.<alarm>`.",
    ]
    lines += [_words(enums.AlarmKind)]
    lines += ["## Kinds of runs", "Column `runs.kind`.", _words(enums.RunKind)]
    lines += ["## Checks of verify", _words(enums.Check)]
    lines += ["## Modes of backfill", _words(enums.BackfillMode)]
    lines += [
        "## Cleaning rules",
        "`postlake explain` names the rule that removed a block, `postlake rules` totals what each removed.",
    ]
    rules = [(f"`{name}`", reason) for name, reason in sorted(RULE_REASONS.items())]
    return page([*lines, table(("rule", "what it removes, or why"), rules)])


def _words(words: Iterable[enums.DescribedEnum]) -> str:
    return table(("word", "meaning"), [(f"`{word}`", word.description) for word in words])


def _row_rules(schema: type[dy.Schema]) -> Iterator[tuple[str, str]]:
    """Yield the name and the first docstring line of each rule for whole rows."""
    tree = ast.parse(inspect.getsource(schema))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name, (ast.get_docstring(node) or "").partition("\n")[0]
