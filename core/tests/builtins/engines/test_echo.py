from __future__ import annotations

import asyncio

import attrs

from themis.builtins.engines.echo import EchoEngine
from themis.plugin import InferenceRuntime


def infer(trial):
    return asyncio.run(EchoEngine().infer(trial, {}, InferenceRuntime())).inference


def test_echo_answers_with_the_last_message(trial):
    assert infer(trial).raw_text == "What is 6 times 7?"


def test_echo_estimates_its_usage(trial):
    usage = infer(trial).token_usage
    assert (usage.prompt, usage.completion, usage.total) == (3 + 5, 5, 13)


def test_echo_of_an_empty_prompt_is_empty(trial):
    assert infer(attrs.evolve(trial, prompt=())).raw_text == ""
