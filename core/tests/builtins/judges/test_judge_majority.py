from __future__ import annotations

import pytest
from pydantic import ValidationError

from themis.builtins.judges.judge_majority import JudgeMajority

SOME = {"good": 1.0, "middling": 0.5, "bad": 0.0}


def majority(**config):
    settings = {"judges": ["one", "two", "three"], "criteria": "pass: it is polite.", **config}
    return JudgeMajority(settings)


def test_the_verdict_of_most_judges_wins(trial, said, judging):
    service = judging(["Verdict: pass", "Verdict: fail", "Verdict: PASS"])
    score = service.score(majority(), trial, said("x"), {})
    assert score.value == 1.0
    assert score.details["verdict"] == "pass"
    assert score.details["votes"] == {"pass": 2, "fail": 1}
    assert score.details["tied"] is False
    assert score.details["agreement"] == pytest.approx(1 / 3)
    assert [one["verdict"] for one in score.details["verdicts"]] == ["pass", "fail", "pass"]


def test_of_verdicts_with_as_many_votes_the_least_worth_counts(trial, said, judging):
    service = judging(["Verdict: good", "Verdict: middling", "Verdict: bad"])
    score = service.score(majority(verdicts=SOME), trial, said("x"), {})
    assert (score.value, score.details["verdict"], score.details["tied"]) == (0.0, "bad", True)


def test_the_judge_is_told_the_criteria_and_the_verdicts(trial, said, judging):
    service = judging("Verdict: good")
    service.score(majority(verdicts=SOME), trial, said("x"), {"answer": "secret"})
    told, shown = (message.text for message in service.prompts[0])
    assert "Criteria:\npass: it is polite." in told
    assert "the verdict is one of good, middling, bad" in told
    assert "secret" not in shown


def test_the_reference_is_shown_when_asked_for(trial, said, judging):
    service = judging("Verdict: pass")
    service.score(majority(show_reference=True), trial, said("x"), {"answer": "the cause"})
    assert "the cause" in service.prompts[0][1].text


@pytest.mark.parametrize(
    "verdicts", [{"pass": 1.0}, {"pass": 1.0, "Pass": 0.0}, {"a": 1.0, "b": 2.0}, {"\n": 1.0}]
)
def test_verdicts_that_cannot_be_told_apart_or_counted_are_refused(verdicts):
    with pytest.raises(ValidationError):
        majority(verdicts=verdicts)
