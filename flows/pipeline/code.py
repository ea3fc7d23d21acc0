"""The version of the code that reads files: what it failed at, another version tries again."""

import platform
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

import posts
import schemas

# what a file's reading depends on, beside our own code
PARSER_PACKAGES = ("ahocorasick-rs", "anyascii", "beautifulsoup4", "charset-normalizer", "lxml", "markdown-it-py",
           "mdit-py-plugins", "python-frontmatter", "pyyaml", "selectolax", "zhon")  # fmt: skip


@cache
def code_version() -> str:
    """Return postlake's version and a digest of all that decides what a file is read as: our code, parsers, Python."""
    digest = blake2b(digest_size=6)
    for package in (posts, schemas):
        folder = Path(str(package.__file__)).parent
        for module in sorted(folder.rglob("*.py")):
            digest.update(f"{module.relative_to(folder.parent).as_posix()}\n".encode() + module.read_bytes())
    for name in PARSER_PACKAGES:
        digest.update(f"{name} {version(name)}\n".encode())
    digest.update(platform.python_version().encode())
    return f"{version('postlake')}+{digest.hexdigest()}"
