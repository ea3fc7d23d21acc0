"""The version of the code that parses files: a file that one version failed at is tried again by another."""

import platform
import re
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from types import ModuleType

import flows.pipeline
import lake
import posts
import schemas


@cache
def code_version() -> str:
    """Return postlake's version and a digest of all that may affect the result of parsing.

    The digest covers our code, the packages that postlake depends on, and the Python version.
    """
    digest = blake2b(digest_size=6)
    for package in (posts, schemas):
        _add_modules(digest, package)
    for line in _dependency_versions():
        digest.update(f"{line}\n".encode())
    digest.update(platform.python_version().encode())
    return f"{version('postlake')}+{digest.hexdigest()}"


@cache
def worker_code_version() -> str:
    """Return `code_version` and a digest of all else that a worker runs: two processes with equal ones work alike."""
    digest = blake2b(digest_size=6)
    for package in (flows.pipeline, lake):
        _add_modules(digest, package)
    return f"{code_version()}.{digest.hexdigest()}"


def _add_modules(digest: blake2b, package: ModuleType) -> None:
    folder = Path(str(package.__file__)).parent
    for module in sorted(folder.rglob("*.py")):
        digest.update(f"{module.relative_to(folder.parent).as_posix()}\n".encode() + module.read_bytes())


def _dependency_versions() -> Iterator[str]:
    """Yield name and version of each installed package that postlake requires, without those of its extras."""
    for requirement in requires("postlake") or ():
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        if "extra ==" not in requirement:
            try:
                yield f"{name} {version(name)}"
            except PackageNotFoundError:
                # required by another version of Python
                continue
