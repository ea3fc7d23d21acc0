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

from posts.sources.archives.base import Unreadable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# No more than this is unpacked at a time: bzip2 packs 46 MB in 40 bytes. A plain tar is read so too.
PIECE_BYTES = 1024 * 1024
# gzip packs 1032 to 1 at best, so a step of it is less than a piece.
STEP_BYTES = 512
# Posts pack 10 to 1, headers of empty files 200 to 1. Above this it is a bomb,
LARGEST_RATIO = 1000
# unless all of it is unpacked within a second.
FLOOR_BYTES = 256 * 1024 * 1024
# `xz -9` needs 65 MiB to unpack; a header may ask for 4 GiB.
XZ_MEMORY_BYTES = 256 * 1024 * 1024

# What a packed file begins with, and what unpacks one frame of it. pzstd writes a frame to skip first.
PACKERS: dict[str, tuple[re.Pattern[bytes], Callable[[], Any]]] = {
    "gzip": (re.compile(rb"\x1f\x8b"), partial(zlib.decompressobj, 31)),
    "zstd": (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), zstd.ZstdDecompressor),
    "xz": (re.compile(rb"\xfd7zXZ\0"), partial(lzma.LZMADecompressor, memlimit=XZ_MEMORY_BYTES)),
    "bzip2": (re.compile(rb"BZh[1-9]"), bz2.BZ2Decompressor),
}


def packer(opening: bytes) -> str | None:
    """Name what packed a file that begins so; None when it is not packed."""
    return next((name for name, (magic, _) in PACKERS.items() if magic.match(opening)), None)


def pieces(file: IO[bytes], packed_with: str | None) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked. Raises Unreadable: broken, cut off, or a bomb."""
    if packed_with is None:
        yield from iter(partial(file.read, PIECE_BYTES), b"")
        return
    limit = FLOOR_BYTES + LARGEST_RATIO * os.fstat(file.fileno()).st_size
    unpacked_bytes = 0
    try:
        for piece in _frames(file, PACKERS[packed_with][1]):
            unpacked_bytes += len(piece)
            if unpacked_bytes > limit:
                raise Unreadable(
                    f"it unpacks to more than {limit} bytes, {LARGEST_RATIO} times what it holds"
                )
            yield piece
    except (zlib.error, zstd.ZstdError, lzma.LZMAError, OSError, EOFError) as error:
        raise Unreadable(f"its {packed_with} is damaged: {error}") from error


def _frames(file: IO[bytes], opened: Callable[[], Any]) -> Iterator[bytes]:
    """Unpack frames that stand one behind the other, with nothing but zeros between and behind them."""
    frame = None
    while packed := file.read(STEP_BYTES):
        while packed := packed if frame else packed.lstrip(b"\0"):
            frame = frame or opened()
            yield from _pieces(frame, packed)
            packed = frame.unused_data
            if frame.eof:
                frame = None
    if frame:
        raise EOFError("it ends too early")


def _pieces(frame: Any, packed: bytes) -> Iterator[bytes]:
    yield frame.decompress(packed, PIECE_BYTES)
    # that of gzip has no needs_input, for it leaves nothing of a step
    while not (frame.eof or getattr(frame, "needs_input", True)):
        yield frame.decompress(b"", PIECE_BYTES)
