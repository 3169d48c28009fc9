from __future__ import annotations

import pytest
from pydantic import ValidationError

from themis.builtins.judges.rubric_score import RubricScore


def metric(**config):
    return RubricScore({"judges": ["one", "two"], "rubric": "Names the cause.", **config})


def test_the_value_is_the_mean_brought_to_0_to_1(trial, said, judging):
    score = judging(["Verdict: 5", "Verdict: 2"]).score(metric(), trial, said("x"), {})
    assert score.value == pytest.approx((3.5 - 1) / 4)
    assert score.details["verdicts"] == [
        {"judge": "one", "verdict": 5.0},
        {"judge": "two", "verdict": 2.0},
    ]


def test_the_scale_is_the_configs(trial, said, judging):
    scale = metric(lowest=0, highest=10)
    assert judging("Verdict: 7").score(scale, trial, said("x"), {}).value == pytest.approx(0.7)
    error = judging("Verdict: 11").score(scale, trial, said("x"), {})
    assert "the verdict 11 is not from 0 to 10" in error.message


def test_the_judge_sees_the_rubric_and_the_scale(trial, said, judging):
    service = judging()
    service.score(metric(), trial, said("x"), {"answer": "secret"})
    told = service.prompts[0][0].text
    assert "Rubric:\nNames the cause." in told
    assert "from 1 (worst) to 5 (best)" in told
    assert "secret" not in service.prompts[0][1].text


def test_the_reference_is_shown_when_asked_for(trial, said, judging):
    service = judging()
    service.score(metric(show_reference=True), trial, said("x"), {"answer": "the cause"})
    assert "the cause" in service.prompts[0][1].text


def test_a_scale_the_wrong_way_round_is_refused():
    with pytest.raises(ValidationError, match=r"lowest \(5\) must be less than highest \(1\)"):
        metric(lowest=5, highest=1)
