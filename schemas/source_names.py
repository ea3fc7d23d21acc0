"""The names that the place of a file gives to its source: those of its repository, archive or folder."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum, auto
from functools import lru_cache


class SourceNaming(StrEnum):
    """What can name the source of a post that has no field for it."""

    AUTHOR = auto()
    CATEGORY = auto()
    SITE = auto()
    FOLDER = auto()
    REPOSITORY = auto()


DEFAULT_SOURCE_ORDER = (SourceNaming.CATEGORY, SourceNaming.SITE, SourceNaming.REPOSITORY)
# folders of blog engines, and of machines: many archives lie in one of such a name
GENERIC_NAMES = frozenset(
    """
    _archive _drafts _pages _posts app archive archived archives article articles blog blogs build collections content
    contents data dist docs documentation drafts export exports files git main markdown master md page pages
    post posts public repo repos repository site sites source sources src static trunk web website www
    desktop documents downloads home media mnt opt root run srv tmp users usr var volumes workspace
    """.split()
)
# a year, a month, a day or a date: where a file was put, not whose it is
NUMBERS = re.compile(r"[\d_.-]*")
ENDINGS = re.compile(
    r"(?:\.(?:git|bundle|zip|tar|tgz|tbz2?|txz|tzst|jsonl|ndjson|gz|zst|xz|bz2))+\Z", re.IGNORECASE
)
# what precedes the path of a repository or bucket: a scheme, a user; what follows its host: a port
URL_PREFIX = re.compile(r"\A(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?", re.IGNORECASE)
PORT = re.compile(r"\A([^/:]+):\d+(?=/)")


def repository_name(origin: str) -> str:
    """Return the name of a repository, archive, bucket or folder: the last part of its path that says something.

    A part such as `_posts` says nothing, wherever the folder is. Where no part does, it is the last one; "" for a
    path without parts.
    """
    return _name_and_folder(origin)[0]


def folder_in_repository(origin: str) -> str:
    """Return the parts of the path of an origin that follow its name, with a slash after each: "" for most.

    Files of `lamp/blog` and `lamp/docs` have one name, and their folders differ.
    """
    return _name_and_folder(origin)[1]


@lru_cache(maxsize=4096)
def _name_and_folder(origin: str) -> tuple[str, str]:
    parts = [*_parts(PORT.sub(r"\1", URL_PREFIX.sub("", origin)))]
    name = next(_telling(reversed(parts)), parts[-1] if parts else "")
    following = parts[len(parts) - parts[::-1].index(name) :] if name else []
    return name, "".join(f"{part}/" for part in following)


@lru_cache(maxsize=4096)
def folder_name(folder: str) -> str:
    """Return the first folder of a path within an origin that says something; "" if none does."""
    return next(_telling(_parts(folder)), "")


def _parts(path: str) -> Iterator[str]:
    # `host:owner/name` is an address of git
    for part in re.split(r"[/:\\]", path):
        if name := ENDINGS.sub("", part.strip()):
            yield name


def _telling(parts: Iterable[str]) -> Iterator[str]:
    return (part for part in parts if part.lower() not in GENERIC_NAMES and not NUMBERS.fullmatch(part))
