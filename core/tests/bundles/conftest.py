"""A run with everything that bundles carry: failures, a vote, parses, scores and judges."""

from __future__ import annotations

import pytest

import themis
from themis import InMemoryRunStore

STAGES = ("generation", "reduction", "parse", "score", "evaluation")
CASES = [
    {"input": f"{n} + {n}", "expected_output": str(2 * n), "case_id": f"c{n}"} for n in range(4)
]
PURE = {"metric": "exact_match", "judge": None, "judge_config": None}
"""What makes the experiment one without judges."""


class Model:
    """Adds; fails once, and for one case never says the same twice, until it is `repaired`."""

    def __init__(self):
        self.asked = 0
        self.repaired = False

    def __call__(self, question, ctx):
        self.asked += 1
        if not self.repaired and question == "2 + 2" and ctx.runtime.sample_index == 1:
            raise RuntimeError("the model is down")
        if not self.repaired and question == "3 + 3":
            return f"about {self.asked + 100}"
        left, right = question.split(" + ")
        return f"it is {int(left) + int(right)}"

    def fingerprint(self):
        return "adds"


class Judge:
    """Says yes, but to one case something that cannot be read. `asked` counts."""

    def __init__(self):
        self.asked = 0

    def __call__(self, prompt):
        self.asked += 1
        return "who knows" if "1 + 1" in prompt else "Verdict: 1"

    def fingerprint(self):
        return "agrees"


class Lab:
    """One experiment, to be run in any store, by a model and a judge that count their calls."""

    def __init__(self):
        self.model, self.judge = Model(), Judge()

    def run(self, store, **changed):
        settings = {
            "model": self.model,
            "data": CASES,
            "parser": "first_number",
            "metric": ["exact_match", "rubric_score"],
            "judge": self.judge,
            "judge_config": {"rubric": "The sum is right."},
            "samples": 3,
            "reducer": "majority_vote",
            "runtime": {"generation_retry_attempts": 1},
        }
        return themis.evaluate(**{**settings, **changed}, store=store)

    @property
    def asked(self):
        return self.model.asked, self.judge.asked


def exported(store, run_id):
    """The five bundles of a run, by stage."""
    return {stage: getattr(themis, f"export_{stage}_bundle")(store, run_id) for stage in STAGES}


def imported(store, bundles):
    """Take bundles into a store, in the order of the stages."""
    return {
        stage: getattr(themis, f"import_{stage}_bundle")(store, bundle)
        for stage, bundle in bundles.items()
    }


@pytest.fixture
def lab():
    return Lab()


@pytest.fixture
def here():
    with InMemoryRunStore() as store:
        yield store


@pytest.fixture
def there():
    with InMemoryRunStore() as store:
        yield store


@pytest.fixture
def result(lab, here):
    return lab.run(here)


@pytest.fixture
def bundles(here, result):
    return exported(here, result.run_id)
