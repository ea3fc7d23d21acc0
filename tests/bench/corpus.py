"""Larger inputs made from a real corpus: each copy has different posts with the same days and sources."""

import hashlib
import os
import re
import shutil
from pathlib import Path

FROM = re.compile(rb"^(from:[ \t]*[\"']?)([^\s\"'#]+)", re.MULTILINE)
TITLE = re.compile(rb"^(title:[ \t]*[\"']?)", re.MULTILINE)
HEADING = re.compile(rb"^\[(.*\]\()([^\s#]+?)(?=(?:#\S*)?\)[ \t]*\r?\n-{3})", re.MULTILINE)


def add_suffix(name: str, suffix: str) -> str:
    """Return a file name with a suffix before its extension.

    It is cut to 255 bytes; a hash keeps cut names distinct.
    """
    stem, ending = os.fsencode(Path(name).stem), os.fsencode(suffix + Path(name).suffix)
    if len(stem) + len(ending) > 255:
        ending = b"-" + hashlib.blake2b(stem, digest_size=5).hexdigest().encode() + ending
        stem = stem[: 255 - len(ending)].decode(errors="ignore").encode()
    return os.fsdecode(stem + ending)


def url_of_copy(url: bytes, copy: int) -> bytes:
    """Return a URL for a copy of a post. The given URL must have no fragment."""
    return url + (b"&" if b"?" in url else b"?") + b"copy=%d" % copy


def change_title_and_url(content: bytes, copy: int) -> bytes:
    """Return a post with another title and URL, in the front matter and in the heading that repeats them."""
    prefix = b"copy %d, " % copy
    content = FROM.sub(lambda match: match[1] + url_of_copy(match[2], copy), content, count=1)
    content = TITLE.sub(lambda match: match[1] + prefix, content, count=1)
    return HEADING.sub(lambda match: b"[" + prefix + match[1] + url_of_copy(match[2], copy), content, count=1)


def copy_path(path: Path, copy: int) -> Path:
    """Return the path of a copy of a file: its name with a suffix, in a sibling of its folder."""
    suffix = f"-copy{copy}"
    folder = path.parent
    sibling = folder.with_name(add_suffix(folder.name, suffix)) if folder.name else Path(f"copy{copy}")
    return sibling / add_suffix(path.name, suffix)


def files(corpus: Path) -> list[Path]:
    """Return every regular file below a folder, except those in `.git`."""
    paths = (path for path in corpus.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in paths if ".git" not in path.relative_to(corpus).parts]


def multiply(source: Path, into: Path, times: int) -> None:
    """Fill a new folder with `times` as many posts: the unchanged corpus, and copies with changed posts."""
    into.mkdir(parents=True)
    for path in files(source):
        relative_path = path.relative_to(source)
        (into / relative_path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, into / relative_path)
        content = path.read_bytes()
        for copy in range(1, times):
            target = into / copy_path(relative_path, copy)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(change_title_and_url(content, copy))
