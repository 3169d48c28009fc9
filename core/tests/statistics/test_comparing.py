from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from themis.statistics import (
    compare,
    compare_unpaired,
    detectable_gain,
    detectable_share,
    items_for_proportions,
    mcnemar_midp_p,
    newcombe,
    paired_t,
    welch,
)
from themis.statistics.paired import SMALLEST_P
from themis.testing.kits.timing import cpu_seconds

PAIRS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=24)
BINARY = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=40)


def split(pairs):
    return [float(left) for left, _ in pairs], [float(right) for _, right in pairs]


def figures(found):
    return (found.delta_mean, found.p_value, found.ci_lower, found.ci_upper)


def same(found):
    return [value if value is None else pytest.approx(value, abs=1e-9) for value in figures(found)]


def test_0_and_1_pairs_go_to_mcnemar():
    found = compare([0] * 9 + [1] * 41, [1] * 9 + [1] * 40 + [0])

    assert (found.method, found.p_value) == ("mcnemar_midp", pytest.approx(mcnemar_midp_p(9, 1)))
    assert found.delta_mean == pytest.approx(8 / 50)
    assert found.verdict == "improved"


def test_many_discordant_pairs_go_to_the_t_test():
    rng = np.random.default_rng(1)
    before, after = rng.integers(0, 2, 500), rng.integers(0, 2, 500)

    assert compare(before, after).method == "paired_t"


@pytest.mark.parametrize(("wins", "losses", "ties"), [(150, 0, 1), (101, 0, 3), (400, 4, 0)])
def test_many_discordant_pairs_that_are_nearly_all_alike_do_not_pass_1(wins, losses, ties):
    before = [0] * wins + [1] * (losses + ties)
    after = [1] * wins + [0] * losses + [1] * ties

    for found in (compare(before, after), compare(after, before)):
        assert found.method == "mcnemar_midp"
        assert -1 < found.ci_lower < found.delta_mean < found.ci_upper < 1


def test_continuous_pairs_get_the_paired_t_test():
    before, after = [k / 10 for k in range(9)], [k / 9 for k in range(9)]
    expected = paired_t(before, after)

    found = compare(before, after)

    assert (found.method, found.p_value, found.ci_lower) == (
        "paired_t",
        expected.p_value,
        expected.ci_lower,
    )


def test_few_pairs_are_permuted_in_every_way():
    found = compare([0.0] * 7, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])

    assert (found.method, found.p_value) == ("sign_flip_exact", 2 / 128)
    assert 0 < found.ci_lower < found.delta_mean < found.ci_upper


def test_too_few_pairs_for_an_interval_have_a_p_and_say_why():
    found = compare([0.0, 0.0, 0.0], [0.1, 0.2, 0.3])

    assert (found.p_value, found.ci_lower) == (0.25, None)
    assert found.reason == "too few items for an interval at this level: p is exact"
    assert found.verdict == "inconclusive"


def test_pairs_of_one_cluster_are_one_unit():
    found = compare([0, 0, 1, 1], [1, 1, 1, 0], clusters=["a", "a", "b", "c"])

    assert (found.method, found.pair_count, found.n_items) == ("paired_t_item_clusters", 4, 3)


def test_40_wins_of_40_are_not_a_p_of_0():
    found = compare([0] * 40, [1] * 40)

    assert found.p_value == pytest.approx(9.1e-13, rel=0.01)
    assert 0.8 < found.ci_lower < found.ci_upper == 1.0


def test_100_items_that_all_improve_are_beyond_doubt():
    found = compare([0] * 100, [1] * 100)

    assert 0 < found.p_value < 1e-20
    assert found.verdict == "improved"


def test_a_pair_without_a_score_is_dropped_and_counted_by_side():
    found = compare([0.1, None, 0.3, math.nan], [0.2, 0.4, None, None])

    assert (found.pair_count, found.dropped_baseline, found.dropped_candidate) == (1, 2, 2)
    assert (found.n_baseline, found.n_candidate) == (2, 2)


