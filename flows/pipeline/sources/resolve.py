"""What a user named as a source: a folder, a git repository, a bundle, a URL, or an archive."""

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from flows.pipeline.sources.base import Folder, GitTree, Members, Source
from flows.pipeline.sources.git_cache import fetched, mirror, parted, without_user
from posts.sources.archives import Archive, is_archive
from posts.sources.git import GitError, Repository
from posts.sources.paths import printable, to_bytes, to_text
from schemas.errors import SourceError

# https://git-scm.com/docs/gitformat-bundle
BUNDLE = {b"# v2 git bundle\n", b"# v3 git bundle\n"}


class Opener:
    """Opens sources, and closes them with `stack`.

    `below` is the folder within each that is read, "" for all; with `as_files` a working copy of git is a
    folder of files, committed or not.
    """

    def __init__(
        self, stack: ExitStack, say: Callable[[str], None], *, below: str = "", as_files: bool = False
    ) -> None:
        self._stack, self._say = stack, say
        self._below, self._as_files = _inside(below), as_files

    def open(self, texts: Iterable[str]) -> list[Source]:
        """Open what a user named, each origin once. Raises SourceError for what is no source, or has none below."""
        opened = dict[str, Source]()
        for text in texts:
            source = self._opened(text)
            other = opened.setdefault(source.origin, source)
            if other.head != source.head:
                raise SourceError(f"{source.origin}: named at two revisions, {other.head} and {source.head}; "
                                  "one ingest follows one of them")  # fmt: skip
        return list(opened.values())

    def _opened(self, text: str) -> Source:
        if not text:
            raise SourceError("a source without a name")
        place, revision = _parted(os.path.expanduser(text))  # noqa: PTH111 - of a text that may be a URL
        if place is None:
            return self._remote(text)
        if place.is_dir():
            return self._directory(place, revision)
        if place.is_file() and _is_bundle(place):
            return self._git(mirror(os.fspath(place.resolve())), _name(place), revision)
        if revision is not None:
            raise _no_revisions(place)
        if place.is_file() and is_archive(os.fsencode(place)):
            archive = self._stack.enter_context(Archive(os.fsencode(place), self._below))
            return Members(self._origin(_name(place)), archive)
        raise SourceError(f"{_shown(text)}: is neither a folder nor a git repository, a bundle or an archive (zip, "
                          "tar, tar.gz, tar.zst, tar.xz)")  # fmt: skip

    def _remote(self, text: str) -> Source:
        first: GitError | None = None
        for url, revision in parted(text):
            self._say(f"fetching {without_user(url)}")
            try:
                copy = fetched(url, self._say)
            except GitError as error:
                first = first or error
                continue
            return self._git(copy, without_user(url), revision)
        raise first or SourceError(f"{_shown(text)}: no such folder, repository or archive")

    def _directory(self, place: Path, revision: str | None) -> Source:
        if not self._as_files and (_is_working_copy(place) or _is_bare(place)):
            return self._git(place, _name(place), revision)
        if revision is not None:
            raise _no_revisions(place)
        folder = place / os.fsdecode(to_bytes(self._below))
        if not folder.is_dir():
            raise SourceError(f"{_shown(os.fspath(folder))}: no such folder")
        try:
            os.scandir(folder).close()
        except OSError as error:
            raise SourceError(f"{_shown(os.fspath(folder))}: {error.strerror}") from error
        # links resolved, so that one folder is one origin
        return Folder(os.fsencode(folder.resolve()))

    def _git(self, place: Path, name: str, revision: str | None) -> Source:
        repository = self._stack.enter_context(Repository(os.fsencode(place), printable(name)))
        commit = repository.commit(None if revision is None else to_text(os.fsencode(revision)))
        repository.tree(commit.id, self._below)
        if revision is None and (left_out := repository.uncommitted(self._below)):
            self._say(f"{printable(name)}: {left_out} post files are not committed as they are, and not read so; "
                      "--as-files reads the folder as it stands")  # fmt: skip
        return GitTree(self._origin(name), repository, commit, self._below)

    def _origin(self, name: str) -> str:
        return f"{name}/{self._below}" if self._below else name


def _parted(text: str) -> tuple[Path | None, str | None]:
    """Part `repo@revision`; a path that exists as it stands has no revision. No path: a remote, or nothing."""
    if Path(text).exists():
        return Path(text), None
    if parted(text):
        return None, None
    cuts = [at for at, char in enumerate(text) if char == "@" and at]
    existing = [at for at in cuts if Path(text[:at]).exists()]
    return (Path(text[: existing[-1]]), text[existing[-1] + 1 :]) if existing else (None, None)


def _inside(below: str) -> str:
    """Spell a folder within a source one way. Raises SourceError for one that leads out of it."""
    parts = [part for part in to_text(os.fsencode(below)).split("/") if part not in {"", "."}]
    if ".." in parts:
        raise SourceError(f"{_shown(below)}: leads out of the source")
    return "/".join(parts)


def _shown(text: str) -> str:
    return printable(to_text(os.fsencode(text)))


def _no_revisions(place: Path) -> SourceError:
    return SourceError(f"{_shown(os.fspath(place))}: is no git repository, so it has no revisions")


def _name(place: Path) -> str:
    return to_text(os.fsencode(place.resolve()))


def _is_working_copy(place: Path) -> bool:
    return (place / ".git").exists()


def _is_bare(place: Path) -> bool:
    return all((place / part).exists() for part in ("HEAD", "objects", "refs"))


def _is_bundle(place: Path) -> bool:
    with place.open("rb") as file:
        return file.readline(40) in BUNDLE
