from __future__ import annotations

import attrs
import pytest

from themis.builtins.judges.judge_best_of import JudgeBestOf

GRADES = {"poor": 1, "fair": 3, "fine": 5}


def best_of(**config):
    return JudgeBestOf({"judges": ["one"], "rubric": "Names the cause.", **config})


def grade(prompt):
    """Grades an answer by the word it is."""
    answer = prompt[1].text.partition("<answer-")[2].splitlines()[1]
    return f"Verdict: {GRADES[answer]}"


@pytest.fixture
def samples(said):
    def make(*texts):
        return [
            attrs.evolve(
                said(text or "?", failed=text is None), candidate_id=f"c{n}", sample_index=n
            )
            for n, text in enumerate(texts)
        ]

    return make


def test_the_value_is_the_grade_of_the_best_sample(trial, samples, judging):
    score = judging(grade).score(best_of(), trial, samples("poor", "fine", "fair"), {})
    assert score.value == 1.0
    assert (score.details["chosen"], score.details["mean"]) == ("c1", 0.5)
    assert [row["score"] for row in score.details["candidates"]] == [0.0, 1.0, 0.5]
    assert score.details["candidates"][2] == {
        "candidate_id": "c2",
        "sample": 2,
        "score": 0.5,
        "verdicts": [{"judge": "one", "verdict": 3.0}],
    }


def test_every_sample_is_judged_alone_by_every_judge(trial, samples, judging):
    service = judging(grade)
    service.score(best_of(judges=["one", "two"]), trial, samples("poor", "fine"), {})
    assert service.judges == ["one", "two", "one", "two"]
    assert all("poor" not in prompt[1].text for prompt in service.prompts[2:])


def test_of_equals_the_first_is_chosen(trial, samples, judging):
    score = judging(grade).score(best_of(), trial, samples("poor", "fine", "fine"), {})
    assert score.details["chosen"] == "c1"


def test_a_sample_that_could_not_be_read_has_zero_unasked(trial, samples, judging):
    service = judging(grade)
    score = service.score(best_of(), trial, samples("fair", None), {})
    assert len(service.prompts) == 1
    assert [row["score"] for row in score.details["candidates"]] == [0.5, 0.0]


def test_when_no_sample_could_be_read_nobody_is_asked(trial, samples, judging):
    service = judging(grade)
    score = service.score(best_of(), trial, samples(None, None), {})
    assert (score.value, score.details) == (0.0, {"reason": "no extraction succeeded"})
    assert service.prompts == []
