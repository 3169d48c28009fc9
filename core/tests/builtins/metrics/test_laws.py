"""What every metric of an answer must hold to, whatever the texts."""

from __future__ import annotations

import math
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themis.builtins import hooks
from themis.errors import MetricError
from themis.records import CandidateRecord, InferenceRecord

DECLARATIONS = {
    declaration.name: declaration
    for declaration in hooks.themis_metrics()
    if declaration.bounds == (0.0, 1.0)
    and not declaration.judge_backed
    and declaration.subject == "candidate"
}
NAMES = sorted(DECLARATIONS)
CONFIGS = {"regex_match": {"pattern": r"\w"}}
TEXTS = st.one_of(
    st.text(st.characters(), max_size=40), st.text('the a ABC 123.,"{}[]:\\', max_size=40)
)
ALIKE = {"choice_accuracy": "B", "numeric_match": "1,000", "json_match": '{"a": [1]}'}


def metric(name):
    module, _, attribute = DECLARATIONS[name].implementation.partition(":")
    return getattr(import_module(module), attribute)(CONFIGS.get(name))


def score(name, text, reference):
    candidate = CandidateRecord(candidate_id="c", inference=InferenceRecord(raw_text=text))
    return metric(name).score(None, candidate, {"answer": reference})


def score_or_message(name, text, reference):
    try:
        return score(name, text, reference).value
    except MetricError as error:
        return str(error)


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXTS, reference=TEXTS)
def test_any_two_texts_score_within_the_bounds_or_the_reference_is_at_fault(name, text, reference):
    outcome = score_or_message(name, text, reference)
    if isinstance(outcome, str):
        assert outcome.startswith(f"{name}: ")
    else:
        assert math.isfinite(outcome)
        assert 0.0 <= outcome <= 1.0


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_is_the_reference_scores_one(name):
    text = ALIKE.get(name, "It is the 4th of July, 1776")
    result = score(name, text, text)
    assert (result.metric_id, result.value) == (name, pytest.approx(1.0))


@pytest.mark.parametrize("name", sorted({*NAMES} - {"json_match", "regex_match"}))
@given(text=TEXTS.filter(lambda text: text.strip() != ""), wrong=TEXTS)
def test_one_more_reference_never_lowers_the_score(name, text, wrong):
    right = ALIKE.get(name, text)
    alone = score_or_message(name, right, wrong)
    if isinstance(alone, str):
        assert name in {"choice_accuracy", "numeric_match", "contains"}
    else:
        assert score(name, right, [right, wrong]).value >= alone


@pytest.mark.parametrize("name", NAMES)
def test_the_same_metric_scores_the_same_candidate_the_same_twice(name):
    text = ALIKE.get(name, "one two three")
    assert score(name, "two", text) == score(name, "two", text)
