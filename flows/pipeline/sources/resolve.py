"""Open the sources that a user names: folders, git repositories, bundles, URLs, archives and buckets."""

import logging
import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from flows.pipeline.sources.base import ArchiveSource, FolderSource, GitSource, Source
from flows.pipeline.sources.bucket import open_bucket
from flows.pipeline.sources.git_cache import (
    fetch_with_retry,
    split_url_revision,
    strip_credentials,
    sync_mirror,
)
from flows.pipeline.sources.lines_within import LinesWithin
from lake.storage.object_store import is_store_url, normalize_url
from posts.formats import ARCHIVES_TEXT, LINES_TEXT
from posts.settings import DEFAULT_SETTINGS, ParseSettings
from posts.sources.archives import Archive, is_archive
from posts.sources.archives.lines import Lines, is_jsonl
from posts.sources.files import post_suffixes
from posts.sources.git import GitError, Repository
from posts.sources.paths import decode_path, encode_path, printable
from schemas.errors import SourceError

logger = logging.getLogger(__name__)

# https://git-scm.com/docs/gitformat-bundle
BUNDLE_SIGNATURES = {b"# v2 git bundle\n", b"# v3 git bundle\n"}


class SourceOpener:
    """A factory of sources; `stack` closes them.

    `subpath` is the folder within each source that is read, "" for all. With `worktree` a git working copy is
    read as a folder of files, committed or not. `settings` are those of the lake: endings of post files, ids of lines.
    `fetch` updates the copy of a remote repository and returns its folder.
    """

    def __init__(
        self,
        stack: ExitStack,
        *,
        subpath: str = "",
        worktree: bool = False,
        settings: ParseSettings = DEFAULT_SETTINGS,
        fetch: Callable[[str], Path] = fetch_with_retry,
    ) -> None:
        self._settings, self._suffixes = settings, post_suffixes(settings.endings)
        self._stack, self._fetch = stack, fetch
        self._subpath, self._worktree = _normalize_subpath(subpath), worktree

    def open(self, texts: Iterable[str]) -> list[Source]:
        """Open the sources that a user named, each origin once.

        Raises SourceError for a text that is no source, and for a source without the folder `subpath`.
        """
        sources = dict[str, Source]()
        for text in texts:
            source = self._open_source(text)
            first_source = sources.setdefault(source.origin, source)
            if first_source.commit_id != source.commit_id:
                raise SourceError(f"{source.origin}: named at two revisions, {first_source.commit_id} and {source.commit_id}; "
                                  "one ingest follows one of them")  # fmt: skip
        return list(sources.values())

    def _open_source(self, text: str) -> Source:
        if not text:
            raise SourceError("a source without a name")
        if is_store_url(text):
            origin = normalize_url(f"{text}/{self._subpath}")
            return open_bucket(origin, self._suffixes, self._lines_within(origin))
        path, revision = _split_revision(os.path.expanduser(text))  # noqa: PTH111 - the text may be a URL
        if path is None:
            return self._open_remote(text)
        if path.is_dir():
            return self._open_folder(path, revision)
        if path.is_file() and _is_bundle(path):
            return self._open_git(sync_mirror(os.fspath(path.resolve())), _path_text(path), revision)
        if revision is not None:
            raise _no_revisions_error(path)
        if path.is_file() and is_jsonl(os.fsencode(path)):
            return self._open_lines(path)
        if path.is_file() and is_archive(os.fsencode(path)):
            origin = self._origin_name(_path_text(path))
            id_key_of = partial(self._settings.id_key_of, origin)
            archive = Archive(os.fsencode(path), self._subpath, self._suffixes, id_key_of)
            return ArchiveSource(origin, self._stack.enter_context(archive))
        raise SourceError(
            f"{_display(text)}: is neither a folder nor a git repository, a bundle or an archive ({ARCHIVES_TEXT}; {LINES_TEXT})"
        )

    def _open_lines(self, path: Path) -> Source:
        if self._subpath:
            raise SourceError(f"{_display(os.fspath(path))}: it has no folder {printable(self._subpath)}")
        origin = _path_text(path)
        lines = Lines(os.fsencode(path.resolve()), self._settings.id_key_of(origin))
        return ArchiveSource(origin, self._stack.enter_context(lines))

    def _open_remote(self, text: str) -> Source:
        first_error: GitError | None = None
        for url, revision in split_url_revision(text):
            logger.info(f"fetching {strip_credentials(url)}")
            try:
                mirror_path = self._fetch(url)
            except GitError as error:
                first_error = first_error or error
                continue
            return self._open_git(mirror_path, strip_credentials(url), revision)
        raise first_error or SourceError(f"{_display(text)}: no such folder, repository or archive")

    def _open_folder(self, path: Path, revision: str | None) -> Source:
        if not self._worktree and is_repository(path):
            return self._open_git(path, _path_text(path), revision)
        if revision is not None:
            raise _no_revisions_error(path)
        folder = path / os.fsdecode(encode_path(self._subpath))
        if not folder.is_dir():
            raise SourceError(f"{_display(os.fspath(folder))}: no such folder")
        try:
            os.scandir(folder).close()
        except OSError as error:
            raise SourceError(f"{_display(os.fspath(folder))}: {error.strerror}") from error
        # symbolic links are resolved, so that one folder has one origin
        origin = _path_text(folder)
        return FolderSource(encode_path(origin), self._suffixes, self._lines_within(origin))

    def _lines_within(self, origin: str) -> LinesWithin:
        return LinesWithin(self._stack, partial(self._settings.id_key_of, origin))

    def _open_git(self, path: Path, name: str, revision: str | None) -> Source:
        repository = self._stack.enter_context(Repository(os.fsencode(path), printable(name), self._suffixes))
        commit = repository.resolve_commit(None if revision is None else decode_path(os.fsencode(revision)))
        repository.resolve_tree(commit.id, self._subpath)
        if revision is None and (uncommitted_count := repository.count_uncommitted(self._subpath)):
            logger.warning(f"{printable(name)}: {uncommitted_count} post files are not committed as they are, and not read so; "
                      "--worktree reads the folder as it stands")  # fmt: skip
        return GitSource(self._origin_name(name), repository, commit, self._subpath)

    def _origin_name(self, name: str) -> str:
        return f"{name}/{self._subpath}" if self._subpath else name


