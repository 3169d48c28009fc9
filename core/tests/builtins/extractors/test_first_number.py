from __future__ import annotations

from themis.builtins.extractors.first_number import FirstNumber


def test_the_first_number_is_taken_with_its_sign_and_separators(trial, said):
    record = FirstNumber().extract(trial, said("GPT-4 owes -$1,234.50 and 7 more"))
    assert record.parsed_answer == -1234.5
    assert record.extractor_id == "first_number"


def test_a_whole_number_stays_an_int(trial, said):
    assert isinstance(FirstNumber().extract(trial, said("42.")).parsed_answer, int)


def test_fractions_can_be_read_as_two_numbers(trial, said):
    assert FirstNumber().extract(trial, said("3/4"), {"fractions": False}).parsed_answer == 3
    assert FirstNumber().extract(trial, said("3/4")).parsed_answer == 0.75
