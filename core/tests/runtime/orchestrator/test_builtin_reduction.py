"""The reducers, selectors and set metrics that come along, in a run."""

from __future__ import annotations

import pytest

from themis.errors import SpecValidationError
from themis.specs import ReductionSpec, ScoreSpec

from .conftest import sums_benchmark, sums_slice

NUMERIC = {"id": "numeric_match"}
READ = ["first_number"]


class Unsure:
    """Right in samples 1 and 2, wrong in samples 0 and 3, whose output is the longest."""

    version = "1.0"

    async def infer(self, trial, context, runtime):
        right, sample = context["answer"], runtime.sample_index
        return [f"maybe {int(right) + 1}", right, f"so it is {right}", "a very long guess: 99"][
            sample
        ]


@pytest.fixture
def engine():
    return Unsure()


def run(make, *metrics, reducer=None, selector=None, parse="number"):
    reduction = ReductionSpec(reducer=reducer, selector=selector) if reducer else None
    scores = [ScoreSpec(name="s", parse=parse, metrics=list(metrics or [NUMERIC]))]
    entry = sums_slice(reduction=reduction, scores=scores)
    result = make().run(sums_benchmark(slices=[entry], num_samples=4))
    return {row["metric_id"]: row["mean"] for row in result.aggregate(group_by=["metric_id"])}


@pytest.mark.parametrize(
    ("reducer", "selector", "mean"),
    [
        ("first", None, 0.0),
        ("longest", None, 0.0),
        ({"id": "self_consistency", "config": {"extractors": READ}}, None, 1.0),
        ({"id": "best_of_n", "config": {"metric": NUMERIC, "extractors": READ}}, None, 1.0),
        ("first", {"id": "top_k", "config": {"k": 2, "metric": NUMERIC, "extractors": READ}}, 1.0),
        ("longest", {"id": "readable", "config": {"extractors": [
            {"id": "regex", "config": {"pattern": r"^(\d+)$"}}]}}, 1.0),
    ],
)  # fmt: skip
def test_one_candidate_is_chosen(make, reducer, selector, mean):
    assert run(make, reducer=reducer, selector=selector) == {"numeric_match": mean}


def test_pass_at_k_and_pass_hat_k_are_estimated_per_trial(make):
    passes = [
        {"id": name, "name": f"{name}@{k}", "config": {"k": k, "metric": NUMERIC}}
        for name in ("pass_at_k", "pass_hat_k")
        for k in (1, 2)
    ]
    assert run(make, *passes) == pytest.approx(
        {"pass_at_k@1": 0.5, "pass_at_k@2": 1 - 1 / 6, "pass_hat_k@1": 0.5, "pass_hat_k@2": 1 / 6}
    )


def test_more_draws_than_samples_are_undefined_and_counted(make):
    reduced = sums_slice(
        scores=[ScoreSpec(name="s", parse="number", metrics=[
            {"id": "pass_at_k", "config": {"k": 9, "metric": NUMERIC}}])]
    )  # fmt: skip
    result = make().run(sums_benchmark(slices=[reduced], num_samples=4))
    [first, *_] = result.iter_failures()
    assert first["message"] == "pass_at_k: k is 9, and there are 4 samples"
    assert result.counts().metric_errors == 6


def test_a_metric_of_sets_cannot_score_single_candidates(make):
    config = {"metric": {"id": "pass_at_k"}}
    with pytest.raises(SpecValidationError, match="which scores all of a trial's at once"):
        run(make, reducer={"id": "best_of_n", "config": config})
