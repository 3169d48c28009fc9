from __future__ import annotations

import asyncio
import inspect

import pytest
from pydantic import ValidationError

from themis.builtins.engines.function import CallableEngine, CallableEngineSettings
from themis.errors import ErrorCode, InferenceError
from themis.plugin import InferenceRuntime, Message
from themis.testing.fakes import make_trial

MODULE = """
from themis.errors import InferenceError

def loud(prompt): return prompt.upper()
async def later(prompt): return prompt[::-1]
def aware(prompt, ctx): return f"{ctx.item['x']} {ctx.runtime.seed} {ctx.trial.item_id}"
def warm(prompt, temperature=0.5): return str(temperature)
def five(prompt): return 5
def broken(prompt): raise RuntimeError("boom")
async def broken_later(prompt): raise RuntimeError("later boom")
def limited(prompt): raise InferenceError("slow down", retry_after=3)
constant = 5
"""


@pytest.fixture(autouse=True)
def _module(tmp_path, monkeypatch):
    (tmp_path / "answers_for_test.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))


def ask(name):
    engine = CallableEngine({"function": f"answers_for_test:{name}"})
    trial = make_trial([Message("system", "be brief"), Message("user", "hello")])
    value = engine.infer(trial, {"x": 1}, InferenceRuntime(seed=7))

    async def resolved():
        return await value

    return asyncio.run(resolved()) if inspect.isawaitable(value) else value


def test_a_function_gets_the_text_of_the_prompt():
    assert ask("loud") == "BE BRIEF\n\nHELLO"


def test_a_function_may_be_async():
    assert ask("later") == "olleh\n\nfeirb eb"


def test_a_second_parameter_gets_trial_item_and_runtime():
    assert ask("aware") == "1 7 item-1"


def test_a_second_parameter_with_a_default_keeps_it():
    assert ask("warm") == "0.5"


def test_an_output_of_another_type_is_an_error_that_says_what_to_return():
    with pytest.raises(InferenceError) as caught:
        ask("five")
    assert not caught.value.retryable
    assert str(caught.value) == (
        "callable: answers_for_test:five returned a value of type int; return a str, an "
        "InferenceRecord or an InferenceResult"
    )


@pytest.mark.parametrize(("name", "text"), [("broken", "boom"), ("broken_later", "later boom")])
def test_an_exception_becomes_an_error_that_is_not_retried(name, text):
    with pytest.raises(InferenceError, match=f"{name} raised RuntimeError: {text}") as caught:
        ask(name)
    assert not caught.value.retryable


def test_an_inference_error_of_the_function_goes_through():
    with pytest.raises(InferenceError, match="slow down") as caught:
        ask("limited")
    assert (caught.value.retry_after, caught.value.code) == (3, ErrorCode.PROVIDER_UNAVAILABLE)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("answers_for_test:absent", "cannot be imported: AttributeError: .*PYTHONPATH"),
        ("absent_module:f", "cannot be imported: ModuleNotFoundError: .*PYTHONPATH"),
        (
            "answers_for_test:constant",
            "answers_for_test:constant is of type int and cannot be called",
        ),
        ("no colon", "String should match pattern"),
    ],
)
def test_a_function_that_cannot_be_used_is_refused_with_the_config(function, message):
    with pytest.raises(ValidationError, match=message):
        CallableEngineSettings(function=function)


def test_the_source_of_the_function_is_part_of_the_identity():
    sources = {
        CallableEngineSettings(function=f"answers_for_test:{name}").model_dump()["source"]
        for name in ("loud", "later", "loud")
    }
    assert len(sources) == 2
