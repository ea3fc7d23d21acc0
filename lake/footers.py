"""Read the footers of Parquet files. Of a large object only its end is requested."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow.parquet as pq

from lake.parquet import LARGE_TABLES, TableFiles
from lake.storage.local_copy import mirror
from lake.storage.object_path import MAX_CONCURRENT_REQUESTS, ObjectPath

# a footer of posts, the table with the most columns, has some 9 kB
TAIL_BYTES = 16 * 1024
# at the end of a file: the length of its footer, and `PAR1`
LENGTH_BYTES = 8


def read_footers(files: TableFiles) -> Iterator[pq.FileMetaData]:
    """Yield the footer of each file, in their order. `files.files` has their sizes."""
    if isinstance(files.folder, ObjectPath) and files.name in LARGE_TABLES:
        objects = [files.folder / path for path in files.files["path"]]
        with ThreadPoolExecutor(MAX_CONCURRENT_REQUESTS) as executor:
            yield from executor.map(_read_footer, objects, files.files["size_bytes"])
        return
    folder = mirror(files.folder, files.files["path"].to_list())
    for path in files.files["path"]:
        # pyarrow takes a path with some characters for a URL
        with (folder / path).open("rb") as file:
            yield pq.read_metadata(file)


def _read_footer(file: ObjectPath, size_bytes: int) -> pq.FileMetaData:
    tail = file.read_tail(size_bytes, TAIL_BYTES)
    footer_bytes = int.from_bytes(tail[-LENGTH_BYTES:][:4], "little") + LENGTH_BYTES
    if len(tail) < footer_bytes <= size_bytes:
        tail = file.read_tail(size_bytes, footer_bytes)
    return pq.read_metadata(io.BytesIO(tail))
