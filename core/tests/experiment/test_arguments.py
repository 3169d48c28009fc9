"""The arguments of evaluate and Experiment: what else is taken, and what is refused."""

from __future__ import annotations

from collections import UserList, deque

import pytest

from themis import Experiment, evaluate
from themis.errors import SpecValidationError


def adds(question):
    left, right = question.split(" + ")
    return str(int(left) + int(right))


def test_an_unknown_metric_is_an_error_that_names_a_near_one(sums):
    with pytest.raises(SpecValidationError, match="exact_match"):
        evaluate(model=adds, data=sums, metric="exact_mach")


def test_what_is_no_component_says_what_may_be_given(sums):
    with pytest.raises(ValueError, match="a plain function, or a component with infer"):
        evaluate(model=42, data=sums, metric="exact_match")


class Untold:
    def fingerprint(self):
        raise LookupError("no version")

    def __call__(self, question):
        return "4"


def test_a_component_whose_fingerprint_fails_is_refused_by_the_argument(sums):
    message = "^model: cannot be told from another one: LookupError: no version"
    with pytest.raises(SpecValidationError, match=message):
        evaluate(model=Untold(), data=sums, metric="exact_match")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"samples": 0}, "samples: Input should be greater than or equal to 1; got 0"),
        ({"metric": ["exact_match", 5]}, r"metric\[1\]: is a int; give a reference"),
        ({"runtime": {"max_tasks": 1}}, "runtime.max_tasks: is no field; did you mean .max_conc"),
        ({"metric": ["exact_match"] * 2}, r"metric\[1\]: .* is listed twice"),
    ],
)
def test_an_argument_that_cannot_be_is_named_as_it_was_given(sums, given, message):
    with pytest.raises(SpecValidationError, match=f"^{message}"):
        evaluate(**{"model": "echo", "data": sums, "metric": "exact_match", **given})


def test_an_override_of_no_metric_is_refused(sums):
    with pytest.raises(SpecValidationError, match="did you mean 'exact_match'"):
        evaluate(
            model=adds,
            data=sums,
            metric="exact_match",
            workflow_overrides={"exact_mach": {"strip": False}},
        )


def test_a_judge_that_nobody_asks_is_refused(sums):
    with pytest.raises(SpecValidationError, match="no metric of the experiment asks a judge"):
        evaluate(model=adds, data=sums, metric="exact_match", judge=lambda prompt: "yes")


def test_every_kind_of_sequence_is_taken_where_several_may_be_given(sums, counting):
    result = evaluate(
        model=counting,
        data=sums[:1],
        metric=deque(["exact_match", "contains"]),
        parser=UserList(["first_number"]),
        seeds=range(2),
    )
    assert set(result.metric_means) == {"exact_match", "contains"}
    spec = Experiment(
        generation={"generator": counting},
        evaluation={"metrics": deque(["exact_match"])},
        datasets=deque([{"cases": deque(sums[:1])}]),
        seeds=range(2),
    )
    assert list(spec.seeds) == [0, 1]
    assert len(spec.evaluation.metrics) == 1


class Told:
    def __init__(self):
        self.kinds = []

    def on_event(self, event):
        self.kinds.append(event.kind)


def test_one_subscriber_needs_no_list(sums, counting):
    told = Told()
    evaluate(model=counting, data=sums[:1], metric="exact_match", subscribers=told)
    assert "generation_completed" in told.kinds


@pytest.mark.parametrize("given", [5, "me", {"on_event": print}])
def test_what_can_be_told_nothing_is_refused(sums, given):
    kind = type(given).__name__
    with pytest.raises(
        SpecValidationError, match=rf"^subscribers is a {kind}; give an object with"
    ):
        evaluate(model="echo", data=sums, metric="exact_match", subscribers=given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"runtime": {"existing_run_policy": "x"}},
            "runtime.existing_run_policy: Input should be 'auto', 'error' or 'rerun'; got 'x'",
        ),
        ({"runtime": {"max_tasks": 1}}, "runtime.max_tasks: is no field; did you mean"),
        (
            {"store": {"store": "sqlite", "parameters": {"pth": 1}}},
            "storage.parameters.pth: sqlite has no such parameter; it has: path",
        ),
    ],
)
def test_what_run_is_given_wrong_is_one_kind_of_error(sums, given, message):
    experiment = Experiment(
        generation={"generator": "echo"},
        evaluation={"metrics": "exact_match"},
        datasets=[{"cases": sums}],
    )
    with pytest.raises(SpecValidationError, match=f"^{message}"):
        experiment.run(**given)


def test_a_storage_that_is_wrong_is_named(sums):
    storage = {"store": "sqlite", "parameters": {"pth": 1}}
    with pytest.raises(SpecValidationError, match=r"^storage.parameters.pth: sqlite has no such"):
        evaluate(model="echo", data=sums, metric="exact_match", storage=storage)
