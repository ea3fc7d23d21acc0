"""What a user named as a source: a folder, a git repository, a bundle, a URL, or an archive."""

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from flows.mirror import REMOTE, mirror, without_user
from flows.sources import Folder, GitTree, Members, Source
from posts.archive import Archive, is_archive
from posts.git import Repository
from posts.paths import to_text
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
        self._below, self._as_files = below.strip("/"), as_files

    def open(self, texts: Iterable[str]) -> list[Source]:
        """Open what a user named, each origin once. Raises SourceError for what is no source, or has none below."""
        sources = [self._opened(text) for text in texts]
        return list({source.origin: source for source in sources}.values())

    def _opened(self, text: str) -> Source:
        place, revision = _parted(text)
        if place is None:
            return self._remote(text)
        if place.is_dir():
            return self._directory(place, revision)
        if _is_bundle(place):
            return self._git(mirror(os.fspath(place.resolve())), _name(place), revision)
        if revision is not None:
            raise SourceError(f"{text}: {place} is no git repository, so it has no revision {revision}")
        if is_archive(os.fsencode(place)):
            archive = self._stack.enter_context(Archive(os.fsencode(place), self._below))
            return Members(self._origin(_name(place)), archive)
        raise SourceError(f"{text}: is neither a folder nor a git repository, a bundle or an archive (zip, tar, "
                          "tar.gz, tar.zst, tar.xz)")  # fmt: skip

    def _remote(self, text: str) -> Source:
        parted = REMOTE.match(text)
        if parted is None:
            raise SourceError(f"{text}: no such folder, repository or archive")
        name = without_user(parted["place"])
        self._say(f"fetching {name}")
        return self._git(mirror(parted["place"]), name, parted["revision"])

    def _directory(self, place: Path, revision: str | None) -> Source:
        if not self._as_files and (_is_working_copy(place) or _is_bare(place)):
            return self._git(place, _name(place), revision)
        if revision is not None:
            raise SourceError(f"{place}: is no git repository, so it has no revision {revision}")
        folder = place / self._below
        if not folder.is_dir():
            raise SourceError(f"{folder}: no such folder")
        try:
            os.scandir(folder).close()
        except OSError as error:
            raise SourceError(f"{folder}: {error.strerror}") from error
        # links resolved, so that one folder is one origin
        return Folder(os.fsencode(folder.resolve()))

    def _git(self, place: Path, name: str, revision: str | None) -> Source:
        repository = self._stack.enter_context(Repository(os.fsencode(place)))
        commit = repository.commit(revision)
        if revision is None and (left_out := repository.uncommitted()):
            self._say(f"{name}: {left_out} post files are not committed as they are, and not read so; "
                      "--as-files reads the folder as it stands")  # fmt: skip
        return GitTree(self._origin(name), repository, commit, self._below)

    def _origin(self, name: str) -> str:
        return f"{name}/{self._below}" if self._below else name


def _parted(text: str) -> tuple[Path | None, str | None]:
    """Part `repo@revision`; a path that exists as it stands has no revision. No path: a remote, or nothing."""
    if Path(text).exists():
        return Path(text), None
    cuts = [at for at, char in enumerate(text) if char == "@" and at]
    existing = [at for at in cuts if Path(text[:at]).exists()]
    return (Path(text[: existing[-1]]), text[existing[-1] + 1 :]) if existing else (None, None)


def _name(place: Path) -> str:
    return to_text(os.fsencode(place.resolve()))


def _is_working_copy(place: Path) -> bool:
    return (place / ".git").exists()


def _is_bare(place: Path) -> bool:
    return all((place / part).exists() for part in ("HEAD", "objects", "refs"))


def _is_bundle(place: Path) -> bool:
    with place.open("rb") as file:
        return file.readline(40) in BUNDLE
