"""Daft with naive text: `daft_posts.py SOURCE OUT`."""

import os
import sys
from pathlib import Path

import daft
from daft import DataType, col
from daft.functions import download
from pyarrow.dataset import dataset

from post import Row, parse_with_text

COLUMNS = {
    "source": DataType.string(),
    "month": DataType.string(),
    "published": DataType.string(),
    "title": DataType.string(),
    "author": DataType.string(),
    "url": DataType.string(),
    "tags": DataType.list(DataType.string()),
    "text": DataType.string(),
}


# Python's lock lets only one thread parse; a file that is not a post becomes a row of nulls
@daft.cls(use_process=True, max_concurrency=2, on_error="log")
class Parser:
    @daft.method(return_dtype=DataType.struct(COLUMNS), unnest=True)
    def parse(self, content: bytes) -> Row:
        """Return the columns of one post."""
        return parse_with_text(content)


def main(source: str, out: str) -> None:
    """Write all posts below a folder to Parquet files by source and month, and print their number."""
    # the processes of a class import what its methods use, and start in another folder
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    files = daft.from_glob_path(f"{source}/**/*.md")
    posts = files.select(Parser().parse(download(col("path")))).where(col("month").not_null())
    posts.write_parquet(out, compression="zstd", partition_cols=["source", "month"])
    print(f"{dataset(out, format='parquet').count_rows()} posts")


if __name__ == "__main__":
    main(*sys.argv[1:])
