"""Write the pages of docs/reference from the code: tables, command line, reasons, settings.

`make docs` runs it, and tests/test_docs.py checks that the pages are up to date. The meanings of columns,
options and reasons are in the code; only the headings are here.
"""

import ast
import datetime as dt
import inspect
import json
import sys
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl
import typer
from pydantic import BaseModel

from schemas.validation import dy

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
# a script imports only from its own folder
sys.path.insert(0, str(ROOT))

from cli import app  # noqa: E402
from flows.pipeline.lake_settings.schema import (  # noqa: E402
    LakeSettings,
    PatternSettings,
    PlaceSettings,
    RunSettings,
    SourceSettings,
)
from flows.pipeline.lake_settings.show import example_of, json_schema  # noqa: E402
from flows.settings import Settings, variable  # noqa: E402
from lake.layout import PARTITIONED_TABLES  # noqa: E402
from lake.query import sql  # noqa: E402
from lake.storage.settings_file import SETTINGS_FILE  # noqa: E402
from posts import formats  # noqa: E402
from posts.cleaning.registry import RULE_REASONS  # noqa: E402
from posts.metadata import keys  # noqa: E402
from schemas import enums  # noqa: E402
from schemas.plans import BackfillPlanFile  # noqa: E402
from schemas.posts import NULL, UNIT, PostHeads, Posts  # noqa: E402
from schemas.tables import TABLES, VIEWS, Revisions  # noqa: E402

NOTICE = "<!-- Written by docs/generate.py from the code: edit that, then run `make docs`. -->"
INTRODUCTION = (
    "Each table is a folder of the lake: a Delta table of Parquet files. All times are UTC. "
    f"{' and '.join(f'`{name}`' for name in sorted(PARTITIONED_TABLES))} are partitioned by `source_id` and by a "
    "period (`month`, `year` or `day`); the partition column of the period is a string such as `2024-03`. A cell of "
    "the column `null` says what null means; where it is empty, the column is never null."
)
RULES_NOTE = (
    "A post that breaks a rule of its schema is rejected too. The reason is the name of the rule: one of the following, "
    "or a column and a check such as `language|check`."
)
EXIT_CODES = (
    (0, "Done."),
    (1, "The run failed, `verify` found something, or the code failed at a file."),
    (2, "The command was asked for wrongly: an option, a source, a name."),
    (130, "Interrupted by Ctrl-C."),
)
VALUE_NAMES = {int: "INTEGER", float: "NUMBER", dt.datetime: "YYYY-MM-DD", Path: "PATH"}
KEYS_OF_COLUMNS = (
    ("title", keys.TITLE_KEYS),
    ("published_at", keys.DATE_KEYS),
    ("published_at, where no other date is known", keys.MODIFIED_KEYS),
    ("author", keys.AUTHOR_KEYS),
    ("source", keys.SOURCE_KEYS),
    ("url", keys.URL_KEYS),
    ("tags", keys.TAG_KEYS),
    ("categories", keys.CATEGORY_KEYS),
)
SCHEMA_FILE = "postlake.schema.json"
TABLE_ORDER = ("posts", "files", "raw", "runs", "revisions", "renamed_posts", "templates")


