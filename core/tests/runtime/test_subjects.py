from __future__ import annotations

from themis.records import ConversationTrace, Message, TraceStep
from themis.runtime.subjects import subject_of, trace_of
from themis.testing import make_candidate, make_trial

TRIAL = make_trial("What is 2 + 2?")


def test_the_trace_of_an_agent_is_what_was_recorded():
    call = TraceStep(kind="tool_call", name="add", call_id="1", arguments={"a": 2})
    recorded = ConversationTrace.of_messages(TRIAL.prompt).then(call)
    assert trace_of(make_candidate("4", conversation=recorded), TRIAL) == recorded


def test_without_recorded_steps_the_trace_is_the_prompt_and_the_answer():
    messages = trace_of(make_candidate("4"), TRIAL).messages()
    assert messages == (*TRIAL.prompt, Message("assistant", "4"))


def test_a_candidate_without_output_has_its_prompt_as_a_trace():
    assert trace_of(make_candidate(None), TRIAL).messages() == TRIAL.prompt


def test_a_subject_is_what_the_metric_declares():
    candidate = make_candidate("4")
    assert subject_of("candidate", candidate, TRIAL) is candidate
    assert subject_of("candidates", [candidate, candidate], TRIAL) == (candidate, candidate)
    assert subject_of("trace", candidate, TRIAL) == trace_of(candidate, TRIAL)