def test_a_candidate_without_scores_is_missing():
    found = compare([0.1, 0.2], [math.nan, None])

    assert (found.verdict, found.p_value) == ("missing", None)
    assert found.with_adjusted_p(0.001).verdict == "missing"


def test_sides_that_share_nothing_are_not_comparable():
    assert compare([0.1, None], [None, 0.2]).verdict == "not_comparable"
    assert compare([], []).verdict == "not_comparable"


def test_direction_turns_the_verdict():
    before, after = [0.0] * 30, [1.0] * 30

    verdicts = [
        compare(before, after, direction=way).verdict for way in ("maximize", "minimize", "none")
    ]

    assert verdicts == ["improved", "regressed", "inconclusive"]


def test_no_difference_is_not_equivalence_until_it_is_shown():
    few, many = [0, 1] * 5, [0, 1] * 500

    assert compare(few, few, margin=0.02).verdict == "inconclusive"
    assert compare(many, many, margin=0.02).verdict == "equivalent"
    assert compare(many, many).verdict == "inconclusive"


def test_pairs_that_all_agree_have_an_interval_but_nothing_to_test():
    found = compare([0, 1] * 50, [0, 1] * 50)

    assert found.p_value is None
    assert found.reason == "no item differs: nothing to test"
    assert -0.05 < found.ci_lower < 0 < found.ci_upper < 0.05


def test_a_significant_change_within_the_margin_is_equivalent():
    rng = np.random.default_rng(3)
    before = rng.random(5000)
    found = compare(before, before + 0.01 + rng.normal(0, 0.05, 5000), margin=0.05)

    assert found.p_value < 0.001
    assert found.verdict == "equivalent"