def main() -> None:
    """Write all pages."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


def tables_page() -> str:
    """Return the page about tables, columns and views."""
    lines = ["# Tables and columns", NOTICE, INTRODUCTION]
    for name in TABLE_ORDER:
        inherited = Posts.columns() if TABLES[name] is Revisions else {}
        lines += [f"## {name}", _doc(TABLES[name])]
        lines += ["It has the columns of `posts`, and these."] if inherited else []
        lines += [_columns(TABLES[name], inherited)]
    lines += ["## Backfill plans", _doc(BackfillPlanFile)]
    lines += ["The file is `plans/<plan>.parquet` in the folder of the lake.", _columns(BackfillPlanFile)]
    lines += ["## Views", "`postlake sql` adds these names. Each is defined as shown."]
    for name, meaning in VIEWS.items():
        lines += [f"### View {name}", meaning, _sql(sql.VIEWS[name])]
    meaning = "The posts as their sources had them at a moment; a day means its first second."
    return _page([*lines, "### posts_at", meaning, _sql(sql.POSTS_AT_MACRO)])


def _columns(schema: type[dy.Schema], inherited: Container[str] = ()) -> str:
    """Return a table of the columns of a schema, without those that it has from another one."""
    rows = [
        (f"`{name}`", _type(column.dtype), _of(column, UNIT), str(column.description), _of(column, NULL))
        for name, column in schema.columns().items()
        if name not in inherited
    ]
    return _table(("column", "type", "unit", "meaning", "null"), rows)


def _of(column: dy.Column, key: str) -> str:
    return str((column.metadata or {}).get(key, ""))


def _type(dtype: Any) -> str:
    """Return the name of a type as used in Parquet and Arrow."""
    if isinstance(dtype, pl.List):
        return f"list&lt;{_type(dtype.inner)}&gt;"
    if isinstance(dtype, pl.Struct):
        return f"struct&lt;{', '.join(f'{field.name}: {_type(field.dtype)}' for field in dtype.fields)}&gt;"
    if isinstance(dtype, pl.Datetime):
        return f"timestamp[{dtype.time_unit}, {dtype.time_zone}]"
    return str(dtype).lower()


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
        _table(
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
    return _page([*lines, _table(("rule", "what it removes, or why"), rules)])


def _words(words: Iterable[enums.DescribedEnum]) -> str:
    return _table(("word", "meaning"), [(f"`{word}`", word.description) for word in words])


def _row_rules(schema: type[dy.Schema]) -> Iterator[tuple[str, str]]:
    """Yield the name and the first docstring line of each rule for whole rows."""
    tree = ast.parse(inspect.getsource(schema))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name, (ast.get_docstring(node) or "").partition("\n")[0]


def cli_page() -> str:
    """Return the page about commands and options."""
    group: Any = typer.main.get_command(app)
    lines = ["# Command line", NOTICE, f"```\n{_usage('postlake [OPTIONS] COMMAND', ())}\n```", group.help]
    lines += [*_parameters(group), "## Exit codes", _table(("code", "meaning"), EXIT_CODES)]
    for name, command in group.commands.items():
        lines += [f"## postlake {name}", f"```\n{_usage(f'postlake {name} [OPTIONS]', command.params)}\n```"]
        lines += [inspect.cleandoc(command.help or ""), *_parameters(command)]
    return _page(lines)


def _usage(start: str, parameters: Sequence[Any]) -> str:
    return " ".join([start, *(_argument(each) for each in parameters if each.param_type_name == "argument")])


def _argument(parameter: Any) -> str:
    name = f"{parameter.metavar or parameter.name.upper()}{'...' if parameter.nargs == -1 else ''}"
    return name if parameter.required else f"[{name}]"


def _parameters(command: Any) -> list[str]:
    shown = [each for each in command.params if not each.hidden and each.name != "help"]
    rows = [(_spelling(each), _value(each), _default(each), _help(each)) for each in shown]
    return [_table(("option", "value", "default", "meaning"), rows)] if rows else []


def _spelling(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{_argument(parameter)}`"
    return ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])


def _value(parameter: Any) -> str:
    if parameter.param_type_name == "argument" or parameter.is_flag:
        return ""
    kind = parameter.type_descriptor.annotation
    if parameter.metavar or not isinstance(kind, type):
        return f"`{parameter.metavar or 'TEXT'}`"
    if issubclass(kind, StrEnum):
        return ", ".join(f"`{word}`" for word in kind)
    return f"`{VALUE_NAMES.get(kind, 'TEXT')}`"


def _default(parameter: Any) -> str:
    value = parameter.default
    if parameter.required:
        return "required"
    if value is None or value is False or value in ("", [], ()):
        return ""
    if value is True:
        return f"`{parameter.opts[0]}`"
    return f"`{value.value if isinstance(value, StrEnum) else value}`"


def _help(parameter: Any) -> str:
    names = parameter.envvar if isinstance(parameter.envvar, list) else [parameter.envvar]
    variables = [f"Environment: `{name}`." for name in names if name]
    return " ".join([parameter.help or "", *variables])


def settings_page() -> str:
    """Return the page about environment variables."""
    rows = [
        (f"`{variable(name)}`", _setting_default(field.default), str(field.description))
        for name, field in Settings.model_fields.items()
    ]
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    lines = [
        "# Environment variables",
        NOTICE,
        "postlake reads these environment variables. An empty one counts as not set.",
        "They go before the [settings of a lake](lake-settings.md).",
        _table(("variable", "default", "meaning"), rows),
        "## Containers",
        "`docker compose` reads `.env`. This is `.env.example`.",
        f"```sh\n{example}```",
    ]
    return _page(lines)


def lake_settings_page() -> str:
    """Return the page about the settings of a lake."""
    lines = [
        "# Settings of a lake",
        NOTICE,
        f"`{SETTINGS_FILE}` in the folder of the lake, or below its prefix in a bucket. [How to set it](../how-to/settings.md).",
        f"`{SCHEMA_FILE}` beside this page is its JSON schema, for editors.",
        "`postlake settings --example` prints the file with all of this.",
    ]
    tables = {
        "[run]": RunSettings,
        "[[place]]": PlaceSettings,
        '[source."NAME"]': SourceSettings,
        "[[pattern]]": PatternSettings,
    }
    lines += [_fields(LakeSettings, without=("run", "place", "source", "pattern"))]
    for header, model in tables.items():
        lines += [f"## `{header}`", _doc(model), _fields(model)]
    return _page(lines)


def _fields(model: type[BaseModel], without: Container[str] = ()) -> str:
    rows = [
        (f"`{name}`", f"`{_toml(example_of(field))}`", str(field.description))
        for name, field in model.model_fields.items()
        if name not in without
    ]
    return _table(("setting", "as in", "meaning"), rows)


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def schema_file() -> str:
    """Return the JSON schema of the settings of a lake."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"


