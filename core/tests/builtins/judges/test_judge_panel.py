from __future__ import annotations

import pytest
from pydantic import ValidationError

from themis.builtins.judges.judge_panel import JudgePanel

REPLIES = ["Verdict: 5", "Verdict: 4", "Verdict: 1"]


def panel(**config):
    settings = {"judges": ["one", "two", "three"], "rubric": "Names the cause.", **config}
    return JudgePanel(settings)


@pytest.mark.parametrize(
    ("combine", "value"), [("mean", 7 / 12), ("median", 0.75), ("lowest", 0.0)]
)
def test_the_grades_are_combined_as_the_config_says(trial, said, judging, combine, value):
    score = judging(REPLIES).score(panel(combine=combine), trial, said("x"), {})
    assert score.value == pytest.approx(value)


def test_the_details_say_how_far_the_panel_agrees(trial, said, judging):
    score = judging(REPLIES).score(panel(), trial, said("x"), {})
    assert (score.details["agreement"], score.details["spread"]) == (0.0, 1.0)
    assert score.details["verdicts"][1] == {"judge": "two", "verdict": 4.0}
    agreed = judging("Verdict: 3").score(panel(), trial, said("x"), {})
    assert (agreed.details["agreement"], agreed.details["spread"]) == (1.0, 0.0)


def test_one_judge_is_no_panel():
    with pytest.raises(ValidationError, match="at least 2 items"):
        panel(judges=["one"])
