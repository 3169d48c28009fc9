from __future__ import annotations

import asyncio

import pytest

from themis.runtime import stopping
from themis.runtime.cancellation import Cancellation
from themis.runtime.stopping import StopWhenDecided, stop_early

BOUNDS = {"accuracy": (0.0, 1.5)}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(stopping, "_EVERY_SECONDS", 0.0)


def ended(rule) -> bool:
    async def asked() -> bool:
        cancellation = Cancellation()
        await asyncio.wait_for(stop_early(rule, None, "run", cancellation=cancellation), 5)
        return cancellation.draining.is_set()

    return asyncio.run(asked())


def test_a_rule_is_asked_until_it_gives_a_reason():
    answers = iter([None, None, "enough"])

    assert ended(lambda store, run_id: next(answers))


def test_a_rule_that_raises_is_asked_no_more_and_the_run_goes_on():
    def broken(store, run_id):
        raise RuntimeError("broken")

    assert not ended(broken)


def test_a_decided_run_says_by_how_much(result_of, run_store):
    def outcome(cell) -> float:
        place = int(cell.item_id[1:])
        return (place * 7 % 11) / 22 + (0.4 + place % 3 / 9) * (cell.model == "beta")

    result = result_of(outcome, items=[f"i{k}" for k in range(60)], bounds=BOUNDS)
    rule = StopWhenDecided(
        metric_id="accuracy", baseline_model_id="alpha", treatment_model_id="beta"
    )

    assert rule(run_store, result.run_id) == rule.reason
    assert rule.reason.startswith("accuracy is decided after 60 items: beta less alpha is +0.5")


def test_an_undecided_run_goes_on(result_of, run_store):
    rule = StopWhenDecided(
        metric_id="accuracy", baseline_model_id="alpha", treatment_model_id="beta"
    )

    assert rule(run_store, result_of(bounds=BOUNDS).run_id) is None


def test_a_metric_without_bounds_ends_no_run(result_of, run_store):
    rule = StopWhenDecided(
        metric_id="accuracy", baseline_model_id="alpha", treatment_model_id="beta"
    )

    with pytest.raises(ValueError, match="declares no lowest and highest value"):
        rule(run_store, result_of().run_id)
