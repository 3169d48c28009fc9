"""What an error is made of, whoever makes it."""

from __future__ import annotations

import pytest

from themis.errors import ErrorCode, InferenceError, ThemisError
from themis.records import FailureRecord, JudgeResponse, ScoreError

KNOWN = ErrorCode.PROVIDER_TIMEOUT

MAKERS = {
    "error": lambda code: ThemisError("m", code=code).code,
    "inference error": lambda code: InferenceError("m", code=code).code,
    "score error": lambda code: ScoreError(metric_id="m", message="m", code=code).code,
    "judge response": lambda code: JudgeResponse(text=None, error_code=code).error_code,
    "failure": lambda code: FailureRecord(code=code, message="m", stage="score").code,
}


@pytest.mark.parametrize("made", MAKERS.values(), ids=MAKERS)
def test_a_code_may_be_given_by_its_name(made):
    assert made(KNOWN) is KNOWN
    assert made("provider_timeout") is KNOWN


@pytest.mark.parametrize("made", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("code", ["slow", 3, []])
def test_an_unknown_code_is_refused_and_the_known_ones_are_named(made, code):
    with pytest.raises(ValueError, match="is no error code; use one of provider_timeout, "):
        made(code)


def test_an_error_without_a_code_is_refused():
    with pytest.raises(ValueError, match="None is no error code"):
        InferenceError("m", code=None)


def test_a_code_s_name_decides_whether_a_retry_helps():
    assert InferenceError("m", code="provider_timeout").retryable
    assert not InferenceError("m", code="provider_auth").retryable


def test_a_message_is_text_whatever_it_was_made_of():
    assert InferenceError(429).message == "429"
