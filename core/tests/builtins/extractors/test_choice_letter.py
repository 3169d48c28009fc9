from __future__ import annotations

import pytest
from pydantic import ValidationError

from themis.builtins.extractors.choice_letter import ChoiceLetter


def test_the_chosen_label_is_the_answer(trial, said):
    assert ChoiceLetter().extract(trial, said("So it is (c). Answer: **B**")).parsed_answer == "B"


def test_only_the_given_labels_count(trial, said):
    extractor, candidate = ChoiceLetter(), said("Answer: E")
    reason = extractor.extract(trial, candidate, {"choices": "ABCD"}).failure_reason
    assert reason == "the output names none of the choices A to D"


def test_labels_may_be_given_as_a_list(trial, said):
    record = ChoiceLetter().extract(trial, said("Answer: C"), {"choices": ["A", "B", "C"]})
    assert record.parsed_answer == "C"


def test_labels_may_be_digits_and_keep_their_case(trial, said):
    digits = ChoiceLetter().extract(trial, said("Answer: 2."), {"choices": "1234"})
    small = ChoiceLetter().extract(trial, said("Answer: B"), {"choices": "abcd"})
    assert (digits.parsed_answer, small.parsed_answer) == ("2", "b")


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ("A-D", "ASCII letters or digits"),
        ("ABa", "must differ, case aside"),
        ("", "letters or digits"),
        (["A", "BC"], "one letter"),
    ],
)
def test_labels_are_single_and_distinct(trial, said, choices, message):
    with pytest.raises(ValidationError, match=message):
        ChoiceLetter().extract(trial, said("A"), {"choices": choices})
