"""The labels before a date on a line of its own: `Date: 2021-09-01`, `**发布时间**：2021年9月1日`."""

import re

# marks of Markdown around a line, a label or a date
MARKS = re.compile(r"\A[\s*_>-]+|[\s*_\\]+\Z")
LABELLED_DATE = re.compile(
    r"(?:日期|时间|時間|发布(?:时间|日期|于)|發[佈布](?:時間|日期|於)|发表(?:时间|日期|于)|發表(?:時間|日期|於)|date|published(?: (?:on|at))?|posted(?: (?:on|at))?|pubdate|작성일|날짜|datum|fecha)"
    r"[*_ \t]*(?:[:：][*_ \t]*|(?<=on)[ \t]|(?<=[于於]))(.{4,})",
    re.IGNORECASE,
)


def without_date_label(line: str) -> str:
    """Return a line without marks of Markdown around it, and without the label before a date."""
    line = MARKS.sub("", line)
    labelled = LABELLED_DATE.fullmatch(line)
    return MARKS.sub("", labelled[1]) if labelled else line
