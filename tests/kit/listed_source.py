"""A source whose files, changes and commit a test states."""

import datetime as dt
from dataclasses import dataclass, field

from posts.post import NotAPost
from posts.sources.files import SourceFile


@dataclass
class ListedSource:
    """A source with files. `changes` are files and deleted paths since any commit; None if not known.

    `contents` are the bytes of files by path, or why there are none. `read_paths` are those that were read.
    """

    files: list[SourceFile] = field(default_factory=list)
    changes: tuple[list[SourceFile], list[str]] | None = None
    contents: dict[str, bytes | NotAPost] = field(default_factory=dict)
    origin: str = "o"
    commit_id: str | None = None
    committed_at: dt.datetime | None = None
    read_paths: list[str] = field(default_factory=list)

    def list_files(self):
        return iter(self.files)

    def changes_since(self, _):
        return self.changes

    def read(self, files):
        for file in files:
            self.read_paths.append(file.path)
            yield self.contents[file.path]


def listed(path, blob=None, *, size=10, mtime_ns=1, **known):
    """Return a file of a source. Only a file without a time of modification has a blob before it is read.

    `known` can be its problem and its ETag.
    """
    return SourceFile("o", path, size, None if blob else mtime_ns, blob=blob, **known)
