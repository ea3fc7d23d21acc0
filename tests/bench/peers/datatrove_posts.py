"""datatrove with its Trafilatura extractor: `datatrove_posts.py SOURCE OUT`."""

import sys
from collections.abc import Iterator

import pyarrow as pa
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.readers.base import BaseDiskReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.logging import logger

from post import NOT_A_POST, parse

WORKERS = 2
TEXTS = ["text", "id", "source", "month", "published", "title", "author", "url", "file_path"]
SCHEMA = pa.schema({name: pa.string() for name in TEXTS} | {"tags": pa.list_(pa.string())})


class PostReader(BaseDiskReader):
    """Reader of one post a file; its front matter becomes the metadata of the document."""

    name = "posts"

    def read_file(self, filepath: str) -> Iterator[Document]:
        """Yield the post in a file, if it is one."""
        try:
            fields = parse(self.data_folder.cat_file(filepath))
        except NOT_A_POST as problem:
            logger.warning(f"skipped {filepath!a}: {problem!a}")
            return
        # Trafilatura takes text without this for no page, and drops it
        row = {"text": f"<html><body>{fields.pop('body')}</body></html>", "id": filepath, "metadata": fields}
        if document := self.get_document_from_dict(row, filepath, 0):
            yield document


def main(source: str, out: str) -> None:
    """Write all posts with text to Parquet files by source and month, and print their number."""
    writer = ParquetWriter(
        f"{out}/posts",
        "source=${source}/month=${month}/${rank}.parquet",
        compression="zstd",
        expand_metadata=True,
        schema=SCHEMA,
    )
    # the default of 1 s a post would make the number of posts depend on what else the machine does
    pipeline = [PostReader(source, glob_pattern="**/*.md"), Trafilatura(timeout=30), writer]
    executor = LocalPipelineExecutor(pipeline, tasks=WORKERS, workers=WORKERS, logging_dir=f"{out}/_logs")
    written = executor.run().stats[-1].stats["total"].total
    print(f"{written} posts")


if __name__ == "__main__":
    main(*sys.argv[1:])
