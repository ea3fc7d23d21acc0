"""Bytes of a compressed file, unpacked a piece at a time: gzip, zstd, xz, bzip2."""

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

# No more than this is unpacked at a time: bzip2 packs 46 MB in 40 bytes. A plain tar is read so too.
CHUNK_BYTES = 1024 * 1024
# gzip packs 1032 to 1 at best, so a step of it is less than a piece.
READ_BYTES = 512
# Posts pack 10 to 1, headers of empty files 200 to 1. Above this it is a bomb,
MAX_RATIO = 1000
# unless all of it is unpacked within a second.
BASE_LIMIT_BYTES = 256 * 1024 * 1024
# `xz -9` needs 65 MiB to unpack; a header may ask for 4 GiB.
MAX_XZ_MEMORY_BYTES = 256 * 1024 * 1024

# What a packed file begins with, and what unpacks one frame of it. pzstd writes a frame to skip first.
CODECS: dict[str, tuple[re.Pattern[bytes], Callable[[], Any]]] = {
    "gzip": (re.compile(rb"\x1f\x8b"), partial(zlib.decompressobj, 31)),
    "zstd": (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), zstd.ZstdDecompressor),
    "xz": (re.compile(rb"\xfd7zXZ\0"), partial(lzma.LZMADecompressor, memlimit=MAX_XZ_MEMORY_BYTES)),
    "bzip2": (re.compile(rb"BZh[1-9]"), bz2.BZ2Decompressor),
}


def detect_codec(header: bytes) -> str | None:
    """Return the codec of a file that begins so; None where it is not compressed."""
    return next((name for name, (magic, _) in CODECS.items() if magic.match(header)), None)


def decompress(file: IO[bytes], codec: str | None) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked. Raises ArchiveReadError: broken, cut off, or a bomb."""
    if codec is None:
        yield from iter(partial(file.read, CHUNK_BYTES), b"")
        return
    limit = BASE_LIMIT_BYTES + MAX_RATIO * os.fstat(file.fileno()).st_size
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
    """Unpack frames that stand one behind the other, with nothing but zeros between and behind them."""
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
    # that of gzip has no needs_input, for it leaves nothing of a step
    while not (decompressor.eof or getattr(decompressor, "needs_input", True)):
        yield decompressor.decompress(b"", CHUNK_BYTES)