@pytest.mark.parametrize(("items", "verdict"), [(20, "inconclusive"), (80, "equivalent")])
def test_scores_that_all_agree_are_equivalent_once_there_are_enough(items, verdict):
    scores = [0.0, 0.4, 0.7, 1.0] * (items // 4)

    found = compare(scores, scores, margin=0.05)

    assert found.verdict == verdict
    assert found.equivalence_p == pytest.approx(0.95**items)


@pytest.mark.parametrize("shift", [0.0, 0.01])
def test_scores_that_span_nothing_show_no_equivalence_and_it_says_why(shift):
    found = compare([0.5] * 50, [0.5 + shift] * 50, margin=0.05)

    assert found.equivalence_p is None
    assert "nothing bounds what was not seen: equivalence is undefined" in found.reason


def test_a_few_clusters_that_all_agree_show_no_equivalence():
    found = compare([0, 1] * 10, [0, 1] * 10, clusters=[k // 2 for k in range(20)], margin=0.02)

    assert (found.verdict, found.equivalence_p) == ("inconclusive", pytest.approx(0.98**10))


@pytest.mark.slow
@pytest.mark.parametrize("n", [6, 20, 30, 100, 300])
@pytest.mark.parametrize(
    ("moved", "clustered"), [(0.0, False), (0.1, False), (0.9, False), (0.0, True)]
)
def test_equivalence_is_not_claimed_of_scores_with_rare_large_losses(n, moved, clustered):
    """The true difference is the margin; `moved` of the items differ a little besides."""
    rng, rounds = np.random.default_rng(n), 1500
    clusters = [k // 2 for k in range(n)] if clustered else None
    claimed = 0
    for _ in range(rounds):
        before = rng.choice([0.25, 0.5, 0.75, 1.0], n)
        little = rng.choice([-0.1, 0.1], n) * (rng.random(n) < moved)
        after = np.where(rng.random(n) < 0.05 / before.mean(), 0.0, before + little)
        found = compare(before, after, margin=0.05, clusters=clusters)
        claimed += found.verdict == "equivalent"

    assert claimed / rounds <= 0.055


def test_equality_of_graded_scores_is_shown_by_enough_of_them():
    rng = np.random.default_rng(4)
    before = rng.choice([0.25, 0.5, 0.75, 1.0], 400)
    after = before + rng.choice([-0.1, 0.0, 0.1], 400, p=[0.1, 0.8, 0.1])

    assert compare(before, after, margin=0.02).verdict == "equivalent"
    assert compare(before[:40], after[:40], margin=0.02).verdict == "inconclusive"


def test_a_p_of_equivalence_too_small_for_a_float_is_not_0():
    assert compare([0, 1] * 20, [0, 1] * 20, margin=1).equivalence_p == SMALLEST_P


def test_the_detectable_difference_is_about_three_standard_errors():
    found = compare([0.1, 0.4, 0.2, 0.6] * 10, [0.3, 0.2, 0.4, 0.6] * 10)

    assert found.mde == pytest.approx(2.8016 * found.se, rel=1e-4)


@pytest.mark.parametrize("wins", [0, 1, 3])
def test_the_detectable_difference_is_one_that_the_exact_test_can_find(wins):
    found = compare([0] * 400, [1] * wins + [0] * (400 - wins))

    assert found.mde == detectable_gain(400) == pytest.approx(0.0167, abs=1e-4)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (compare([0.1, 0.2, 0.3], [0.15, 0.22, 0.39]), "too few items for an interval at this lev"),
        (compare([0, 0, 0], [1, 0, 0]), "too few items for any finding at this level"),
        (compare([0.5] * 9, [0.5] * 9), "no item differs: nothing to test"),
        (compare_unpaired([0], [1]), "too few items to find any difference with this power"),
    ],
)
def test_where_nothing_could_have_been_found_no_difference_is_detectable(found, reason):
    assert found.mde is None
    assert found.reason.startswith(reason)


@pytest.mark.slow
@pytest.mark.parametrize("n", [6, 8, 10, 20, 29])
@pytest.mark.parametrize("each", [1, 3])
def test_the_detectable_difference_of_few_units_is_found_as_often_as_it_says(n, each):
    rng = np.random.default_rng(n)
    spread = np.linspace(-1, 1, n)
    spread = np.repeat(spread / spread.std(ddof=1), each)  # of standard deviation 1
    clusters = np.repeat(np.arange(n), each).tolist()
    mde = compare(np.zeros(n * each), spread + 1e-9, clusters=clusters).mde
    found = [
        compare(np.zeros(n * each), np.repeat(rng.normal(mde, 1, n), each), clusters=clusters)
        for _ in range(1500)
    ]

    assert 0.77 <= np.mean([one.p_value < 0.05 for one in found]) <= 0.85


@pytest.mark.parametrize(("n", "before"), [(8, 0.05), (8, 0.3), (20, 0.3), (20, 0.5), (50, 0.3)])
def test_the_detectable_difference_of_two_shares_is_found_as_often_as_it_says(n, before):
    mde = detectable_share(before, items=(n, n))
    chance = 0.0
    for k in range(n + 1):
        for j in range(n + 1):
            if newcombe((k, n), (j, n)).p_value < 0.05:
                chance += binom.pmf(k, n, before) * binom.pmf(j, n, before + mde)

    assert 0.77 <= chance <= 0.88


def test_pairs_of_two_shares_have_the_detectable_difference_of_shares():
    found = compare_unpaired([1] * 5 + [0] * 15, [1] * 9 + [0] * 16)

    assert found.mde == detectable_share(0.25, items=(20, 25))
    assert 20 < items_for_proportions(0.25, 0.25 + found.mde) < 25


def test_no_detectable_difference_of_right_and_wrong_is_past_1():
    assert compare([0, 1, 0, 1, 0, 1], [1, 0, 1, 0, 1, 0]).mde == 1.0


def test_scores_of_different_items_are_compared_by_welch_and_it_says_so():
    before, after = [0.1, 0.4, 0.35], [0.5, 0.9]

    found, expected = compare_unpaired(before, after), welch(before, after)

    assert (found.method, found.p_value) == ("welch", expected.p_value)
    assert (found.pair_count, found.n_items) == (0, 5)


def test_proportions_of_different_items_are_compared_by_newcombe():
    found = compare_unpaired([0, 1] * 20, [1] * 30 + [0] * 5, margin=0.9)

    assert (found.method, found.verdict) == ("newcombe", "equivalent")
    assert (found.p_value < 0.05) == (found.ci_lower > 0)


def test_clusters_of_different_items_count_as_units():
    found = compare_unpaired(
        [0.1, 0.2, 0.4], [0.5, 0.9, 0.4], baseline_clusters="aab", candidate_clusters="cdd"
    )

    assert (found.method, found.n_items) == ("welch_clusters", 4)


def test_one_side_without_scores_is_not_comparable_or_missing():
    assert compare_unpaired([], [0.1]).verdict == "not_comparable"
    assert compare_unpaired([0.1, 0.3], [None]).verdict == "missing"
    assert compare_unpaired([0.1, 0.3], [None]).reason == "one side has no scores"


@given(PAIRS)
def test_the_interval_leaves_out_0_exactly_where_p_says_so(pairs):
    found = compare(*split(pairs))
    if found.p_value is None or found.ci_lower is None or found.ci_upper is None:
        return

    assert (found.ci_lower > 0 or found.ci_upper < 0) == (found.p_value < 0.05)


@given(BINARY)
def test_0_and_1_pairs_agree_with_their_interval_too(pairs):
    found = compare(*split(pairs))

    assert found.ci_lower < found.ci_upper
    assert -1 <= found.ci_lower <= found.delta_mean <= found.ci_upper <= 1
    if found.p_value is not None:
        assert (found.ci_lower > 0 or found.ci_upper < 0) == (found.p_value < 0.05)


@given(PAIRS, st.randoms())
def test_the_order_of_pairs_does_not_matter(pairs, shuffler):
    shuffled = list(pairs)
    shuffler.shuffle(shuffled)

    assert list(figures(compare(*split(shuffled)))) == same(compare(*split(pairs)))


@given(PAIRS)
def test_relabelling_the_sides_turns_the_signs(pairs):
    before, after = split(pairs)
    there, back = compare(before, after), compare(after, before)

    assert back.p_value == (there.p_value and pytest.approx(there.p_value))
    assert back.delta_mean == pytest.approx(-there.delta_mean)
    if there.ci_lower is not None:
        assert (back.ci_lower, back.ci_upper) == pytest.approx((-there.ci_upper, -there.ci_lower))


@given(PAIRS, st.integers(-5, 5))
def test_adding_a_constant_to_both_sides_changes_nothing(pairs, constant):
    before, after = (np.array(side) + 0.25 for side in split(pairs))

    moved = compare(before + constant, after + constant)

    assert list(figures(moved)) == same(compare(before, after))


def test_100000_pairs_take_less_than_half_a_second():
    rng = np.random.default_rng(5)
    before = rng.random(100_000)
    after = (before + rng.normal(0.01, 0.1, 100_000)).tolist()
    found = None

    def compare_all():
        nonlocal found
        found = compare(before.tolist(), after, clusters=range(100_000), margin=0.02)

    assert cpu_seconds(compare_all, allowed=0.5) < 0.5
    assert None not in (found.ci_lower, found.p_value, found.mde)
    assert found.verdict == "equivalent"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"candidate": [1.0]}, "2 baseline and 1 candidate values: give one per pair"),
        ({"clusters": ["a"]}, "2 pairs with 1 clusters: give one cluster per pair"),
        ({"candidate": [1.0, math.inf]}, "value 1 is inf: leave out or count"),
        ({"level": 95}, "a confidence level lies between 0 and 1"),
        ({"direction": "up"}, "unknown direction 'up'; known: maximize, minimize, none"),
        ({"margin": -0.1}, "a margin is the largest difference that does not matter"),
        ({"power": 1.5}, "power lies between 0 and 1"),
    ],
)
def test_what_cannot_be_compared_is_an_error(arguments, message):
    with pytest.raises(ValueError, match=message):
        compare(**{"baseline": [0.0, 0.5], "candidate": [1.0, 0.2], **arguments})


def test_clusters_of_another_length_are_refused():
    with pytest.raises(ValueError, match="2 values with 1 clusters: give one cluster per value"):
        compare_unpaired([0.1, 0.2], [0.3], baseline_clusters=["a"])
