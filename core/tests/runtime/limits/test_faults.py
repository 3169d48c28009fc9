from __future__ import annotations

import pytest

from themis.errors import ErrorCode, InferenceError
from themis.runtime.limits.faults import error_of


def of(error, stage="generate"):
    return error_of(error, component="engine 'x'", stage=stage, deadline=60.0)


def chained(outer, inner):
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (ConnectionRefusedError("refused"), ErrorCode.PROVIDER_UNAVAILABLE, True),
        (chained(RuntimeError("client"), OSError("reset")), ErrorCode.PROVIDER_UNAVAILABLE, True),
        (TimeoutError("slow"), ErrorCode.PROVIDER_TIMEOUT, True),
        (chained(RuntimeError("client"), TimeoutError()), ErrorCode.PROVIDER_TIMEOUT, True),
        (FileNotFoundError("prompt.txt"), ErrorCode.PROVIDER_UNAVAILABLE, False),
        (KeyError("choices"), ErrorCode.PROVIDER_UNAVAILABLE, False),
    ],
)
def test_what_an_engine_raises_is_told_apart(error, code, retryable):
    found = of(error)

    assert (found.code, found.retryable) == (code, retryable)
    assert found.__cause__ is error


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        ("parse", ErrorCode.PARSE_ERROR),
        ("score", ErrorCode.METRIC_COMPUTATION),
        ("render", ErrorCode.ITEM_LOAD),
        ("load", ErrorCode.ITEM_LOAD),
    ],
)
def test_the_code_follows_the_stage(stage, code):
    found = of(ValueError("bad"), stage)

    assert found.code is code
    assert found.message == "engine 'x' raised ValueError: bad"


def test_an_error_of_the_tree_is_passed_on_as_it_is():
    error = InferenceError("down")

    assert of(error) is error


def test_an_error_of_the_tree_that_lacks_what_is_recorded_is_like_any_other():
    class ForgetfulError(InferenceError):
        def __init__(self, status):
            self.status = status

    overwritten = InferenceError("down")
    overwritten.code = None

    assert of(ForgetfulError(429)).message.startswith("engine 'x' raised ForgetfulError: 429")
    assert of(overwritten).message.startswith("engine 'x' raised InferenceError: down")


def test_a_long_text_is_cut():
    assert len(of(ValueError("x" * 1_000_000), "parse").message) < 2100


def test_an_exception_that_cannot_be_printed_is_still_an_outcome():
    class UnprintableError(Exception):
        def __str__(self):
            raise ValueError

    assert of(UnprintableError(), "parse").message == (
        "engine 'x' raised UnprintableError: (its text cannot be shown: ValueError)"
    )
