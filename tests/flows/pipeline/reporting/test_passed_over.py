"""Files that are passed over by their endings are counted, wherever they are."""

import subprocess
import tarfile
import zipfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from flows.pipeline.reporting.passed_over import count_passed_over, passed_over_line
from flows.pipeline.sources.resolve import SourceOpener
from schemas.enums import AlarmKind

NAMES = ["a.md", "notes/b.TXT", "notes/c.txt", "d.jpg", "LICENSE", ".hidden", "e.Really not an ending", "f."]
COUNTS = {"no ending": 4, ".txt": 2, ".jpg": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        path = tmp_path / "posts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("words")
    return tmp_path / "posts"


def _counted(place: Path) -> dict[str, int]:
    with ExitStack() as stack:
        (source,) = SourceOpener(stack).open([str(place)])
        # the last listing counts
        assert [[file.path for file in source.list_files()] for _ in range(2)] == [["a.md"]] * 2
        return count_passed_over([source])


def test_a_folder_counts_the_files_that_it_passes_over(folder: Path) -> None:
    assert _counted(folder) == COUNTS


def test_a_repository_counts_the_files_that_it_passes_over(folder: Path) -> None:
    (folder / "link").symlink_to("a.md")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@lamp.example"]
        subprocess.run(["git", *identity, "-C", folder, *arguments], check=True)
    assert _counted(folder) == COUNTS | {"no ending": 5}


def test_archives_count_the_files_that_they_pass_over(folder: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "posts.tar.gz", "w:gz") as tar:
        tar.add(folder, "")
    with zipfile.ZipFile(tmp_path / "posts.zip", "w") as archive:
        for name in NAMES:
            archive.write(folder / name, name)
    assert [_counted(tmp_path / name) for name in ("posts.tar.gz", "posts.zip")] == [COUNTS, COUNTS]


def test_the_line_names_the_most_frequent_endings() -> None:
    counts = {".txt": 1412, ".jpg": 31, ".a": 5, ".b": 4, ".c": 3, ".d": 2, ".e": 1}
    assert passed_over_line(counts) == (
        "passed over by their endings: .txt 1,412, .jpg 31, .a 5, .b 4, .c 3, others 3"
    )


@pytest.mark.parametrize(("text_files", "has_alarm"), [(10, True), (9, False)])
def test_a_run_that_passes_over_more_text_files_than_it_finds_says_which_setting_reads_them(
    archive, text_files, has_alarm
):
    for number in range(3):
        archive.write(f"{number}.md", url=f"https://a.example/{number}")
    for number in range(text_files):
        archive.put(f"{number}.rst", b"words")
    summary = archive.ingest()
    text = '10 text files were passed over by their endings, and 3 post files found; if they are posts, `endings = [".rst"]` in postlake.toml reads them'
    assert {each.kind: each.text for each in summary.alarms} == (
        {AlarmKind.TEXT_FILES_PASSED_OVER: text} if has_alarm else {}
    )
    assert (summary.found, summary.balanced, summary.passed_over) == (3, True, {".rst": text_files})
