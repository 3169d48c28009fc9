from __future__ import annotations

import pytest

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
