"""Decompress a file in chunks: gzip, zstd, xz, bzip2."""

import bz2
import lzma
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any

from posts.sources.archives.base import ArchiveReadError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# The maximum size of a decompressed chunk: bzip2 compresses 46 MB to 40 bytes. An uncompressed tar is read in
# chunks of this size too.
CHUNK_BYTES = 1024 * 1024
# The ratio of gzip is at most 1032 to 1, so this many bytes decompress to less than a chunk.
READ_BYTES = 512
# The ratio of posts is 10 to 1, that of headers of empty files 200 to 1. A higher ratio than this is a bomb,
MAX_RATIO = 1000
# unless the decompressed size is below this limit, which takes less than a second.
BASE_LIMIT_BYTES = 256 * 1024 * 1024
# Files of `xz -9` need 65 MiB to decompress; a header may request 4 GiB.
MAX_XZ_MEMORY_BYTES = 256 * 1024 * 1024

# Codec -> first bytes of a file, and the decompressor of one frame. pzstd writes a skippable frame first.
CODECS: dict[str, tuple[re.Pattern[bytes], Callable[[], Any]]] = {
    "gzip": (re.compile(rb"\x1f\x8b"), partial(zlib.decompressobj, 31)),
    "zstd": (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), zstd.ZstdDecompressor),
    "xz": (re.compile(rb"\xfd7zXZ\0"), partial(lzma.LZMADecompressor, memlimit=MAX_XZ_MEMORY_BYTES)),
    "bzip2": (re.compile(rb"BZh[1-9]"), bz2.BZ2Decompressor),
}


def detect_codec(header: bytes) -> str | None:
    """Return the codec of a file by its first bytes; None if it is not compressed."""
    return next((name for name, (magic, _) in CODECS.items() if magic.match(header)), None)


def decompress(file: IO[bytes], codec: str | None) -> Iterator[bytes]:
    """Yield the decompressed chunks of a file. Raises ArchiveReadError: damaged, truncated, or a bomb."""
    if codec is None:
        yield from iter(partial(file.read, CHUNK_BYTES), b"")
        return
    limit = BASE_LIMIT_BYTES + MAX_RATIO * file.seek(0, os.SEEK_END)
    file.seek(0)
    unpacked_bytes = 0
    try:
        for chunk in _decompress_frames(file, CODECS[codec][1]):
            unpacked_bytes += len(chunk)
            if unpacked_bytes > limit:
                raise ArchiveReadError(
                    f"it unpacks to more than {limit} bytes, {MAX_RATIO} times what it holds"
                )
            yield chunk
    except (zlib.error, zstd.ZstdError, lzma.LZMAError, OSError, EOFError) as error:
        raise ArchiveReadError(f"its {codec} is damaged: {error}") from error


def _decompress_frames(file: IO[bytes], new_decompressor: Callable[[], Any]) -> Iterator[bytes]:
    """Yield the chunks of consecutive frames. Between and after them only zeros are allowed."""
    decompressor = None
    while compressed := file.read(READ_BYTES):
        while compressed := compressed if decompressor else compressed.lstrip(b"\0"):
            decompressor = decompressor or new_decompressor()
            yield from _decompress_chunks(decompressor, compressed)
            compressed = decompressor.unused_data
            if decompressor.eof:
                decompressor = None
    if decompressor:
        raise EOFError("it ends too early")


def _decompress_chunks(decompressor: Any, compressed: bytes) -> Iterator[bytes]:
    yield decompressor.decompress(compressed, CHUNK_BYTES)
    # the decompressor of gzip has no needs_input; it never has output left, see READ_BYTES
    while not (decompressor.eof or getattr(decompressor, "needs_input", True)):
        yield decompressor.decompress(b"", CHUNK_BYTES)
