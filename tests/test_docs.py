"""The documents: links have a target, the reference is up to date, and README is short."""

import re

import pytest

from docs.generate import PAGES
from lake.query import sql
from paths import ROOT
from schemas.posts import NULL
from schemas.tables import TABLES, VIEWS

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
MAX_README_LINES = 150
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# a file of the repository as in CONTRIBUTING.md: with a folder, or a file of the root with a known ending
REPOSITORY_PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|toml|yaml|yml|lock|md))`")
# files that a reader is to create
NEW_FILES = {
    "flows/export.py",
    "tests/golden/word-count.md",
    "tests/golden/word-count.json",
    "site/",
    "postlake.toml",
}
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
REFERENCE = sorted((ROOT / "docs" / "reference").glob("*.*"))


def text_of(document):
    """Return a document without its blocks of code."""
    return CODE_BLOCK.sub("", document.read_text("utf-8"))


def anchors_of(document):
    """Return the anchors of a document's headings, as MkDocs and GitHub spell them."""
    headings = (
        re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in HEADING.findall(text_of(document))
    )
    return {re.sub(r"\s", "-", heading) for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_link_leads_to_a_file_and_a_heading(document):
    links = [link for link in LINK.findall(text_of(document)) if "://" not in link]
    broken_links = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.is_file() or (anchor and anchor not in anchors_of(target)):
            broken_links.append(link)
    assert broken_links == []


# pages of the reference name files of a lake, which are not in the repository
@pytest.mark.parametrize("document", sorted({*DOCUMENTS} - {*REFERENCE}), ids=lambda path: path.name)
def test_every_file_that_is_named_is_in_the_repository(document):
    paths = {path for path in REPOSITORY_PATH.findall(text_of(document)) if is_of_repository(path)}
    assert [path for path in sorted(paths - NEW_FILES) if not (ROOT / path).exists()] == []


def is_of_repository(path):
    """Return whether a path is one of the repository; runs write to data/."""
    folder, is_below, _ = path.partition("/")
    return not is_below or (folder != "data" and (ROOT / folder).is_dir())


@pytest.mark.parametrize("page", REFERENCE, ids=lambda path: path.name)
def test_the_reference_is_what_the_code_says(page):
    assert page.read_text("utf-8") == PAGES[page.name](), "run `make docs`"


def test_the_reference_has_every_page_and_view():
    assert PAGES.keys() == {page.name for page in REFERENCE}
    assert VIEWS.keys() == sql.VIEWS.keys()


def test_every_column_has_a_description_and_a_meaning_of_null():
    columns = [
        (table, name, column) for table, schema in TABLES.items() for name, column in schema.columns().items()
    ]
    assert [
        (table, name)
        for table, name, column in columns
        if not column.description or column.nullable != (NULL in (column.metadata or {}))
    ] == []


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= MAX_README_LINES


def test_every_document_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if f"- {page}" not in navigation] == []
