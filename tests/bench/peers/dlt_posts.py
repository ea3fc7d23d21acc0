"""dlt with naive text, to a Delta table: `dlt_posts.py SOURCE OUT`."""

import os
import sys
from collections.abc import Iterator

import dlt
from dlt.sources.filesystem import FileItemDict, filesystem

from post import NOT_A_POST, Row, parse_with_text


@dlt.transformer(
    table_format="delta",
    columns={"source": {"partition": True}, "month": {"partition": True}, "tags": {"data_type": "json"}},
)
def posts(files: list[FileItemDict]) -> Iterator[list[Row]]:
    """Yield the posts among some files, as one list."""
    rows = []
    for file in files:
        try:
            rows.append(parse_with_text(file.read_bytes()))
        except NOT_A_POST as problem:
            print(f"skipped {file['file_name']!a}: {problem!a}", file=sys.stderr)
    yield rows


def main(source: str, out: str) -> None:
    """Write all posts below a folder to a Delta table by source and month, and print their number."""
    # one process normalizes one file: rows are extracted into several, as dlt's documents advise
    os.environ |= {
        "NORMALIZE__WORKERS": "2",
        "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "5000",
    }
    pipeline = dlt.pipeline(
        "posts",
        pipelines_dir=f"{out}/_pipelines",
        destination=dlt.destinations.filesystem(out),
        dataset_name="lake",
    )
    pipeline.run(filesystem(source, file_glob="**/*.md") | posts)
    print(f"{pipeline.last_trace.last_normalize_info.row_counts.get('posts', 0)} posts")


if __name__ == "__main__":
    main(*sys.argv[1:])
