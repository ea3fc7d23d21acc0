"""Minimum scores of cleaning, measured as `make bench-clean` does."""

import json

import pytest

from clean_score import average, score
from paths import GOLDEN
from posts.parse import parse
from posts.sources.files import RawFile
from schemas.keys import blob_id

CASES = sorted((GOLDEN / "clean").glob("*.md"))


@pytest.fixture(scope="module")
def scores():
    scores = []
    for case in CASES:
        content = case.read_bytes()
        text = parse(RawFile("/blog", case.name, content, blob_id(content))).text
        # a text of one block is not a list of lines
        scores.append(score(f"{text}\n\n", json.loads(case.with_suffix(".json").read_text("utf-8"))["text"]))
    return scores


def test_there_are_cases_enough_to_measure_by(scores):
    assert len(scores) >= 140


def test_the_golden_set_is_cleaned_as_an_editor_would(scores):
    mean = average(scores)
    assert (mean.gram >= 0.999, mean.block >= 0.99, mean.boundary >= 0.99) == (True, True, True), mean
