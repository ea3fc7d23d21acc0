"""The version of the code that parses files: a file that one version failed at is tried again by another."""

import platform
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

import posts
import schemas

# packages other than our own code that the result of parsing depends on
PARSER_PACKAGES = ("ahocorasick-rs", "anyascii", "beautifulsoup4", "charset-normalizer", "lxml", "markdown-it-py",
           "mdit-py-plugins", "python-frontmatter", "pyyaml", "selectolax", "zhon")  # fmt: skip


@cache
def code_version() -> str:
    """Return postlake's version and a digest of all that affects the result of parsing.

    The digest covers our code, the parser packages and the Python version.
    """
    digest = blake2b(digest_size=6)
    for package in (posts, schemas):
        folder = Path(str(package.__file__)).parent
        for module in sorted(folder.rglob("*.py")):
            digest.update(f"{module.relative_to(folder.parent).as_posix()}\n".encode() + module.read_bytes())
    for name in PARSER_PACKAGES:
        digest.update(f"{name} {version(name)}\n".encode())
    digest.update(platform.python_version().encode())
    return f"{version('postlake')}+{digest.hexdigest()}"
