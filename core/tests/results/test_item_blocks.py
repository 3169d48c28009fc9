from __future__ import annotations

import attrs
import pytest

from themis.results.aggregation import aggregate_scores
from themis.results.item_blocks import ItemBlocks, item_blocks


def blocks_of(result):
    side = result.run_side()
    with side.source.connection() as connection:
        return item_blocks(connection, side.layout)


def test_trials_in_the_order_of_a_plan_lie_item_by_item(result_of):
    result = result_of(prompts=("p", "q"), slices=("s",))

    assert blocks_of(result) == ItemBlocks(4, across=True)


def test_an_item_of_two_slices_is_in_two_blocks(result_of):
    assert blocks_of(result_of(slices=("s", "t"))) == ItemBlocks(2, across=False)


@pytest.mark.parametrize(
    "fields",
    [
        {"prompts": ("p", "q")},
        {"prompts": ("p", "q"), "num_samples": 2},
        {"slices": ("s", "t"), "prompts": ("p", "q")},
        {"slices": ("s", "t"), "metrics": (("a", "s"), ("b", "s"))},
    ],
)
@pytest.mark.parametrize("keys", ["metric_id", ["model_id", "slice_id"], []])
def test_blocks_give_the_same_figures_as_a_join(result_of, unscorable, fields, keys):
    scores = iter(range(10_000))

    def outcome(cell):
        place = next(scores)
        return unscorable if place % 11 == 3 else (7 * place % 13) / 12

    result = result_of(outcome, items=[f"i{k}" for k in range(5)], **fields)
    side = result.run_side()
    with side.source.connection() as connection:
        joined = aggregate_scores(connection, side.layout, group_by=keys, metrics=side.metrics)

    assert [
        {name: pytest.approx(v) if isinstance(v, float) else v for name, v in row.items()}
        for row in joined
    ] == result.aggregate(group_by=keys)


def test_trials_in_another_order_are_recognised(result_of):
    side = result_of(prompts=("p", "q")).run_side()
    layout = attrs.evolve(side.layout, arms=side.layout.arms[:3])  # as if each item had 3 trials

    with side.source.connection() as connection:
        assert item_blocks(connection, layout) is None


def test_slices_with_differing_numbers_of_arms_have_no_common_block(result_of):
    side = result_of(slices=("s", "t")).run_side()
    layout = attrs.evolve(side.layout, arms=side.layout.arms[:-1])
    with side.source.connection() as connection:
        assert item_blocks(connection, layout) is None
