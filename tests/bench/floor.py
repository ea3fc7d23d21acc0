"""The floor: the same work at the lowest reasonable cost, with two processes: `floor.py SOURCE... OUT`."""

import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import yaml
from selectolax.lexbor import LexborHTMLParser

Columns = list[list[Any]]
SUFFIXES = (".md", ".markdown", ".html")
SCHEMA = pa.schema(
    {
        "source": pa.string(),
        "month": pa.string(),
        "published": pa.string(),
        "title": pa.string(),
        "author": pa.string(),
        "url": pa.string(),
        "tags": pa.list_(pa.string()),
        "text": pa.string(),
    }
)


def post_paths(folder: str) -> Iterator[str]:
    """Yield every post file below a folder, in no particular order."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from post_paths(entry.path)
            elif entry.name.endswith(SUFFIXES):
                yield entry.path


def row(path: str) -> list[Any]:
    """Return the fields of one post in the order of SCHEMA; a file that is not a simple post raises."""
    with open(path, "rb") as file:  # noqa: PTH123 (a Path would cost time)
        head, _, body = file.read().decode().partition("\n---\n")
    front_matter = yaml.load(head, yaml.CSafeLoader)
    text = LexborHTMLParser(body).text(separator="\n")
    published = str(front_matter["date"])
    texts = [str(front_matter.get(name, "")) for name in ("title", "author", "from")]
    tags = [str(tag) for tag in front_matter.get("tags") or ()]
    return [str(front_matter["categories"][0]), published[:7], published, *texts, tags, text]


def columns(paths: list[str]) -> Columns:
    """Return the posts among some files, as columns."""
    rows = []
    for path in paths:
        try:
            rows.append(row(path))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError):
            continue
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in SCHEMA]


def table(paths: list[str]) -> pa.Table:
    """Return the posts among all files as a table, parsed by two processes."""
    chunks = [paths[start : start + 500] for start in range(0, len(paths), 500)]
    # Forked before Arrow starts a thread: this is the cheapest way to start processes.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        parts = [pa.table(part, schema=SCHEMA) for part in pool.map(columns, chunks)]
    return pa.concat_tables(parts).combine_chunks()


def write(posts: pa.Table, out: str) -> None:
    """Write one Parquet file per month."""
    parquet = ds.ParquetFileFormat()
    ds.write_dataset(
        posts,
        out,
        format=parquet,
        file_options=parquet.make_write_options(compression="zstd", write_statistics=False),
        partitioning=ds.partitioning(pa.schema([SCHEMA.field("month")]), flavor="hive"),
        max_partitions=posts.num_rows + 1,
    )


def main(arguments: list[str]) -> None:
    """Write all posts below the sources to Parquet files by month, and print their number."""
    *sources, out = arguments
    posts = table([path for source in sources for path in post_paths(source)])
    write(posts, out)
    print(f"{posts.num_rows} posts")


if __name__ == "__main__":
    main(sys.argv[1:])
