"""The versions of a post, each with its changes."""

import sys
from typing import TYPE_CHECKING, Any

from cli.output.terminal import create_console, echo, escape_control_characters
from posts.sources.paths import printable

if TYPE_CHECKING:
    from rich.text import Text

    from cli.output.textdiff import DiffLine

STYLES = {"removed": "red strike", "added": "green", "skipped": "dim", "same": ""}
# they distinguish the kinds where there is no colour
MARKERS = {"removed": ("[-", "-]"), "added": ("{+", "+}"), "skipped": ("... ", " ..."), "same": ("", "")}
# the fields, besides the text, whose changes are shown
COMPARED_FIELDS = ("title", "author", "source", "published_at", "url", "tags", "categories", "language")


def print_versions(rows: list[dict[str, Any]]) -> None:
    """Print the versions of a post (rows of `revisions`), the oldest first, each with its changes."""
    last_version = rows[-1]
    for line in (last_version["title"], last_version["url"] or "", f"post_id {last_version['post_id']}", ""):
        echo(line)
    previous: dict[str, Any] | None = None
    for row in rows:
        _print_version(row, previous)
        if row["withdrawn_at"]:
            echo(f"{_format_time(row['withdrawn_at'])}  withdrawn: its last file was gone")
        previous = row


def _print_version(row: dict[str, Any], previous: dict[str, Any] | None) -> None:
    echo(
        f"{_format_time(row['version_at'])}  {_version_event(row, previous)}, {row['text_chars']} characters"
    )
    echo(f"    {printable(row['path'])}  blob {row['blob'][:12]}")
    if previous is None:
        return
    from cli.output.textdiff import diff_texts, diff_words

    for name in COMPARED_FIELDS:
        if row[name] != previous[name]:
            values = (f"{name}: {_format_value(each[name])}" for each in (previous, row))
            _print_change(diff_words(*values))
    if row["text"] != previous["text"]:
        for line in diff_texts(previous["text"], row["text"]):
            _print_change(line)


def _version_event(row: dict[str, Any], previous: dict[str, Any] | None) -> str:
    if previous is None:
        return "first seen"
    return_text = "came back" if previous["withdrawn_at"] else ""
    change_text = ", ".join(name for name in ("text", *COMPARED_FIELDS) if row[name] != previous[name])
    if row["blob"] != previous["blob"]:
        change_text = f"changed {change_text or 'in its file, nothing that is shown here'}"
    return ", ".join(filter(None, [return_text, change_text]))


def _format_time(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _format_value(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _print_change(line: "DiffLine") -> None:
    """Print the changes of a passage: in colours on a terminal, else between [- -] and {+ +}."""
    from rich.padding import Padding

    create_console().print(Padding(_styled_line(line), (0, 0, 0, 4), expand=False))


def _styled_line(line: "DiffLine") -> "Text":
    from rich.text import Text

    styled_text = Text()
    for span in line:
        before, after = MARKERS[span.kind] if not sys.stdout.isatty() or span.kind == "skipped" else ("", "")
        styled_text.append(f"{before}{escape_control_characters(span.text)}{after}", STYLES[span.kind])
    return styled_text
