"""Prices as files write them."""

from __future__ import annotations

import pytest

from themis.errors import SpecValidationError
from themis.planning.estimate import CostEstimate, ModelEstimate, Price, read_prices


def test_prices_are_read_per_model():
    prices = read_prices({"gpt": {"prompt": 2.5, "completion": 10}})
    assert prices == {"gpt": Price(prompt=2.5, completion=10.0)}


def test_every_wrong_price_is_reported_at_once():
    with pytest.raises(SpecValidationError, match=r"prices\.a: give two prices") as error:
        read_prices({"a": {"prompt": -1, "completion": 1}, "b": 3, "c": {"prompt": 1}})
    assert [issue.key for issue in error.value.issues] == ["prices.a", "prices.b", "prices.c"]


def test_the_cost_is_unknown_when_one_model_has_no_price():
    models = tuple(
        ModelEstimate(
            model_id=name, calls=1, prompt_tokens=1, completion_tokens_at_most=1, cost_at_most=cost
        )
        for name, cost in (("a", 1.0), ("b", None))
    )
    estimate = CostEstimate(run_id="r", stages={}, models=models, assumptions=())
    assert estimate.cost_at_most is None
    assert estimate.to_dict()["prompt_tokens"] == 2
