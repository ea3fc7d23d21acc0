"""Golden cases: a file in tests/golden, and beside it the expected columns as JSON."""

import json
from dataclasses import asdict

import pytest

from paths import GOLDEN
from posts.parse import parse
from posts.sources.files import RawFile
from schemas.enums import HtmlParser
from schemas.keys import blob_id

CASES = sorted(path for path in GOLDEN.rglob("*.*") if path.suffix != ".json")


@pytest.mark.parametrize("engine", HtmlParser)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(GOLDEN).as_posix())
def test_a_file_becomes_what_is_written_beside_it(case, engine):
    expected = json.loads(case.with_suffix(".json").read_text("utf-8"))
    content = case.read_bytes()
    outcome = asdict(
        parse(RawFile("/blog", case.relative_to(GOLDEN).as_posix(), content, blob_id(content)), engine)
    )
    as_json = json.loads(json.dumps(outcome, default=lambda moment: moment.isoformat()))
    assert {name: as_json[name] for name in expected} == expected


def test_every_expectation_belongs_to_a_case():
    assert {path.with_suffix("") for path in GOLDEN.rglob("*.json")} == {
        case.with_suffix("") for case in CASES
    }
