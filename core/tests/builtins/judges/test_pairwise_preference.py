from __future__ import annotations

import pytest

from themis.builtins.judges.pairwise_preference import PairwisePreference

ITEM = {"answer": "the reference", "other_model": "the rival"}


def metric(**config):
    return PairwisePreference({"judges": ["one"], **config})


def prefer(text):
    """A judge that prefers the answer with `text` in it, wherever it stands."""

    def reply(prompt):
        first = prompt[1].text.partition("</answer-A")[0]
        return f"Verdict: {'A' if text in first else 'B'}"

    return reply


def test_a_judge_that_follows_the_answers_is_consistent_and_without_bias(trial, said, judging):
    score = judging(prefer("mine")).score(metric(), trial, said("mine"), ITEM)
    assert score.value == 1.0
    assert score.details == {
        "verdicts": [{"judge": "one", "answer_first": 1.0, "answer_second": 1.0}],
        "position_bias": 0.0,
        "consistent": 1.0,
    }


@pytest.mark.parametrize(("verdict", "bias"), [("A", 1.0), ("B", -1.0)])
def test_a_judge_that_likes_a_position_cancels_out_and_is_shown(
    trial, said, judging, verdict, bias
):
    score = judging(f"Verdict: {verdict}").score(metric(), trial, said("mine"), ITEM)
    assert score.value == 0.5
    assert (score.details["position_bias"], score.details["consistent"]) == (bias, 0.0)


def test_a_tie_is_a_half(trial, said, judging):
    score = judging("Verdict: tie").score(metric(), trial, said("mine"), ITEM)
    assert (score.value, score.details["position_bias"]) == (0.5, 0.0)


def test_both_orders_are_asked_of_every_judge(trial, said, judging):
    service = judging(prefer("mine"))
    service.score(metric(judges=["one", "two"]), trial, said("mine"), ITEM)
    assert service.judges == ["one", "two", "one", "two"]
    firsts = ["mine" in prompt[1].text.partition("</answer-A")[0] for prompt in service.prompts]
    assert firsts == [True, True, False, False]


def test_the_opponent_is_the_reference_or_a_field_of_the_item(trial, said, judging):
    service = judging("Verdict: tie")
    service.score(metric(), trial, said("mine"), ITEM)
    service.score(metric(opponent_field="other_model"), trial, said("mine"), ITEM)
    assert "the reference" in service.prompts[0][1].text
    assert "the rival" in service.prompts[2][1].text


def test_the_criteria_are_part_of_the_job(trial, said, judging):
    service = judging("Verdict: tie")
    service.score(metric(criteria="Shorter is better."), trial, said("mine"), ITEM)
    assert "Criteria:\nShorter is better." in service.prompts[0][0].text
