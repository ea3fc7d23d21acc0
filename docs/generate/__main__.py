"""Write the pages of docs/reference from the code: tables, command line, reasons, settings, formats.

`make docs` runs it, and tests/test_docs.py checks that the pages are up to date. The meanings of columns,
options and reasons are in the code; only the headings are here.
"""

from docs.generate import PAGES
from docs.generate.markdown import ROOT

if __name__ == "__main__":
    for name, write in PAGES.items():
        (ROOT / "docs" / "reference" / name).write_text(write(), encoding="utf-8")
