"""A naive ETL script, such as a competent person writes in an hour: `naive.py SOURCE... OUT`."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import frontmatter
import polars as pl
import yaml
from bs4 import BeautifulSoup

Row = dict[str, Any]
SUFFIXES = {".md", ".markdown", ".html"}
COLUMNS: dict[str, pl.DataType] = {
    "source": pl.String(),
    "month": pl.String(),
    "published": pl.String(),
    "title": pl.String(),
    "author": pl.String(),
    "url": pl.String(),
    "tags": pl.List(pl.String),
    "text": pl.String(),
    "links": pl.List(pl.String),
    "images": pl.List(pl.String),
    "path": pl.String(),
}


def post_files(sources: Iterable[Path]) -> Iterator[Path]:
    """Yield every post file below the sources."""
    for source in sources:
        yield from sorted(path for path in source.rglob("*.*") if path.suffix in SUFFIXES and path.is_file())


def as_text(value: object) -> str:
    """Return any value as text that Parquet can store: a lone surrogate becomes a question mark."""
    return str(value).encode("utf-8", "replace").decode()


def as_texts(value: object) -> list[str]:
    """Return a front matter list, or a single value, as a list of texts."""
    values = value if isinstance(value, list) else [value]
    return [as_text(text) for text in values if text is not None]


def row(path: Path) -> Row:
    """Return one post as a row; a file that cannot be parsed as a post raises."""
    post = frontmatter.load(path)
    soup = BeautifulSoup(post.content, "lxml")
    published = as_text(post["date"])
    return {
        # percent-encoded, a CJK character takes 9 bytes: 28 would exceed the 255 bytes of a name `source=...`
        "source": as_texts(post["categories"])[0][:25],
        "month": published[:7],
        "published": published,
        "title": as_text(post["title"]),
        "author": as_text(post.get("author", "")),
        "url": as_text(post.get("from", "")),
        "tags": as_texts(post.get("tags")),
        "text": soup.get_text("\n"),
        "links": [as_text(link["href"]) for link in soup.find_all("a", href=True)],
        "images": [as_text(image["src"]) for image in soup.find_all("img", src=True)],
        "path": as_text(path),
    }


def parse_files(paths: Iterable[Path]) -> tuple[list[Row], int]:
    """Return the rows of all files that can be parsed, and the number of the others."""
    rows: list[Row] = []
    skipped = 0
    for path in paths:
        try:
            rows.append(row(path))
        except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError) as problem:
            skipped += 1
            print(f"skipped {str(path)!a}: {problem!a}", file=sys.stderr)
    return rows, skipped


def main(arguments: list[str]) -> None:
    """Write all posts below the sources to Parquet files by source and month, and print their number."""
    *sources, out = map(Path, arguments)
    rows, skipped = parse_files(post_files(sources))
    posts = pl.DataFrame(rows, schema=COLUMNS)
    posts.write_parquet(out, partition_by=["source", "month"], compression="zstd", mkdir=True)
    print(f"{skipped} skipped")
    print(f"{posts.height} posts")


if __name__ == "__main__":
    main(sys.argv[1:])
