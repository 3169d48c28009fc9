from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.errors import ErrorCode
from themis.records import (
    ContentPart,
    ConversationTrace,
    EvaluationRecord,
    ExtractionRecord,
    FailureRecord,
    InferenceRecord,
    InferenceResult,
    JudgeAuditEntry,
    JudgeAuditTrail,
    JudgeResponse,
    Message,
    MetricScore,
    ObservabilityLink,
    ObservabilitySnapshot,
    RecordTimeline,
    ScoreError,
    TimelineStage,
    TokenUsage,
    TraceStep,
    TrialRecord,
)
from themis.records.canonical import canonical_bytes, decode
from themis.records.codec import STORED_RECORDS, from_plain, to_plain

PARTS = (ContentPart(type="text", text="see"), ContentPart(type="image", image_url="data:x"))
TRACE = ConversationTrace(
    (
        TraceStep.of_message(Message("user", PARTS)),
        TraceStep(kind="tool_call", name="add", call_id="c1", arguments={"a": [1, 2.5, None]}),
        TraceStep(kind="tool_result", name="add", call_id="c1", content="3", error="late"),
    )
)
INFERENCE = InferenceRecord(
    raw_text="3",
    structured_output={"answer": 3},
    latency_ms=1.5,
    token_usage=TokenUsage(prompt=1, reasoning=0),
    logprobs=[-0.5, math.inf],
    conversation=TRACE,
)
STAGE = TimelineStage(
    stage="score", component="em@1", status="error", start=1.0, end=2.0, duration_ms=9.5, error="x"
)
JUDGE_ENTRY = JudgeAuditEntry(
    metric_id="rubric",
    judge_spec={"model": "m"},
    prompt=({"role": "user", "content": "rate"},),
    seed=None,
    response=JudgeResponse(
        text=None, inference=INFERENCE, error="refused", error_code=ErrorCode.PROVIDER_AUTH
    ),
)
SCORES = (
    MetricScore(metric_id="em", value=1.0, details={"norm": "3"}, warnings=("w",)),
    ScoreError(metric_id="f1", message="no reference", code=ErrorCode.SCHEMA_MISMATCH),
)
EXAMPLES = (
    *PARTS,
    Message("user", PARTS),
    Message("system", "be brief"),
    *TRACE.steps,
    TRACE,
    TokenUsage(),
    INFERENCE,
    InferenceResult(INFERENCE, TRACE),
    ExtractionRecord(extractor_id="regex", success=True, parsed_answer={"a": [1]}),
    *SCORES,
    EvaluationRecord("ab12", SCORES),
    JUDGE_ENTRY.response,
    JUDGE_ENTRY,
    JudgeAuditTrail("rubric", (JUDGE_ENTRY,)),
    FailureRecord(code=ErrorCode.PROVIDER_TIMEOUT, message="late", stage="generate", attempts=3),
    STAGE,
    RecordTimeline((STAGE,)),
    ObservabilityLink(provider="langfuse", external_id="1"),
    ObservabilitySnapshot((ObservabilityLink(provider="x", external_id="2", url="https://x"),)),
)


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_a_record_survives_being_stored(record):
    stored = decode(canonical_bytes(to_plain(record)))
    assert from_plain(stored, type(record)) == record


def test_every_stored_record_has_an_example_here():
    assert {type(example) for example in EXAMPLES} == set(STORED_RECORDS)


@given(text=st.text(), value=st.floats(allow_nan=False), size=st.integers())
def test_any_text_and_number_survives_being_stored(text, value, size):
    record = MetricScore(metric_id=text, value=value, details={"size": size, "text": text})
    assert from_plain(decode(canonical_bytes(to_plain(record))), MetricScore) == record


def test_defaults_are_left_out():
    assert to_plain(InferenceRecord(raw_text="x")) == {"raw_text": "x"}


def test_an_error_code_is_written_as_its_plain_name():
    plain = to_plain(FailureRecord(code=ErrorCode.ITEM_LOAD, message="m", stage="load"))
    assert type(plain["code"]) is str
    assert plain["code"] == "item_load"


def test_an_unknown_key_from_a_newer_version_is_ignored():
    data = {"extractor_id": "regex", "success": True, "from_the_future": 1}
    assert from_plain(data, ExtractionRecord).extractor_id == "regex"


@pytest.mark.parametrize("data", [None, [], {}, {"metric_id": "em", "value": "much"}, "text"])
def test_a_value_that_is_no_such_record_names_the_type(data):
    with pytest.raises(ValueError, match="stored value is no MetricScore: "):
        from_plain(data, MetricScore)


def test_a_word_that_is_none_of_those_a_field_takes_names_the_type():
    data = {"code": "item_load", "message": "m", "stage": "nowhere"}
    with pytest.raises(ValueError, match="stored value is no FailureRecord: "):
        from_plain(data, FailureRecord)


def test_writing_something_that_is_no_stored_record_says_what_is():
    with pytest.raises(TypeError, match="int is not a stored record; one of: ContentPart, "):
        to_plain(3)


def test_reading_something_that_is_no_stored_record_says_what_is():
    with pytest.raises(TypeError, match="TrialRecord is not a stored record; one of: "):
        from_plain({}, TrialRecord)
