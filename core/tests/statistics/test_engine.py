from __future__ import annotations

import math

import pytest

from themis import StatsEngine
from themis.statistics import compare, mean_estimate, welch

BEFORE = {f"q{k}": k / 20 for k in range(20)}
AFTER = {f"q{k}": k / 20 + 0.02 + (k % 3) / 50 for k in reversed(range(20))}


def test_scores_are_summarised_with_the_engines_level():
    got = StatsEngine(ci_level=0.9).summarise([0.1, 0.5, None, math.nan, 0.9])

    assert got == mean_estimate([0.1, 0.5, 0.9], level=0.9)


def test_samples_of_an_item_count_once():
    got = StatsEngine().summarise({"a": [1, 0], "b": [1, None], "c": 0.0})

    assert (got.n, got.n_items) == (4, 3)


def test_scores_in_order_can_have_clusters():
    got = StatsEngine().summarise([1, 0, None, 1], clusters=["a", "a", "b", "c"])

    assert (got.n, got.n_items) == (3, 2)


def test_items_are_paired_by_name_and_never_by_position():
    got = StatsEngine().compare(BEFORE, AFTER)

    assert (got.pair_count, got.verdict) == (20, "improved")
    assert got == compare(list(BEFORE.values()), [AFTER[name] for name in BEFORE])


def test_scores_in_order_are_of_the_same_items():
    got = StatsEngine(margin=0.1).compare([0, 1] * 200, [0, 1] * 200)

    assert got.verdict == "equivalent"


def test_sides_that_share_no_item_are_compared_as_independent():
    after = {f"r{name}": score for name, score in AFTER.items()}

    got = StatsEngine().compare(BEFORE, after)

    assert got.method == "welch"
    assert got.p_value == welch(list(BEFORE.values()), list(after.values())).p_value


def test_items_can_belong_to_larger_units():
    units = {name: name[-1] for name in BEFORE}

    got = StatsEngine().compare(BEFORE, AFTER, clusters=units)

    assert (got.pair_count, got.n_items) == (20, 10)


def test_the_direction_is_the_engines_unless_one_is_given():
    engine = StatsEngine(direction="minimize")

    assert engine.compare(BEFORE, AFTER).verdict == "regressed"
    assert engine.compare(BEFORE, AFTER, direction="maximize").verdict == "improved"


def test_what_one_call_compares_is_one_family():
    sides = {"a": (BEFORE, AFTER), "b": (BEFORE, BEFORE), "c": (AFTER, BEFORE)}

    got = StatsEngine(correction="holm").compare_all(sides, directions={"c": "minimize"})

    assert [one.name for one in got] == ["a", "b", "c"]
    assert [one.family_size for one in got] == [3, 3, 3]
    assert got[0].adjusted_p_value == pytest.approx(3 * got[0].comparison.p_value)
    assert [one.verdict for one in got] == ["improved", "inconclusive", "improved"]


def test_what_could_not_be_tested_is_of_the_family():
    equal = ([0.25, 0.5], [0.25, 0.5])

    got = StatsEngine(margin=0.01).compare_all({"a": equal, "b": equal})

    assert [(one.family_size, one.adjusted_p_value) for one in got] == [(2, None)] * 2


def test_equivalence_is_judged_within_the_family_too():
    engine = StatsEngine(margin=0.1, correction="holm")
    alike = ([0, 1] * 16, [0, 1] * 16)

    alone = engine.compare_all({"a": alike})
    both = engine.compare_all({"a": alike, "b": alike})

    assert 0.025 < alone[0].comparison.equivalence_p < 0.05
    assert [one.verdict for one in [*alone, *both]] == ["equivalent", *["inconclusive"] * 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ci_level": 95}, "a confidence level lies between 0 and 1"),
        ({"correction": "fdr"}, "unknown p-value correction 'fdr'"),
        ({"margin": -1}, "a margin is the largest difference"),
        ({"power": 0}, "power lies between 0 and 1"),
        ({"direction": "up"}, "unknown direction 'up'"),
    ],
)
def test_an_option_out_of_range_is_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        StatsEngine(**options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"baseline": BEFORE, "candidate": [1.0]}, "one side is by item and the other in order"),
        ({"baseline": [1.0], "candidate": [1.0], "clusters": {}}, "need clusters in order"),
        ({"baseline": BEFORE, "candidate": AFTER, "clusters": ["a"]}, "need clusters by item"),
    ],
)
def test_sides_given_in_different_ways_are_an_error(arguments, message):
    with pytest.raises(TypeError, match=message):
        StatsEngine().compare(**arguments)


def test_clusters_of_another_length_are_an_error():
    with pytest.raises(ValueError, match="2 values with 1 clusters"):
        StatsEngine().summarise([0.0, 1.0], clusters=["a"])


def test_samples_whose_sum_overflows_have_a_mean():
    got = StatsEngine().compare({"a": [1e308, 1e308], "b": 1.0}, {"a": 1.0, "b": 2.0})

    assert got.baseline_mean == pytest.approx(5e307)
    assert (got.p_value, got.reason) == (
        None,
        "the scores are too large: their squares overflow",
    )


def test_an_infinite_sample_is_refused_by_name():
    with pytest.raises(ValueError, match="value 1 is -inf: leave out or count"):
        StatsEngine().compare({"a": [1.0, -math.inf]}, {"a": 1.0})
