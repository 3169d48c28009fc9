from __future__ import annotations

import asyncio
import json

import pytest
from pydantic import ValidationError

from themis.builtins.engines.demo import DemoEngine, DemoSettings
from themis.builtins.extractors.math_answer import MathAnswer
from themis.catalog.demo.make_word_problems import problems
from themis.errors import ErrorCode, InferenceError
from themis.plugin import InferenceRuntime, Message
from themis.testing.fakes import make_candidate, make_trial

QUESTION = "Ada has 3 shells. She finds 4 more shells. How many shells does Ada have now?"


def say(prompt=QUESTION, *, seed=1, item=None, trial=None, model_id="sim", params=None, **config):
    trial = trial or make_trial(prompt, model_id=model_id, params=params)
    runtime = InferenceRuntime(seed=seed)
    return asyncio.run(DemoEngine(config).infer(trial, item or {}, runtime)).inference


def share_right(style="Reply with only the number.", difficulty=None, **config):
    asked = [item for item in problems() if difficulty in (None, item["difficulty"])]
    texts = [say(f"{item['question']}\n\n{style}", **config).raw_text for item in asked]
    answers = [MathAnswer().extract(None, make_candidate(text)).parsed_answer for text in texts]
    return sum(a == item["answer"] for a, item in zip(answers, asked, strict=True)) / len(asked)


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("", "The answer is 7."),
        ("Reply with only the number.", "7"),
        ('Begin with "Answer:".', "Answer: 7"),
        ("Put it in \\boxed{}.", "\\boxed{7}"),
        ('Think step by step, and end with "Answer:".', "Step 1: 3 + 4 = 7.\nAnswer: 7"),
    ],
)
def test_the_answer_has_the_form_that_the_prompt_asks_for(style, text):
    assert say(f"{QUESTION} {style}", skill=1).raw_text == text


def test_with_json_asked_for_the_answer_is_json():
    text = say(params={"response_format": "json"}, skill=1).raw_text
    assert json.loads(text) == {"answer": 7}


def test_the_problem_is_read_from_the_prompt_and_never_from_the_item():
    assert say(skill=1, item={"question": "?", "answer": 99}).raw_text == "The answer is 7."
    assert say("What is love?", skill=1, item={"question": QUESTION}).raw_text == (
        "The answer is unknown."
    )


def test_the_last_problem_of_a_conversation_is_answered():
    old = Message("user", QUESTION.replace("4", "5"))
    trial = make_trial([old, Message("assistant", "8"), Message("user", QUESTION)])
    assert say(trial=trial, skill=1).raw_text == "The answer is 7."


def test_one_seed_gives_one_output_and_other_seeds_others():
    outputs = [say(seed=seed, skill=0.5, item_correlation=0).raw_text for seed in range(20)]
    assert outputs == [say(seed=seed, skill=0.5, item_correlation=0).raw_text for seed in range(20)]
    assert len(set(outputs)) > 1


def test_skill_is_the_share_of_medium_problems_solved_with_more_easy_and_fewer_hard():
    easy, medium, hard = (share_right(difficulty=d, skill=0.7) for d in ("easy", "medium", "hard"))
    assert medium == pytest.approx(0.7, abs=0.1)
    assert easy > medium > hard > 0.3


def test_accuracy_by_difficulty_comes_before_skill():
    config = {"skill": 0.0, "accuracy": {"easy": 1.0}}
    assert share_right(difficulty="easy", **config) == 1.0
    assert share_right(difficulty="hard", **config) == 0.0


def test_thinking_step_by_step_helps():
    assert share_right("Think step by step.", skill=0.5, reasoning_gain=0.5) > share_right(
        skill=0.5
    )


def test_models_find_the_same_items_hard():
    def right(model_id, correlation):
        config = {"skill": 0.5, "item_correlation": correlation, "model_id": model_id}
        return [
            str(item["answer"]) in say(item["question"], **config).raw_text for item in problems(90)
        ]

    def agreement(correlation):
        pairs = zip(right("one", correlation), right("other", correlation), strict=True)
        return sum(a == b for a, b in pairs)

    assert agreement(1.0) == 90
    assert agreement(0.0) < 75


def test_a_wrong_answer_is_a_positive_number_near_the_work():
    texts = {say(seed=seed, skill=0).raw_text for seed in range(30)}
    assert "The answer is 7." not in texts
    assert {"The answer is 6.", "The answer is 8."} <= texts


def test_failures_are_errors_that_can_be_retried():
    with pytest.raises(InferenceError) as caught:
        say(failure_rate=1)
    assert str(caught.value) == "demo: a simulated failure, by failure_rate=1.0"
    assert caught.value.code is ErrorCode.PROVIDER_UNAVAILABLE
    assert caught.value.retryable


def test_the_failure_rate_is_no_part_of_the_identity():
    assert DemoSettings(failure_rate=0.5).model_dump() == DemoSettings().model_dump()


def test_latency_varies_by_half_and_is_reported():
    record = say(latency_ms=4)
    assert 2 <= record.latency_ms <= 6
    assert say().latency_ms is None


def test_output_ends_at_the_token_limit_or_a_stop_sequence():
    cut = say(skill=1, params={"max_tokens": 1})
    assert (cut.raw_text, cut.finish_reason, cut.token_usage.completion) == ("The ", "length", 1)
    stopped = say(skill=1, params={"stop_sequences": [" is"]})
    assert (stopped.raw_text, stopped.finish_reason) == ("The answer", "stop")


def test_a_setting_out_of_range_is_refused():
    with pytest.raises(ValidationError, match=r"accuracy\.easy"):
        DemoEngine({"accuracy": {"easy": 1.5}})
