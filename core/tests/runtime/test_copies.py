from __future__ import annotations

import attrs

from themis.records import (
    CandidateRecord,
    EvaluationRecord,
    ExtractionRecord,
    InferenceRecord,
    Message,
    MetricScore,
)
from themis.runtime.copies import own_copy


def candidate(**changes):
    made = CandidateRecord(candidate_id="c", inference=InferenceRecord(raw_text="4"))
    return attrs.evolve(made, **changes)


def test_what_cannot_change_is_not_copied():
    for fixed in ("text", 1.5, None, (1, "a"), Message("user", "q"), candidate()):
        assert own_copy(fixed) is fixed


def test_lists_and_dicts_within_records_are_copied_with_all_that_is_in_them():
    score = MetricScore(metric_id="m", value=1.0, details={"seen": [1, {"deep": []}]})
    given = candidate(evaluation=EvaluationRecord("e", (score,)))
    own = own_copy(given)
    assert own == given
    own.evaluation.scores[0].details["seen"][1]["deep"].append("mine")
    assert score.details == {"seen": [1, {"deep": []}]}


def test_only_the_records_around_what_is_copied_are_made_anew():
    answer = ExtractionRecord(extractor_id="x", success=True, parsed_answer={"a": 1})
    given = candidate(extractions=(answer,))
    own = own_copy(given)
    assert own.inference is given.inference
    assert own.extractions[0].parsed_answer is not answer.parsed_answer


def test_objects_of_any_class_are_copied():
    class Answer:
        def __init__(self):
            self.parts = []

    given = (Answer(),)
    own = own_copy(given)
    own[0].parts.append(1)
    assert given[0].parts == []


def test_records_that_can_change_are_copied():
    @attrs.define
    class Open:
        parts: list

    given = Open([1])
    assert own_copy(given) == given
    assert own_copy(given) is not given
