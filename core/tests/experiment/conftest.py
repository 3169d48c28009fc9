"""Cases, and a model that counts how often it is asked."""

from __future__ import annotations

import pytest

SUMS = [
    {"input": f"{n} + {n}", "expected_output": str(2 * n), "case_id": f"c{n}"} for n in range(6)
]


class Counting:
    """Adds; fails for the inputs it is told to; remembers what it was asked."""

    component_id = "counting"

    def __init__(self):
        self.asked = []
        self.failing = set()

    def infer(self, trial, context, runtime):
        question = context["input"]
        self.asked.append((question, runtime.sample_index))
        if question in self.failing:
            raise RuntimeError("no answer")
        left, right = question.split(" + ")
        return str(int(left) + int(right))

    def fingerprint(self):
        return "counting"


@pytest.fixture
def sums():
    return [dict(case) for case in SUMS]


@pytest.fixture
def counting():
    return Counting()
