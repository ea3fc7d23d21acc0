"""Keys of rows: ids of contents, texts, sources and posts. They are the same on every machine."""

import hashlib
import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

from schemas.source_names import folder_in_repository, repository_name

# Increase this number when the rules change the id of any post, or the file that is chosen for it. A lake that
# was made under other rules must be migrated.
IDENTITY_VERSION = 5
MAX_SLUG_CHARS = 40
NON_SLUG_CHARS = re.compile("[^a-z0-9]+")
# Folders of Jekyll, and of archives that move a post after someone has read it. They show the state of a
# post, not its identity.
STATE_FOLDER_PATTERN = re.compile(r"(?<![^/])(?:_posts|_drafts|archived/[0-9]{4}-[0-9]{1,2}-[0-9]{1,2})/")


def blob_id(content: bytes) -> str:
    """Return the git blob id of a content. It is the same in a folder and in a repository."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def content_hash(title: str, text: str) -> str:
    """Return the hash of title and text. The rest of the file does not change it."""
    return _digest(f"{title}\n{text}")


def normalize_source(name: str) -> str:
    """Return the display name of a source: NFC, on one line, with single spaces."""
    return unicodedata.normalize("NFC", " ".join(name.split()))


@lru_cache(maxsize=4096)
def source_id_of(source: str) -> str:
    """Return the partition value of a normalized name: an ASCII slug and 10 hex digits of the name's hash.

    The slug has up to 40 characters and may be empty. The name itself does not work as a folder name: 28
    Chinese characters become a path component of 252 escaped bytes, and some readers take characters that are
    not ASCII for mojibake.
    """
    digest = hashlib.blake2b(source.encode(), digest_size=5).hexdigest()
    readable = NON_SLUG_CHARS.sub("-", anyascii(source).lower()).strip("-")[:MAX_SLUG_CHARS].strip("-")
    return f"{readable}-{digest}" if readable else digest


def stable_path(path: str) -> str:
    """Return the path of a file within its origin without the folders that show its state, in NFC.

    Paths that differ in case are different, as are paths in different folders. Unicode is normalized because
    file systems choose their own form.
    """
    return unicodedata.normalize("NFC", STATE_FOLDER_PATTERN.sub("", path))


def post_id_of_url(url: str) -> str:
    """Return the id of the post with a canonical URL."""
    return _digest(url)


def post_id_of_path(source_id: str, path: str) -> str:
    """Return the id of a post without a URL: a hash of its source and the stable path of its file."""
    return _digest(f"{source_id}\n{stable_path(path)}")


def post_id_of_file(source_id: str, origin: str, path: str) -> str:
    """Return the id of a post without a URL, from the place of its file.

    Where the source has the name of the repository, the path is that within it: the same for `lamp` and `lamp/docs`.
    """
    is_of_repository = source_id == _repository_id(origin)
    return post_id_of_path(source_id, f"{folder_in_repository(origin)}{path}" if is_of_repository else path)


@lru_cache(maxsize=4096)
def _repository_id(origin: str) -> str:
    return source_id_of(normalize_source(repository_name(origin)))


def post_id_at(file: tuple[str, str], post_id: str, source_id: str, other_file: tuple[str, str]) -> str:
    """Return the id that a content has at a file (origin, path). `post_id` is its id at another one.

    An id that comes from a URL is the same at every path.
    """
    if post_id != post_id_of_file(source_id, *other_file):
        return post_id
    return post_id_of_file(source_id, *file)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
