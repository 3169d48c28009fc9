from __future__ import annotations

import pytest
from pydantic import ValidationError

from themis.builtins.extractors.regex import Regex, RegexSettings


@pytest.fixture
def read_text(trial, said):
    return lambda text, **config: Regex().extract(trial, said(text), config)


def test_the_first_group_of_the_first_match_is_taken(read_text):
    assert read_text("a=1 b=2", pattern=r"\w=(\d)").parsed_answer == "1"


def test_the_last_match_can_be_taken(read_text):
    assert read_text("a=1 b=2", pattern=r"\w=(\d)", which="last").parsed_answer == "2"


def test_without_groups_the_whole_match_is_taken(read_text):
    assert read_text("a=1 b=2", pattern=r"b=\d").parsed_answer == "b=2"


@pytest.mark.parametrize("group", [2, "value"])
def test_a_group_is_named_by_number_or_name(read_text, group):
    assert read_text("a=1", pattern=r"(\w)=(?P<value>\d)", group=group).parsed_answer == "1"


def test_the_flags_are_those_of_the_config(read_text):
    text = "x\nANSWER: 4\n5"
    assert read_text(text, pattern="^answer: (.+)", ignore_case=True, multiline=True, dotall=True)
    assert not read_text(text, pattern="^answer: (.+)").success


def test_no_match_names_the_pattern(read_text):
    reason = read_text("x", pattern=r"\d").failure_reason
    assert reason == r"the pattern '\\d' matches nothing in the output"


def test_a_group_outside_the_match_is_a_failure(read_text):
    reason = read_text("a", pattern="(b)?a").failure_reason
    assert reason == "group 1 of '(b)?a' took no part in it"


def test_a_text_over_the_limit_is_refused_with_both_lengths(read_text):
    reason = read_text("x" * 11, pattern="x", max_chars=10).failure_reason
    assert reason == "the text has 11 characters, more than max_chars=10"


def test_a_pattern_that_takes_too_long_is_given_up(read_text):
    reason = read_text("a" * 60, pattern="(a|aa)+b", timeout_seconds=0.05).failure_reason
    assert reason == "'(a|aa)+b' took longer than timeout_seconds=0.05"


def test_a_pattern_that_cannot_be_read_is_an_error_of_the_config():
    with pytest.raises(ValidationError, match=r"'\(' cannot be read: missing \)"):
        RegexSettings(pattern="(")


def test_an_unknown_group_is_an_error_of_the_config():
    with pytest.raises(ValidationError, match=r"group 'x' is not in 'a', which has \[0\]"):
        RegexSettings(pattern="a", group="x")


def test_the_pattern_must_be_given(trial, said):
    with pytest.raises(ValidationError, match="pattern"):
        Regex().extract(trial, said("x"))
