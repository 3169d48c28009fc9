"""Events of a run in the experiment API's words."""

from __future__ import annotations

import json

import pytest

from themis import InMemoryRunStore, evaluate
from themis.core import (
    EvaluationCompletedEvent,
    EvaluationFailedEvent,
    GenerationCompletedEvent,
    GenerationFailedEvent,
    ParseCompletedEvent,
    ParseFailedEvent,
    ReductionCompletedEvent,
    RunEvent,
    RunFailedEvent,
    ScoreCompletedEvent,
    ScoreFailedEvent,
    event_from_dict,
    iter_run_events,
)


def events_of(**given):
    with InMemoryRunStore() as store:
        result = evaluate(store=store, **given)
        return list(iter_run_events(store, result.run_id))


def of_case(events, case_id):
    return [event for event in events if getattr(event, "case_id", None) == case_id]


def test_each_stage_of_a_case_is_an_event(sums, counting):
    counting.failing = {"0 + 0"}

    def parser(text):
        return None if text == "2" else text

    def picky(parsed, expected):
        if expected == "4":
            raise ValueError("not four")
        return 1.0

    events = events_of(model=counting, data=sums[:4], parser=parser, metric=picky)
    assert [type(event) for event in of_case(events, "c0")] == [GenerationFailedEvent]
    assert [type(event) for event in of_case(events, "c1")] == [
        GenerationCompletedEvent,
        ParseFailedEvent,
        ScoreCompletedEvent,
    ]
    assert [type(event) for event in of_case(events, "c2")] == [
        GenerationCompletedEvent,
        ParseCompletedEvent,
        ScoreFailedEvent,
    ]
    parsed, scored = of_case(events, "c3")[1:]
    assert (parsed.parsed_answer, scored.metric_id, scored.value) == ("6", "picky", 1.0)
    assert "not four" in of_case(events, "c2")[2].message


def test_a_metric_that_asks_judges_is_an_evaluation(sums):
    def judge(prompt):
        return "no verdict" if "1 + 1" in prompt else "Verdict: 5"

    events = events_of(
        model=lambda q: "x",
        data=sums[:2],
        metric="rubric_score",
        judge=judge,
        judge_config={"rubric": "Good."},
    )
    completed, failed = of_case(events, "c0")[-1], of_case(events, "c1")[-1]
    assert isinstance(completed, EvaluationCompletedEvent)
    assert (completed.value, completed.judge_calls) == (1.0, 1)
    assert isinstance(failed, EvaluationFailedEvent)


def test_a_reduction_names_what_it_was_made_of(sums):
    events = events_of(
        model=lambda q: q, data=sums[:1], metric="exact_match", samples=2, reducer="first"
    )
    [reduced] = [event for event in events if isinstance(event, ReductionCompletedEvent)]
    made = [event for event in events if isinstance(event, GenerationCompletedEvent)]
    assert set(reduced.source_candidate_ids) <= {event.candidate_id for event in made}
    assert reduced.sample_index == -1
    assert reduced == event_from_dict(json.loads(json.dumps(reduced.to_dict())))


def test_the_runs_own_events_are_its_statuses(sums, counting):
    counting.failing = {case["input"] for case in sums}
    events = events_of(model=counting, data=sums, metric="exact_match")
    assert isinstance(events[-1], RunFailedEvent)
    assert [event.status for event in events if type(event) is RunEvent] == ["running"]
    assert [event.seq for event in events] == sorted(event.seq for event in events)


def test_every_event_is_read_back_from_json_as_what_it_was(sums, counting):
    counting.failing = {"0 + 0"}
    events = events_of(
        model=counting, data=sums, parser="first_number", metric=["numeric_match", "rouge_l"]
    )
    assert [event_from_dict(json.loads(json.dumps(event.to_dict()))) for event in events] == events


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"kind": "nothing"}, "'nothing' is no kind of event; the kinds are run, run_failed"),
        ({"kind": "run", "run_id": "r"}, "an event of kind 'run' cannot be made"),
    ],
)
def test_a_payload_that_is_no_event_is_refused(payload, message):
    with pytest.raises(ValueError, match=message):
        event_from_dict(payload)


class Listening:
    def __init__(self):
        self.events = []

    def on_event(self, event):
        self.events.append(event)


def test_on_event_is_told_what_iter_run_events_gives_in_order(sums, counting):
    counting.failing = {"0 + 0"}
    listening = Listening()
    with InMemoryRunStore() as store:
        result = evaluate(
            model=counting,
            data=sums,
            samples=2,
            reducer="first",
            parser="first_number",
            metric=["exact_match", "reference_grading"],
            judge=lambda prompt: "Verdict: correct",
            store=store,
            subscribers=[listening],
        )
        assert listening.events == list(iter_run_events(store, result.run_id))
    assert all(isinstance(event, RunEvent) for event in listening.events)
    assert {"generation_failed", "reduction_completed", "evaluation_completed"} <= {
        event.kind for event in listening.events
    }


def test_an_event_that_a_subscriber_changes_is_its_own(sums, counting):
    class Vandal(Listening):
        def on_event(self, event):
            super().on_event(event)
            getattr(event, "parsed_answer", []).clear()

    vandal, listening = Vandal(), Listening()
    evaluate(
        model=counting,
        data=sums[:1],
        parser=lambda text: [text],
        metric=lambda parsed, expected: parsed[0] == expected,
        subscribers=[vandal, listening],
    )
    for watching, answer in ((vandal, []), (listening, ["0"])):
        [parsed] = [e for e in watching.events if isinstance(e, ParseCompletedEvent)]
        assert parsed.parsed_answer == answer
