from __future__ import annotations

import pytest

from themis.builtins.judges.reference_grading import ReferenceGrading
from themis.errors import MetricError

ITEM = {"answer": "42"}


@pytest.mark.parametrize(("verdict", "value"), [("correct", 1.0), ("Incorrect", 0.0)])
def test_the_verdict_is_the_value(trial, said, judging, verdict, value):
    metric = ReferenceGrading({"judges": ["one"]})
    assert judging(f"Verdict: {verdict}").score(metric, trial, said("x"), ITEM).value == value


def test_several_judges_give_their_mean(trial, said, judging):
    metric = ReferenceGrading({"judges": ["one", "two"]})
    replies = ["Verdict: correct", "Verdict: incorrect"]
    assert judging(replies).score(metric, trial, said("x"), ITEM).value == 0.5


def test_partial_is_a_verdict_only_when_it_is_worth_something(trial, said, judging):
    service = judging("Verdict: partial")
    some = ReferenceGrading({"judges": ["one"], "partial_credit": 0.25})
    assert service.score(some, trial, said("x"), ITEM).value == 0.25
    error = service.score(ReferenceGrading({"judges": ["one"]}), trial, said("x"), ITEM)
    assert "the verdict 'partial' is none of correct, incorrect" in error.message


def test_every_acceptable_answer_is_shown(trial, said, judging):
    service = judging("Verdict: correct")
    metric = ReferenceGrading({"judges": ["one"]})
    service.score(metric, trial, said("x"), {"answer": ["42", "forty-two"]})
    assert "\n- 42\n- forty-two\n" in service.prompts[0][1].text


def test_an_item_without_reference_is_an_error(trial, said, judging):
    with pytest.raises(MetricError, match="reference_grading: the item has no reference answer"):
        judging().score(ReferenceGrading({"judges": ["one"]}), trial, said("x"), {})
