"""Markdown without front matter: a heading, and below it perhaps lines with the date and the author."""

import re

from frontmatter.default_handlers import BaseHandler

from posts.metadata.dates import parse_date
from posts.metadata.dates.labels import MARKS, without_date_label
from posts.metadata.dates.parsed import DAY, SECOND
from posts.metadata.handlers import Fields
from posts.metadata.headings import ANY_HEADING, first_heading
from schemas.enums import Dialect

MAX_LINES = 4
LINE = re.compile(r"[ \t]*([^\n]{1,200})(?:\n|\Z)")
LABELLED_AUTHOR = re.compile(
    r"(?:(?:作者|撰文|文|authors?|written by|by|저자|글쓴이|autor|auteur)[*_ \t]*[:：][*_ \t]*|(?:written )?by[ \t]+)(.{1,80})",
    re.IGNORECASE,
)
# a sentence that begins with `By`
SENTENCE = re.compile(r"[.。！？!?,，;；](?:\s|\Z)")
# files about a repository, and pages of a book
DOCUMENTS = re.compile(
    r"(?:change_?logs?|changes|history|news|releases?|release[-_]notes|licen[cs]e|copying|contributing|contributors|authors|maintainers|governance|code[-_]of[-_]conduct"
    r"|security|support|summary|todo|roadmap|upgrad(?:e|ing)|install|_?sidebar|_navbar|_coverpage|_?footer|_?toc|agents|pull_request_template|issue_template)(?:[._-]\w{2,5})?\.\w+\Z",
    re.IGNORECASE,
)
README = re.compile(r"readme(?:[._-]\w{2,5})?\.\w+\Z", re.IGNORECASE)


class PlainMarkdown(BaseHandler):
    """The handler of Markdown without front matter, which begins with a heading."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(ANY_HEADING)
        self.dialect = dialect

    def split(self, text: str) -> tuple[str, str]:
        """Return the heading and the lines of metadata below it, and the other text with what is before the heading."""
        heading = first_heading(text, ANY_HEADING)
        if heading is None:
            return "", text
        end = heading.end
        for _number in range(MAX_LINES):
            line = LINE.match(text, _skip_blank(text, end))
            if line is None or not _field_of(line[1]):
                break
            end = line.end()
        before = text[: heading.start].rpartition("\n")[0]
        return (
            f"{heading.text}\n{text[heading.end : end]}",
            f"{before}\n{text[end:]}" if before.strip() else text[end:],
        )

    def load(self, fm: str, **_: object) -> Fields:
        """Return the title and, from the lines below it, the date and the author."""
        title, *lines = fm.split("\n")
        fields: Fields = {"title": title}
        for line in lines:
            for key, value in _field_of(line).items():
                fields.setdefault(key, value)
        return fields


def _skip_blank(text: str, start: int) -> int:
    """Return the start of the next line that is not blank, if at most one is before it."""
    return start + 1 if text.startswith("\n", start) else start


def _field_of(line: str) -> dict[str, str]:
    """Return the field that a line is: a date, a label and a date, or a label and an author. Empty if it is none."""
    line = MARKS.sub("", line)
    date = without_date_label(line)
    parsed = parse_date(date) if any(map(str.isdigit, date)) else None
    # a year alone may be a heading
    if parsed is not None and (date != line or parsed.precision in (DAY, SECOND)):
        return {"date": date}
    author = LABELLED_AUTHOR.fullmatch(line)
    return {"author": MARKS.sub("", author[1])} if author and not SENTENCE.search(author[1]) else {}


def is_document(file_name: str, date_from: str) -> bool:
    """Return whether a file without front matter is about a repository: a README, unless its folder is a day."""
    if README.match(file_name):
        return date_from != "folders"
    return DOCUMENTS.match(file_name) is not None
