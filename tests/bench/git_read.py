"""Measure git alone, reading a history and its posts: `git_read.py REPOSITORY`."""

import json
import os
import resource
import sys

from posts.sources.git import Repository


def main(path: str) -> None:
    """Read every commit, and every blob once, as an ingest of the history does.

    Prints the counts and the CPU seconds of git, as JSON.
    """
    with Repository(os.fsencode(path)) as repository:
        commits = [
            changes for _, changes in repository.iter_changes(None, repository.resolve_commit(None).id)
        ]
        blobs = dict.fromkeys(change.blob for changes in commits for change in changes if change.blob)
        size_bytes = sum(len(content or b"") for content in repository.read_contents(blobs))
    git = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = git.ru_utime + git.ru_stime
    figures = {"commits": len(commits), "blobs": len(blobs), "bytes": size_bytes, "git_cpu_seconds": seconds}
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1])
