"""The whole pipeline on real posts; skipped if the corpora are missing."""

import json

import pytest

from clean_score import average, score
from corpora import unpack_sample
from flows.pipeline.direct import ingest
from flows.pipeline.learning.learn import load_templates
from flows.pipeline.options import IngestOptions
from lake.query.sql import run_query
from lake.store import open_lake
from paths import CORPORA
from posts.parse import parse_file
from tiers import examples

GOLD = CORPORA.parent / "gold"
# all of them in `make test-matrix`, every eighth and every third in `make test-all`
SAMPLE_STEPS = {"teahouse.tar.zst": 8, "oped2-dev.tar.zst": 3}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not here"),
]


@pytest.fixture(scope="module")
def summary_and_lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpora")
    for name, step in SAMPLE_STEPS.items():
        unpack_sample(name, folder / "posts", examples(step, 1))
    options = IngestOptions(sources=(str(folder / "posts"),), lake=folder / "lake")
    return ingest(options), open_lake(folder / "lake")


def test_every_real_file_is_a_post_or_a_copy_of_one(summary_and_lake):
    summary, _ = summary_and_lake
    assert summary.balanced
    assert (summary.found, summary.rejected, summary.ignored) == (examples(4425, 31768), 0, 0)


def test_every_real_post_has_a_title_a_date_and_an_address_of_its_own(summary_and_lake):
    query = """SELECT count(*) = count(DISTINCT post_id), count(*) FILTER (title = ''), count(*) - count(url),
               min(date) >= '2011-01-01', max(date) < '2026-01-01' FROM posts"""
    assert run_query(summary_and_lake[1], query, 1)[1] == [(True, 0, 0, True, True)]


def test_nothing_is_read_again_when_nothing_changed(summary_and_lake):
    summary, lake = summary_and_lake
    origin = lake.scan("files").select("origin").head(1).collect().item()
    second_run = ingest(IngestOptions(sources=(origin,), lake=lake.root))
    assert (second_run.unchanged, second_run.bytes_read) == (summary.found, 0)


def average_score(kind, templates):
    """Return the average score of the labelled posts of a kind, cleaned with templates."""
    rows = map(json.loads, (GOLD / "index.jsonl").read_text("utf-8").splitlines())
    return average(
        [
            score(
                parse_file(str(GOLD / row["path"]).encode(), templates=templates).text,
                (GOLD / "texts" / f"{row['id']}.txt").read_text("utf-8"),
            )
            for row in rows
            if row["kind"] == kind
        ]
    )


def test_labelled_articles_are_cleaned_to_the_bar_with_what_was_learned_of_their_sources(summary_and_lake):
    articles = average_score("article", load_templates(summary_and_lake[1]))
    assert (articles.gram >= 0.995, articles.block >= 0.98, articles.boundary >= 0.97) == (
        True,
        True,
        True,
    ), articles


# git takes half a minute of CPU time to index the bundle
@pytest.mark.matrix
def test_labelled_descriptions_are_cleaned_to_the_bar_with_what_was_learned_of_their_sources(
    summary_and_lake, tmp_path
):
    ingest(IngestOptions(sources=(f"{CORPORA}/society-history.bundle@master",), lake=tmp_path / "lake"))
    templates = {**load_templates(summary_and_lake[1]), **load_templates(open_lake(tmp_path / "lake"))}
    descriptions = average_score("description", templates)
    assert descriptions.gram >= 0.9, descriptions
