from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from themis.planning.seeds import MAX_SEED, candidate_seed, derive_seed, judge_seed

TRIAL = bytes(range(32))
OTHER = bytes(reversed(range(32)))


@given(st.integers(), st.binary(max_size=40), st.integers(min_value=0, max_value=10**6))
def test_every_seed_fits_31_bits(global_seed, trial, index):
    for seed in (derive_seed(global_seed, trial, index), judge_seed(global_seed, trial, index)):
        assert 0 <= seed <= MAX_SEED


def test_seeds_are_pinned():
    assert [derive_seed(0, TRIAL, n) for n in range(3)] == [129553803, 1808207559, 926802479]
    assert derive_seed(7, TRIAL, 0) == 1673932561
    assert [judge_seed(7, TRIAL, n) for n in range(2)] == [1749182863, 923032151]
    assert [candidate_seed(7, TRIAL, n, explicit=42) for n in range(3)] == [
        42,
        587136279,
        1346545638,
    ]


def test_trial_sample_and_global_seed_each_change_the_seed():
    seeds = {
        derive_seed(0, TRIAL, 0),
        derive_seed(0, TRIAL, 1),
        derive_seed(0, OTHER, 0),
        derive_seed(1, TRIAL, 0),
    }
    assert len(seeds) == 4


def test_an_explicit_seed_wins_and_later_samples_still_differ():
    seeds = [candidate_seed(0, TRIAL, n, explicit=1234) for n in range(50)]
    assert seeds[0] == 1234
    assert len(set(seeds)) == 50


def test_an_explicit_seed_is_the_same_for_every_trial_and_project():
    assert candidate_seed(0, TRIAL, 3, explicit=5) == candidate_seed(9, OTHER, 3, explicit=5)


def test_without_an_explicit_seed_the_candidate_gets_the_derived_one():
    assert candidate_seed(3, TRIAL, 2) == derive_seed(3, TRIAL, 2)


def test_a_judge_never_shares_the_seed_of_the_candidate_it_judges():
    assert judge_seed(0, TRIAL, 0) != derive_seed(0, TRIAL, 0)
