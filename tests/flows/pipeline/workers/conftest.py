"""Six posts to load on a Dask cluster, and again on this machine."""

import pytest

from archive import Archive
from dask_processes import running_scheduler


@pytest.fixture
def own_cluster(tmp_path):
    """A scheduler without workers, for one test."""
    with running_scheduler(tmp_path / "cluster") as processes:
        yield processes


@pytest.fixture
def small(archive):
    for number in range(6):
        archive.write(f"{number}.md", url=f"https://a.example/{number}", date=f"2024-0{number % 3 + 1}-05T00:00:00Z",
                      categories=[f"第{number % 2}刊"])  # fmt: skip
    return archive


@pytest.fixture
def twin(small):
    """Another lake for the six posts, which runs of this machine fill."""
    return Archive(small.folder, small.lake.with_name("local"))
