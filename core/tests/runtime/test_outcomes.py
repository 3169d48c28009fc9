"""One reading of what components return."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from themis.records import (
    ContentPart,
    ConversationTrace,
    ExtractionRecord,
    InferenceRecord,
    InferenceResult,
    MetricScore,
    ScoreError,
    TokenUsage,
    TraceStep,
)
from themis.runtime.outcomes import as_extraction, as_inference, as_score


def test_a_string_is_an_inference():
    assert as_inference("four", engine="e").inference.raw_text == "four"


def test_a_record_is_wrapped_and_a_result_is_kept():
    record = InferenceRecord(raw_text="x")
    result = InferenceResult(record)
    assert as_inference(record, engine="e").inference is record
    assert as_inference(result, engine="e") is result


def test_an_engine_that_returns_something_else_is_named():
    with pytest.raises(TypeError, match="engine 'e' returned int; return an InferenceResult"):
        as_inference(3, engine="e")


def test_none_is_a_failed_extraction_and_zero_is_not():
    assert not as_extraction(None, extractor="x").success
    assert as_extraction(0, extractor="x").parsed_answer == 0
    assert as_extraction(0, extractor="x").success


def test_an_answer_that_cannot_be_stored_is_a_failed_extraction():
    record = as_extraction({1, 2}, extractor="x")
    assert not record.success
    assert "cannot be stored" in record.failure_reason


def test_a_record_is_an_extraction_as_it_is():
    record = ExtractionRecord(extractor_id="x", success=True, parsed_answer="a")
    assert as_extraction(record, extractor="x") is record


@pytest.mark.parametrize("value", [True, 1, 1.0, Decimal(1), Fraction(1)])
def test_numbers_and_bools_are_scores(value):
    assert as_score(value, metric="m") == MetricScore(metric_id="m", value=1.0)


@pytest.mark.parametrize("value", [np.isclose(1.0, 1.0), np.float32(1), np.int64(1)])
def test_scalars_of_numpy_are_scores_wherever_they_are(value):
    expected = MetricScore(metric_id="m", value=1.0)
    assert as_score(value, metric="m") == expected
    assert as_score(MetricScore(metric_id="m", value=value), metric="m") == expected


def test_an_array_is_no_score():
    assert "returned ndarray; return a number" in as_score(np.ones(2), metric="m").message


@pytest.mark.parametrize("value", [math.nan, math.inf, MetricScore(metric_id="m", value=math.nan)])
def test_a_score_that_is_not_finite_is_an_error(value):
    score = as_score(value, metric="m")
    assert isinstance(score, ScoreError)
    assert "finite" in score.message


def test_a_score_takes_the_name_that_the_plan_gives_its_metric():
    assert as_score(MetricScore(metric_id="x", value=1.0), metric="m").metric_id == "m"
    assert as_score(ScoreError(metric_id="x", message="no"), metric="m").metric_id == "m"


def test_a_score_with_an_error_is_a_score_error():
    score = as_score(MetricScore(metric_id="m", value=None, error="no label"), metric="m")
    assert score == ScoreError(metric_id="m", message="no label")


def test_anything_else_is_an_error_that_says_what_to_return():
    assert "return a number" in as_score("good", metric="m").message


def _nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


class _Unshowable:
    def __repr__(self):
        raise RuntimeError("no repr")


@pytest.mark.parametrize(
    "answer",
    [_nested(250), _nested(5000), 10**5000, _Unshowable()],
    ids=["deep", "deeper", "long", "unshowable"],
)
def test_an_answer_that_no_event_can_hold_is_a_failed_extraction(answer):
    record = as_extraction(answer, extractor="x")
    assert not record.success
    assert record.failure_reason.startswith("the parsed answer cannot be stored: ")


def test_an_extraction_with_a_warning_that_is_no_text_is_a_failed_one():
    made = ExtractionRecord(extractor_id="x", success=True, parsed_answer=1, warnings=[object()])
    reason = "the extraction cannot be stored: warnings is no sequence of strings"
    assert as_extraction(made, extractor="x").failure_reason == reason


@pytest.mark.parametrize(
    "details",
    [{"a": _nested(250)}, {"a": 10**5000}, {"a": _Unshowable()}],
    ids=["deep", "long", "unshowable"],
)
def test_details_that_no_event_can_hold_are_a_score_error(details):
    score = as_score(MetricScore(metric_id="m", value=1.0, details=details), metric="m")
    assert score.message.startswith("the details cannot be stored: ")


def test_a_number_beyond_a_float_is_a_score_error():
    assert "a score is a finite number" in as_score(10**400, metric="m").message


def test_a_score_error_whose_message_is_no_text_has_it_shown():
    assert as_score(ScoreError(metric_id="m", message=["no"]), metric="m").message == "['no']"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"raw_text": 5}, "raw_text is int, not str"),
        ({"raw_text": "a", "latency_ms": "soon"}, "latency_ms is str, not float"),
        ({"raw_text": "a", "token_usage": {"prompt": 1}}, "token_usage is dict, not TokenUsage"),
        ({"raw_text": "a", "token_usage": TokenUsage(prompt=2**70)}, "token_usage.prompt is"),
        ({"raw_text": "a", "logprobs": _nested(5000)}, "logprobs: "),
    ],
)
def test_a_record_that_could_not_be_read_back_is_refused(fields, reason):
    with pytest.raises(TypeError, match=f"that cannot be stored: {reason}"):
        as_inference(InferenceRecord(**fields), engine="e")


def _step(**fields):
    return ConversationTrace((TraceStep(**{"kind": "message", **fields}),))


TRACES = [
    ([{"role": "user", "content": "a"}], "it is list, not ConversationTrace"),
    (3, "it is int, not ConversationTrace"),
    (ConversationTrace(3), "its steps are int, not a tuple of TraceStep"),
    (ConversationTrace((3,)), "a step is int, not TraceStep"),
    (_step(kind="zz"), "a step's kind is 'zz', none of message, tool_call, tool_result"),
    (_step(role="zz"), "a step's role is 'zz', none of "),
    (_step(content=3), "a step's content is int, neither text nor parts"),
    (_step(content=({"type": "text"},)), "a step's content holds something else than ContentPart"),
    (_step(call_id=3), "a step's call_id is int, not str"),
    (_step(arguments={1}), "set is no JSON value"),
]


@pytest.mark.parametrize(("trace", "reason"), TRACES)
def test_a_conversation_that_could_not_be_read_back_is_refused(trace, reason):
    given = [
        InferenceResult(InferenceRecord(raw_text="a"), conversation=trace),
        InferenceRecord(raw_text="a", conversation=trace),
        InferenceResult(InferenceRecord(raw_text="a", conversation=trace)),
    ]
    for value in given:
        with pytest.raises(TypeError, match=f"cannot be stored: conversation: {reason}"):
            as_inference(value, engine="e")


def test_a_conversation_of_messages_and_tool_calls_is_kept():
    steps = (
        TraceStep(kind="message", role="user", content="a"),
        TraceStep(kind="tool_call", name="f", call_id="1", arguments={"x": 1}),
        TraceStep(kind="tool_result", name="f", call_id="1", content="b", error="c"),
        TraceStep(kind="message", role="assistant", content=[ContentPart(type="text", text="d")]),
    )
    result = InferenceResult(InferenceRecord(raw_text="d"), ConversationTrace(steps))
    assert as_inference(result, engine="e") is result
