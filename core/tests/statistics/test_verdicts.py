from __future__ import annotations

import math

import pytest

from themis.statistics import verdict_of


@pytest.mark.parametrize(
    ("delta", "options", "verdict"),
    [
        (0.1, {"p_value": 0.01}, "improved"),
        (-0.1, {"p_value": 0.01}, "regressed"),
        (0.1, {"p_value": 0.01, "direction": "minimize"}, "regressed"),
        (0.1, {"p_value": 0.01, "direction": "none"}, "inconclusive"),
        (0.1, {"p_value": 0.2}, "inconclusive"),
        (0.1, {"p_value": 0.05}, "inconclusive"),
        (0.1, {"p_value": None}, "inconclusive"),
        (None, {"p_value": None}, "inconclusive"),
        (math.nan, {"p_value": 0.01}, "inconclusive"),
        (math.nan, {"p_value": 0.01, "equivalence_p": 0.01}, "inconclusive"),
        (0.1, {"p_value": math.nan}, "inconclusive"),
        (0.1, {"p_value": 0.01, "margin": 0.1}, "inconclusive"),
        (0.1, {"p_value": 0.01, "margin": 0.05}, "improved"),
        (0.01, {"p_value": 0.01, "margin": 0.05, "equivalence_p": 0.01}, "equivalent"),
        (0.01, {"p_value": 0.4, "equivalence_p": 0.2}, "inconclusive"),
        (0.1, {"p_value": 0.03, "level": 0.99}, "inconclusive"),
    ],
)
def test_a_comparison_comes_to_one_word(delta, options, verdict):
    assert verdict_of(delta, **options) == verdict
