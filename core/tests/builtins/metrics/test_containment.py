from __future__ import annotations

import pytest
from pydantic import ValidationError

from themis.builtins.metrics.containment import Contains, RegexMatch
from themis.errors import MetricError


def test_a_reference_is_found_anywhere_whatever_its_case(trial, said):
    assert Contains().score(trial, said("It is PARIS, surely"), {"answer": " Paris "}).value == 1.0
    assert Contains().score(trial, said("It is Rome"), {"answer": "Paris"}).value == 0.0


def test_case_can_count(trial, said):
    metric = Contains({"ignore_case": False})
    assert metric.score(trial, said("PARIS"), {"answer": "Paris"}).value == 0.0


@pytest.mark.parametrize(("text", "value"), [("is 15", 0.0), ("is 5.", 1.0)])
def test_a_reference_can_be_sought_as_a_whole_word(trial, said, text, value):
    assert Contains({"whole_words": True}).score(trial, said(text), {"answer": "5"}).value == value


def test_an_empty_reference_is_an_error(trial, said):
    with pytest.raises(MetricError, match="the reference is empty, and everything contains it"):
        Contains().score(trial, said("x"), {"answer": " "})


def test_a_pattern_matches_anywhere_or_the_whole_answer(trial, said):
    candidate = said(" 42 ")
    assert RegexMatch({"pattern": r"\d"}).score(trial, candidate, {}).value == 1.0
    assert RegexMatch({"pattern": r"\d", "whole": True}).score(trial, candidate, {}).value == 0.0
    assert RegexMatch({"pattern": r"\d+", "whole": True}).score(trial, candidate, {}).value == 1.0


def test_without_a_pattern_the_reference_is_one(trial, said):
    assert RegexMatch().score(trial, said("colour"), {"answer": "colou?r"}).value == 1.0


def test_a_reference_that_is_no_pattern_is_an_error(trial, said):
    with pytest.raises(
        MetricError, match=r"regex_match: the regular expression '\(' cannot be read"
    ):
        RegexMatch().score(trial, said("x"), {"answer": "("})


def test_a_search_that_takes_too_long_is_an_error_and_no_zero(trial, said):
    metric = RegexMatch({"pattern": "(a|aa)+b", "timeout_seconds": 0.05})
    with pytest.raises(MetricError, match=r"took longer than timeout_seconds=0\.05"):
        metric.score(trial, said("a" * 60), {})


def test_a_text_over_the_limit_is_an_error(trial, said):
    with pytest.raises(MetricError, match="the text has 3 characters, more than max_chars=2"):
        RegexMatch({"pattern": "a", "max_chars": 2}).score(trial, said("aaa"), {})


def test_a_bad_pattern_is_an_error_of_the_config():
    with pytest.raises(ValidationError, match="cannot be read"):
        RegexMatch({"pattern": "("})
