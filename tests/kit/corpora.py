"""Samples of the shared corpora."""

import subprocess
import tarfile
from itertools import islice

import pyarrow as pa

from paths import CORPORA


def unpack_sample(name, folder, step):
    """Unpack every `step`th file of a corpus, and return the files."""
    if name.endswith(".bundle"):
        subprocess.check_call(["git", "clone", "-q", "-n", "-b", "master", CORPORA / name, folder])
        git = ["git", "-C", folder, "-c", "core.quotePath=false"]
        paths = subprocess.check_output([*git, "ls-tree", "-r", "--name-only", "-z", "master"]).split(b"\0")
        checkout = [*git, "checkout", "-q", "master", "--pathspec-from-file=-", "--pathspec-file-nul"]
        subprocess.run(checkout, input=b"\0".join(paths[:-1:step]), check=True)
    else:
        with (
            pa.input_stream(str(CORPORA / name), compression="zstd") as stream,
            tarfile.open(fileobj=stream, mode="r|") as archive,
        ):
            files = (member for member in archive if member.isfile())
            archive.extractall(folder, islice(files, 0, None, step), filter="data")
    return sorted(path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
