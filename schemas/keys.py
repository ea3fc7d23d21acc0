"""The keys of rows: how a content, a text, a source and a post are named. The same on every machine."""

import hashlib
import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

# Raised whenever the rules give some post another id; a lake made under other rules has to be resolved anew.
IDENTITY_VERSION = 2
MAX_SLUG_CHARS = 40
NON_SLUG_CHARS = re.compile("[^a-z0-9]+")
# Folders of Jekyll, and of archives that move a post once it is read: they tell its state, not which post it is.
STATE_FOLDER_PATTERN = re.compile(r"(?<![^/])(?:_posts|_drafts|archived/[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})/")


def blob_id(content: bytes) -> str:
    """Return the id that git gives to a content: in a folder and in a repository it is the same."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def content_hash(title: str, text: str) -> str:
    """Return the name of what a post says, whatever else its file holds."""
    return _digest(f"{title}\n{text}")


def normalize_source(name: str) -> str:
    """Return a source's display name: NFC, on one line, no more than one space at a time."""
    return unicodedata.normalize("NFC", " ".join(name.split()))


@lru_cache(maxsize=4096)
def source_id_of(source: str) -> str:
    """Return the partition value of a tidy name: up to 40 letters of it in ASCII, and 10 hex digits of its hash.

    A raw name would break lakes: 28 Chinese characters are a path component of 252 escaped bytes, and some
    readers take what is not ASCII for mojibake.
    """
    digest = hashlib.blake2b(source.encode(), digest_size=5).hexdigest()
    readable = NON_SLUG_CHARS.sub("-", anyascii(source).lower()).strip("-")[:MAX_SLUG_CHARS].strip("-")
    return f"{readable}-{digest}" if readable else digest


def stable_path(path: str) -> str:
    """Return where a file stands, whatever its state: its path within the origin without the folders that tell that.

    Upper and lower case are two places, as are two folders; one spelling of Unicode is as good as another, since
    file systems choose their own.
    """
    return unicodedata.normalize("NFC", STATE_FOLDER_PATTERN.sub("", path))


def post_id_of_url(url: str) -> str:
    """Return the id of the post that a canonical URL names."""
    return _digest(url)


def post_id_of_path(source_id: str, path: str) -> str:
    """Return the id of a post without a URL: its source, and the place of its file."""
    return _digest(f"{source_id}\n{stable_path(path)}")


def post_id_at(path: str, post_id: str, source_id: str, other_path: str) -> str:
    """Return the id of the post that a content tells at a path, known the id that it has at another path."""
    if post_id != post_id_of_path(source_id, other_path):
        return post_id
    return post_id_of_path(source_id, path)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