def _setting_default(value: Any) -> str:
    if value is None or value == "":
        return ""
    return f"`{' '.join(value) if isinstance(value, tuple) else value}`"


def formats_page() -> str:
    """Return the page about formats: endings, dialects of front matter, keys, and programs."""
    lines = [
        "# Formats",
        NOTICE,
        (
            "A file is a post if a title and a date are found: in its front matter, or as the dialects without any have them. Its ending decides how the "
            "body is read."
        ),
        _table(
            ("format", "endings"),
            [(each.name, ", ".join(f"`*{ending}`" for ending in each.endings)) for each in formats.FORMATS],
        ),
        "## Dialects of front matter",
        (
            "Column `posts.format` has the word. The dialects are tried in this order. Byte order marks, white space and an HTML "
            "comment may stand before the first line. A file that nearly begins so is rejected (`front_matter_malformed`, "
            "`front_matter_not_closed`)."
        ),
        _table(
            ("word", "front matter", "fences"),
            [
                (f"`{each.dialect}`", each.dialect.description, _fences(each))
                for each in formats.FRONT_MATTER_FORMATS
            ],
        ),
        "## Programs",
        _table(
            ("program", "dialects", "what is read"),
            [
                (each.name, ", ".join(f"`{dialect}`" for dialect in each.dialects), each.reads)
                for each in formats.GENERATORS
            ],
        ),
        "## Keys",
        (
            "Case, spaces, hyphens and underscores of a key do not matter: `pubDate`, `Pub-Date` and `pub_date` are one. The first "
            "key with a value is used. Keys in tables `taxonomies`, `extra` and `params` count where the post has none of its own. "
            "All other keys are in column `extra`."
        ),
        _table(
            ("column", "keys, in this order"),
            [(column, ", ".join(f"`{key}`" for key in names)) for column, names in KEYS_OF_COLUMNS],
        ),
        (
            "Scalars are text as they are spelled: `12:30`, `007`, `1.10` and `yes` are titles and tags. In `extra`, what JSON would "
            "spell in the same way is a number or a boolean."
        ),
    ]
    return _page(lines)


def _fences(dialect: formats.FrontMatterFormat) -> str:
    pairs = (" ... ".join(f"`{line}`" if line else "(none)" for line in pair) for pair in dialect.fences)
    return ", ".join(pairs) or "the whole line"


def _doc(schema: type) -> str:
    return inspect.getdoc(schema) or ""


def _sql(query: str) -> str:
    return f"```sql\n{inspect.cleandoc(query)}\n```"


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(str(cell)) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    """Return a text on one line, with `|` escaped, which would end a table cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _page(blocks: Iterable[str]) -> str:
    return "\n\n".join(filter(None, blocks)) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "tables.md": tables_page,
    "cli.md": cli_page,
    "reasons.md": reasons_page,
    "settings.md": settings_page,
    "formats.md": formats_page,
    "lake-settings.md": lake_settings_page,
    SCHEMA_FILE: schema_file,
}

if __name__ == "__main__":
    main()
