from __future__ import annotations

import json

from themis.records import (
    CandidateRecord,
    ContentPart,
    ConversationTrace,
    InferenceRecord,
    JudgeAuditEntry,
    JudgeAuditTrail,
    JudgeResponse,
    TraceStep,
)
from themis.reporting.record import record_to_dict, render_record
from themis.reporting.record_text import candidate_text


def view_of(result):
    return result.view_timeline(result.trial_hashes[0])


def test_a_record_is_plain_json(result_of):
    plain = json.loads(json.dumps(record_to_dict(view_of(result_of(num_samples=2)))))

    assert (plain["record_type"], plain["status"]) == ("trial", "ok")
    assert plain["trial_spec"]["model"]["model_id"] == "alpha"
    assert plain["trial_spec"]["prompt"] == [{"role": "user", "content": "What of i1?"}]
    assert [one["inference"]["raw_text"] for one in plain["candidates"]] == ["alpha on i1"] * 2
    assert plain["item_payload"] == {"question": "What of i1?"}
    assert plain["related_events"][0]["kind"] == "generated"


def test_only_the_timeline_can_be_asked_for(result_of):
    view = view_of(result_of())

    plain = record_to_dict(view, only_timeline=True)

    assert [stage["stage"] for stage in plain["timeline"]] == ["generate", "parse", "score"]
    assert "candidates" not in plain
    assert "CANDIDATE" not in render_record(view, only_timeline=True)


def test_the_text_shows_what_was_said_found_and_scored(result_of):
    text = render_record(view_of(result_of()))

    for line in (
        "model_id: alpha",
        "question: What of i1?",
        "  user: What of i1?",
        "  assistant: alpha on i1",
        "  first_number: alpha on i1",
        "  accuracy: 1.0000",
    ):
        assert line in text.splitlines()


def test_a_failure_is_shown_with_its_code(result_of, timed_out):
    text = render_record(view_of(result_of(lambda cell: timed_out)))

    assert "  failed: provider_timeout: no answer in 60 s" in text.splitlines()


def test_a_failed_metric_and_a_failed_extraction_show_why(result_of, unscorable):
    result = result_of(lambda cell: unscorable, text=lambda cell: "what?")

    lines = render_record(view_of(result)).splitlines()

    assert "  first_number: failed: there is no number" in lines
    assert "  accuracy: failed: the reference has no answer" in lines


def test_a_trial_that_was_not_tried_says_so(result_of):
    assert "no stage has run" in render_record(view_of(result_of(lambda cell: None)))


def test_control_characters_are_spelled_out(result_of):
    text = render_record(view_of(result_of(text=lambda cell: "\x1b]0;owned\x07")))

    assert "\x1b" not in text
    assert "assistant: \\x1b]0;owned\\x07" in text


def test_the_lines_of_an_output_are_kept(result_of):
    text = render_record(view_of(result_of(text=lambda cell: "first\nsecond\x1b[2J")))

    assert "  assistant: first\n    second\\x1b[2J\n" in text


def test_tool_calls_results_and_images_are_shown():
    steps = (
        TraceStep(kind="message", role="user", content=(ContentPart(type="image", image_url="u"),)),
        TraceStep(kind="tool_call", name="add", call_id="1", arguments={"a": 1}),
        TraceStep(kind="tool_result", name="add", call_id="1", content="2"),
    )

    text = candidate_text(CandidateRecord(candidate_id="c", conversation=ConversationTrace(steps)))

    assert text.splitlines()[1:] == [
        "  user: [image]",
        "  tool call add: {'a': 1}",
        "  tool result add: 2",
    ]


def test_an_output_without_a_conversation_is_shown():
    told = InferenceRecord(structured_output={"answer": 4})

    text = candidate_text(CandidateRecord(candidate_id="c", inference=told))

    assert text.splitlines()[1] == "  output: {'answer': 4}"


def asked(judge, text="Verdict: 4", **read):
    response = JudgeResponse(text=text, error=None if text else "away")
    entry = JudgeAuditEntry(
        metric_id="quality",
        judge_spec={"judge": judge},
        prompt=(),
        seed=1,
        response=response,
        **read,
    )
    trail = JudgeAuditTrail("quality", (entry,))
    return candidate_text(CandidateRecord(candidate_id="c", judge_audits=(trail,)))


def test_what_each_judge_said_is_shown():
    model = {"model": {"model_id": "gpt", "provider": "openai"}}
    read = asked(model, call_id="grade-1", judgment=4.0, score=0.75)
    assert "  quality, judge gpt (grade-1): 4.0000" in read.splitlines()
    assert "  quality, judge house: Verdict: 4" in asked("house").splitlines()


def test_a_judge_without_a_verdict_is_shown_with_the_reason():
    reason = "the judge house gave no verdict: it gives none"
    unread = asked("house", call_id="grade-1", error=reason)
    assert f"  quality, judge house (grade-1): failed: {reason}" in unread.splitlines()
    assert "  quality, judge house: failed: away" in asked("house", text=None).splitlines()
