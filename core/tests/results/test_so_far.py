from __future__ import annotations

import random

import pytest

from themis.statistics import bounded_confidence_sequence

ITEMS = [f"i{k}" for k in range(120)]


def ahead(cell) -> float:
    place = int(cell.item_id[1:])
    return (place * 7 % 11) / 22 + 0.4 * (cell.model == "beta") * (place % 3 > 0)


def so_far(result, **options):
    return result.compare_so_far(
        metric_id="accuracy", baseline_model_id="alpha", treatment_model_id="beta", **options
    )


def test_a_clear_lead_is_decided(result_of):
    found = so_far(result_of(ahead, items=ITEMS))

    assert (found.n_items, found.verdict, found.decided) == (120, "improved", True)
    assert 0 < found.ci_lower < found.delta_mean < found.ci_upper


def test_the_verdict_follows_the_direction(result_of):
    result = result_of(ahead, items=ITEMS, directions={"accuracy": "minimize"})

    assert so_far(result).verdict == "regressed"


def test_the_interval_is_wider_than_that_of_a_run_that_has_ended(result_of):
    result = result_of(ahead, items=ITEMS)
    [ended] = result.paired_compare(metric_id="accuracy")
    found = so_far(result)

    assert found.delta_mean == pytest.approx(ended["delta_mean"])
    assert found.ci_lower < ended["ci_lower"]
    assert found.ci_upper > ended["ci_upper"]


def test_nothing_is_decided_of_few_items(result_of):
    found = so_far(result_of(ahead, items=ITEMS[:5]))

    assert (found.n_items, found.p_value, found.decided) == (5, None, False)
    assert found.verdict == "inconclusive"


@pytest.mark.parametrize("lead", [0.0, 0.1])
def test_differences_that_only_rounding_tells_apart_decide_nothing(result_of, lead):
    def outcome(cell) -> float:
        return int(cell.item_id[1:]) / 37 + lead * (cell.model == "beta")

    found = so_far(result_of(outcome, items=ITEMS))

    assert (found.p_value, found.ci_lower, found.ci_upper) == (None, None, None)
    assert found.verdict == "inconclusive"


def test_items_that_one_model_has_not_done_do_not_count(result_of, timed_out):
    def outcome(cell):
        return None if cell.model == "beta" and cell.item_id > "i2" else ahead(cell)

    found = so_far(result_of(outcome, items=ITEMS))

    assert 0 < found.n_items < 120


def test_prompts_and_samples_of_an_item_are_one_difference(result_of):
    result = result_of(ahead, items=ITEMS[:30], prompts=("p", "q"), num_samples=2)

    assert so_far(result).n_items == 30


def test_an_unknown_model_lists_the_known_ones(result_of):
    with pytest.raises(ValueError, match="no model 'gpt'; it has: alpha, beta"):
        result_of().compare_so_far(
            metric_id="accuracy", baseline_model_id="gpt", treatment_model_id="beta"
        )


def test_of_a_metric_with_bounds_the_interval_holds_from_the_first_item_on(result_of):
    bounded = result_of(ahead, items=ITEMS, bounds={"accuracy": (0.0, 1.0)})
    found = so_far(bounded)

    assert found.method == "empirical_bernstein_confidence_sequence"
    assert (found.holds_always, found.p_value) == (True, None)
    assert found.ci_lower < found.delta_mean < found.ci_upper
    assert not so_far(result_of(ahead, items=ITEMS, name="unbounded")).holds_always


def test_without_bounds_nothing_is_said_before_fifty_items(result_of):
    assert so_far(result_of(ahead, items=ITEMS[:49])).ci_lower is None
    assert so_far(result_of(ahead, items=ITEMS[:50], name="more")).ci_lower is not None


def test_a_sure_lead_within_bounds_is_decided(result_of):
    def outcome(cell):
        return float(cell.model == "beta")

    found = so_far(result_of(outcome, items=ITEMS, bounds={"accuracy": (0.0, 1.0)}))

    assert (found.verdict, found.decided) == ("improved", True)


@pytest.mark.slow
def test_stopping_when_it_is_decided_errs_no_more_often_than_it_says():
    """Of lopsided differences too: one item in ten far better, the others a little worse."""
    chance, wrong = random.Random(7), 0
    for _ in range(400):
        deltas = [0.9 if chance.random() < 0.1 else -0.1 for _ in range(600)]
        found = bounded_confidence_sequence(deltas, low=-1.0, high=1.0)
        wrong += found.decided_at is not None
    assert wrong / 400 <= 0.05
