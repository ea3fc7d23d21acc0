"""Measure how costs grow with the size of an archive: `scale.py --corpus DIR --files N...`.

The archives are made of a corpus, and kept for the next measurement, as are the lakes.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import archives
import corpus
import machine
import programs
import scale_report
from lake.store import open_lake
from memory import PAGE_BYTES
from scale_report import AGAIN, EDITS, FIRST, Size

EDITED_POSTS = 100
EDIT = b"<p>One more line.</p>\n"
NO_POSTS = {"posts": 0, "duplicates": 0, "rejected": 0, "ignored": 0, "gone": 0, "moved": 0}


def measure_size(archive: Path, recipe: archives.Recipe, lake: Path) -> Size:
    """Return the costs of a first ingest, of one without changes, and of an increment. The lake is new."""
    shutil.rmtree(lake, ignore_errors=True)
    files = recipe.files
    first = programs.postlake(archive, lake)
    expect(first.output, NO_POSTS | {"found": files, "unchanged": 0, "posts": files})
    stored_bytes = count_stored_bytes(lake)
    again = programs.postlake(archive, lake)
    expect(again.output, NO_POSTS | {"found": files, "unchanged": files})
    with edited(archive):
        edits = programs.postlake(archive, lake)
    edit_count = min(EDITED_POSTS, files)
    expect(edits.output, NO_POSTS | {"found": files, "unchanged": files - edit_count, "posts": edit_count})
    partitions = open_lake(lake).partition_files("posts").height
    return Size(files, recipe.sources, partitions, {FIRST: first, AGAIN: again, EDITS: edits}, stored_bytes)


def expect(output: str, counts: dict[str, int]) -> None:
    """Raise RuntimeError if an ingest has other counts than expected."""
    summary = json.loads(output)
    if wrong := {name: summary[name] for name, count in counts.items() if summary[name] != count}:
        raise RuntimeError(f"the counts of an ingest are {wrong}, where {counts} were expected: {output}")


def count_stored_bytes(lake: Path) -> int:
    """Return the bytes of all files that the current versions of tables have, and of their logs, in whole pages."""
    opened = open_lake(lake)
    sizes = [
        size_bytes
        for name in opened.table_names()
        for size_bytes in opened.partition_files(name)["size_bytes"]
    ]
    sizes += [path.stat().st_size for path in lake.glob("*/_delta_log/**/*") if path.is_file()]
    return sum(-(-size_bytes // PAGE_BYTES) * PAGE_BYTES for size_bytes in sizes)


@contextmanager
def edited(archive: Path) -> Iterator[None]:
    """Edit some posts, spread over an archive, until the block ends."""
    recipe = archives.mark_changed(archive)
    paths = sorted(corpus.files(archive))
    originals = {
        path: path.read_bytes() for path in paths[:: max(1, len(paths) // EDITED_POSTS)][:EDITED_POSTS]
    }
    for path, content in originals.items():
        path.write_bytes(content + EDIT)
    try:
        yield
    finally:
        for path, content in originals.items():
            path.write_bytes(content)
        archives.mark_complete(archive, recipe)


def warm_up(archive: Path) -> None:
    """Write what is new to disk, and read all files once, so that they are in the file cache."""
    os.sync()
    for path in corpus.files(archive):
        path.read_bytes()


def measure(options: argparse.Namespace) -> Iterator[Size]:
    """Yield the measurement of each size, the smallest first."""
    for files in sorted(set(options.files)):
        archive, lake = options.scratch / f"archive-{files}", options.scratch / f"lake-{files}"
        recipe = archives.make_archive(options.corpus, archive, files)
        warm_up(archive)
        print(f"measuring {files} files of {recipe.sources} sources", file=sys.stderr)
        yield measure_size(archive, recipe, lake)


def parse_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="folder of posts that copies are made of")
    parser.add_argument("--files", type=int, nargs="+", default=[30_000], help="sizes of archives")
    parser.add_argument(
        "--scratch",
        type=Path,
        default=Path(tempfile.gettempdir()) / "postlake-scale",
        help="folder for archives and lakes: 8 kB a file",
    )
    parser.add_argument("--json", type=Path, help="file for the raw figures")
    options = parser.parse_args(arguments)
    if not options.corpus.is_dir():
        parser.error(f"--corpus {options.corpus} is no folder")
    options.corpus, options.scratch = options.corpus.resolve(), options.scratch.resolve()
    return options


def main(arguments: list[str]) -> None:
    """Measure, print the report after each size, and write the raw figures if --json is given."""
    options = parse_options(arguments)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sizes = list[Size]()
    for size in measure(options):
        sizes.append(size)
        print(scale_report.markdown(sizes) + "\n", flush=True)
        if options.json:
            raw = {"machine": machine.describe(), "sizes": [asdict(each) for each in sizes]}
            options.json.write_text(json.dumps(raw, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
