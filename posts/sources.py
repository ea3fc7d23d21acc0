"""The name of a source as a partition value: short, ASCII, one to one."""

import hashlib
import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

LONGEST = 40
NOT_SLUG = re.compile("[^a-z0-9]+")


def tidy(name: str) -> str:
    """Give a source's display name: NFC, on one line, no more than one space at a time."""
    return unicodedata.normalize("NFC", " ".join(name.split()))


@lru_cache(maxsize=4096)
def slug(source: str) -> str:
    """Give the partition value of a tidy name: up to 40 letters of it in ASCII, and 10 hex digits of its hash.

    A raw name would break lakes: 28 Chinese characters are a path component of 252 escaped bytes, and some
    readers take what is not ASCII for mojibake.
    """
    digest = hashlib.blake2b(source.encode(), digest_size=5).hexdigest()
    readable = NOT_SLUG.sub("-", anyascii(source).lower()).strip("-")[:LONGEST].strip("-")
    return f"{readable}-{digest}" if readable else digest
