from __future__ import annotations

import sys
import threading
from types import SimpleNamespace

import pytest
import tiktoken

from themis.errors import PluginError
from themis.planning import tokens
from themis.planning.tokens import TokenCounter
from themis.records import ContentPart, Message


@pytest.fixture(autouse=True)
def no_encoding_is_remembered():
    tokens._encoding.cache_clear()
    yield
    tokens._encoding.cache_clear()


@pytest.fixture
def one_token_per_byte(monkeypatch):
    ranks = {bytes([value]): value for value in range(256)}
    encoding = tiktoken.Encoding("bytes", pat_str=".", mergeable_ranks=ranks, special_tokens={})
    monkeypatch.setattr(tiktoken, "get_encoding", lambda name: encoding)


def offline(name: str) -> tiktoken.Encoding:
    raise ConnectionError(name)


def test_the_engines_estimator_comes_first():
    counter = TokenCounter.for_model("m", estimator=lambda text, model: len(text) + len(model))
    assert (counter.count("four"), counter.method) == (5, "the engine's estimator")


def test_tiktoken_knows_its_models(one_token_per_byte):
    counter = TokenCounter.for_model("openai/gpt-4")
    assert (counter.count("four"), counter.method) == (4, "tiktoken (cl100k_base)")


def test_tiktoken_stands_in_for_other_models(one_token_per_byte):
    method = TokenCounter.for_model("llama-3").method
    assert method == "tiktoken (o200k_base, an approximation for this model)"


def test_marks_of_special_tokens_in_a_text_are_text(one_token_per_byte):
    assert TokenCounter.for_model("gpt-4").count("<|endoftext|>") == 13


def test_offline_the_characters_are_counted_and_the_report_says_so(monkeypatch):
    monkeypatch.setattr(tiktoken, "get_encoding", offline)
    counter = TokenCounter.for_model("gpt-4")
    assert [counter.count("x" * n) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]
    assert counter.method == (
        "characters / 4 (tiktoken's encoding cl100k_base: cannot be fetched, ConnectionError)"
    )


def test_a_network_that_hangs_is_given_up(monkeypatch):
    hang = threading.Event()
    monkeypatch.setattr(tiktoken, "get_encoding", lambda name: hang.wait(20))
    monkeypatch.setattr(tokens, "_FETCH_SECONDS", 0.05)
    assert TokenCounter.for_model("gpt-4").method == (
        "characters / 4 (tiktoken's encoding cl100k_base: not fetched within 5 seconds)"
    )
    hang.set()


def test_without_tiktoken_the_report_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    method = TokenCounter.for_model("gpt-4").method
    assert method == "characters / 4 (tiktoken is not installed)"


@pytest.mark.parametrize("value", [-1, 2.5, None, True])
def test_an_estimator_that_returns_no_number_is_named(value):
    counter = TokenCounter.for_model("m-1", estimator=lambda text, model: value)
    with pytest.raises(PluginError) as caught:
        counter.count("x")
    assert str(caught.value) == (
        f"the token estimator of the engine of model 'm-1' returned {value!r}; it is to return a "
        "number of tokens: report this to the engine's authors"
    )


def test_an_estimator_that_raises_is_named():
    counter = TokenCounter.for_model("m", estimator=lambda text, model: 1 // 0)
    with pytest.raises(PluginError, match="'m' raised ZeroDivisionError"):
        counter.count("x")


def test_a_prompt_counts_its_text_and_four_a_message():
    counter = TokenCounter.for_model("m", estimator=lambda text, model: len(text))
    parts = (ContentPart(type="text", text="abc"), ContentPart(type="image", image_url="http://x"))
    assert counter.count_prompt([Message("system", "ab"), Message("user", parts)]) == 5 + 8


def test_an_arm_gives_its_engines_estimator():
    resolved = SimpleNamespace(token_estimator=lambda: lambda text, model: 7)
    arm = SimpleNamespace(
        model=SimpleNamespace(model_id="m"), engine=SimpleNamespace(resolved=resolved)
    )
    assert TokenCounter.for_arm(arm).count("x") == 7


def test_an_arm_without_generation_has_no_engine(one_token_per_byte):
    arm = SimpleNamespace(model=SimpleNamespace(model_id="gpt-4"), engine=None)
    assert TokenCounter.for_arm(arm).method == "tiktoken (cl100k_base)"