def _split_revision(text: str) -> tuple[Path | None, str | None]:
    """Return the path and the revision of `repo@revision`.

    An existing path has no revision (None). The path is None for a remote, and where no such path exists.
    """
    if Path(text).exists():
        return Path(text), None
    if split_url_revision(text):
        return None, None
    at_signs = [position for position, char in enumerate(text) if char == "@" and position]
    existing_cuts = [at for at in at_signs if Path(text[:at]).exists()]
    return (Path(text[: existing_cuts[-1]]), text[existing_cuts[-1] + 1 :]) if existing_cuts else (None, None)


def _normalize_subpath(subpath: str) -> str:
    """Return the normalized path of a folder within a source. Raises SourceError if it is outside."""
    parts = [part for part in decode_path(os.fsencode(subpath)).split("/") if part not in {"", "."}]
    if ".." in parts:
        raise SourceError(f"{_display(subpath)}: leads out of the source")
    return "/".join(parts)


def _display(text: str) -> str:
    return printable(decode_path(os.fsencode(text)))


def _no_revisions_error(path: Path) -> SourceError:
    return SourceError(f"{_display(os.fspath(path))}: is no git repository, so it has no revisions")


def _path_text(path: Path) -> str:
    return decode_path(os.fsencode(path.resolve()))


def is_repository(path: Path) -> bool:
    """Return whether a folder is a git repository: a working copy or a bare one."""
    is_bare = all((path / part).exists() for part in ("HEAD", "objects", "refs"))
    return is_bare or (path / ".git").exists()


def _is_bundle(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline(40) in BUNDLE_SIGNATURES
