"""Mutated posts, as `make fuzz-posts` parses a million of them."""

import pytest

from mutate import run
from mutations import mutate, read_seeds
from tiers import examples

MUTATIONS = examples(20_000, 100_000)


@pytest.mark.slow
def test_mutated_posts_are_parsed_without_a_fault_and_alike_in_one_process_and_in_two():
    result = run(MUTATIONS, seed=1)
    assert result.faults == {}
    assert result.reasons.total() == MUTATIONS
    assert result.reasons["post"] > MUTATIONS / 4


def test_a_mutation_is_the_same_each_time():
    seeds = read_seeds()
    mutations = [mutate(seeds, number) for number in range(20)]
    assert mutations == [mutate(seeds, number) for number in range(20)]
    assert len(set(mutations)) == 20
